#include "core/summary.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"

namespace vigil {
namespace {

WordSummary& operator+=(WordSummary& a, const WordSummary& b);
OutputSummary& operator+=(OutputSummary& a, const OutputSummary& b);
SeedSummary& operator+=(SeedSummary& a, const SeedSummary& b);

template <class T>
void add_all(std::vector<T>& into, const std::vector<T>& more) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] += more[i];
}

// Width of the strata of both together: one that is not divided, merged with one that is, makes all undivided, for
// its events are of any pile-up; where it holds none, it does not matter.
std::uint32_t common_width(const Summary& a, const Summary& b) {
  if (a.pileup_width == b.pileup_width || b.all.events == 0) return a.pileup_width;
  return a.all.events == 0 ? b.pileup_width : 0;
}

// Both ascending.
void add_strata(std::vector<Stratum>& into, const std::vector<Stratum>& more) {
  for (const Stratum& stratum : more) {
    const auto at = std::lower_bound(into.begin(), into.end(), stratum,
                                     [](const Stratum& a, const Stratum& b) { return a.pileup < b.pileup; });
    if (at != into.end() && at->pileup == stratum.pileup) {
      *at += stratum;
    } else {
      into.insert(at, stratum);
    }
  }
}

WordSummary& operator+=(WordSummary& a, const WordSummary& b) {
  a.histogram += b.histogram;
  a.moments += b.moments;
  a.words += b.words;
  return a;
}

OutputSummary& operator+=(OutputSummary& a, const OutputSummary& b) {
  a.compared += b.compared;
  a.mismatches += b.mismatches;
  a.hardware_above += b.hardware_above;
  a.hardware_below += b.hardware_below;
  if (b.mismatches != 0) a.distance += b.distance;  // wide and mostly empty
  a.bits_compared += b.bits_compared;
  a.bits_outside += b.bits_outside;
  a.bits_contradictory += b.bits_contradictory;
  add_all(a.mismatches_per_bx, b.mismatches_per_bx);
  return a;
}

SeedSummary& operator+=(SeedSummary& a, const SeedSummary& b) {
  a.compared += b.compared;
  a.hardware += b.hardware;
  a.emulator += b.emulator;
  a.hardware_only += b.hardware_only;
  a.emulator_only += b.emulator_only;
  add_all(a.passes_per_bx, b.passes_per_bx);
  return a;
}

}  // namespace

bool kept_before(const KeptEvent& a, const KeptEvent& b) {
  const auto key = [](const KeptEvent& e) {
    return std::tie(e.run, e.ls, e.orbit, e.bx, e.inputs, e.hardware_outputs, e.emulator_outputs, e.has_bits,
                    e.hardware_bits);
  };
  return key(a) < key(b);
}

void merge_kept(std::vector<KeptEvent>& kept, const std::vector<KeptEvent>& more) {
  if (more.empty()) return;
  if (kept.size() >= kKeptEvents && !kept_before(more.front(), kept.back())) return;
  const std::size_t middle = kept.size();
  kept.insert(kept.end(), more.begin(), more.end());
  std::inplace_merge(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(middle), kept.end(), kept_before);
  if (kept.size() > kKeptEvents) kept.resize(kKeptEvents);
}

void CrossMoments::lay_out(std::size_t columns) {
  n = 0;
  sums.assign(columns, 0);
  products.assign(columns * (columns + 1) / 2, 0);
  norm_products.assign(columns, 0);
  norm_squares = 0;
}

CrossMoments& CrossMoments::operator+=(const CrossMoments& o) {
  if (o.columns() == 0) return *this;
  if (columns() == 0) return *this = o;
  const auto add = [](std::vector<Wide>& into, const std::vector<Wide>& more) {
    for (std::size_t i = 0; i < into.size(); ++i) into[i] = wrapped_sum(into[i], more[i]);
  };
  n += o.n;
  add(sums, o.sums);
  add(products, o.products);
  add(norm_products, o.norm_products);
  norm_squares += o.norm_squares;
  return *this;
}

Stratum& Stratum::operator+=(const Stratum& o) {
  events += o.events;
  add_all(inputs, o.inputs);
  add_all(outputs, o.outputs);
  input_products += o.input_products;
  output_products += o.output_products;
  return *this;
}

Stratum::Stratum(const ModelInfo& model) {
  inputs.reserve(model.inputs.size());
  for (const InputColumn& column : model.inputs) inputs.push_back({Histogram(column.type), {}, {}});
  for (const Output& output : model.outputs) {
    for (std::size_t w = 0; w < output.words; ++w) outputs.push_back({Histogram(output.type), {}, {}});
  }
}

Summary::Summary(const ModelInfo& model)
    : model_hash(model.hash), all(model), outputs(model.outputs.size()), seeds(model.seeds.size()) {}

std::size_t Summary::stratum_of(const ModelInfo& model, std::optional<std::uint32_t> pileup) {
  std::optional<PileupRange> range;
  if (pileup) {
    const std::uint32_t low = *pileup / pileup_width * pileup_width;
    range = {low, low + pileup_width};
  }
  auto at = std::lower_bound(strata.begin(), strata.end(), range,
                             [](const Stratum& a, const auto& wanted) { return a.pileup < wanted; });
  if (at == strata.end() || at->pileup != range) {
    at = strata.insert(at, Stratum(model));
    at->pileup = range;
  }
  return static_cast<std::size_t>(at - strata.begin());
}

void Summary::add_up(const ModelInfo& model) {
  all = Stratum(model);
  for (const Stratum& stratum : strata) all += stratum;
}

void Summary::add_crossings(std::uint64_t inspected, std::uint32_t pileup) {
  crossings += inspected;
  crossings_pileup += Wide{inspected} * pileup;
  crossings_pileup_squared += Wide{inspected} * pileup * pileup;
}

void Summary::assume_pileup(const ModelInfo& model, std::uint32_t pileup) {
  add_crossings(n_bx_own - crossings, pileup);
  if (!is_divided() || strata.empty() || strata.front().pileup) return;
  const Stratum unknown = std::move(strata.front());
  strata.erase(strata.begin());
  strata[stratum_of(model, pileup)] += unknown;
}

void Summary::forget_decisions(const ModelInfo& model, std::size_t index) {
  const Seed& seed = model.seeds[index];
  SeedSummary& s = seeds[index];
  s.compared = s.hardware = s.hardware_only = s.emulator_only = 0;
  // Its bit was part of every interval the bits of this output's words gave.
  OutputSummary& output = outputs[seed.output];
  output.bits_compared = output.bits_outside = output.bits_contradictory = 0;
  std::erase_if(kept, [&](KeptEvent& event) {
    const bool by_bits = event.hardware_outputs.empty();
    std::erase_if(event.disagreeing, [&](const std::string& name) {
      return name == seed.name || (by_bits && name == model.outputs[seed.output].name);
    });
    return event.disagreeing.empty();
  });
}

Summary& Summary::operator+=(const Summary& other) {
  if (other.is_blank()) return *this;
  if (is_blank()) return *this = other;
  const bool same_shape = outputs.size() == other.outputs.size() && seeds.size() == other.seeds.size() &&
                          all.inputs.size() == other.all.inputs.size() &&
                          all.outputs.size() == other.all.outputs.size();
  if (model_hash != other.model_hash || !same_shape) {
    throw Error("summary", "model hash " + other.model_hash, model_hash);
  }
  events += other.events;
  n_bx += other.n_bx;
  wrong_model_events += other.wrong_model_events;
  n_bx_own += other.n_bx_own;
  failed_events += other.failed_events;
  pileup_sum += other.pileup_sum;
  pileup_events += other.pileup_events;
  crossings += other.crossings;
  crossings_pileup += other.crossings_pileup;
  crossings_pileup_squared += other.crossings_pileup_squared;
  add_all(events_per_bx, other.events_per_bx);
  add_all(uncompared_per_bx, other.uncompared_per_bx);
  add_all(disagreeing_per_bx, other.disagreeing_per_bx);
  pileup_width = common_width(*this, other);
  all += other.all;
  if (is_divided()) {
    add_strata(strata, other.strata);
  } else {
    strata.clear();
  }
  add_all(outputs, other.outputs);
  add_all(seeds, other.seeds);
  merge_kept(kept, other.kept);
  return *this;
}

}  // namespace vigil
