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

Summary::Summary(const ModelInfo& model) : model_hash(model.hash), strata(1), outputs(model.outputs.size()) {
  Stratum& stratum = strata.front();
  stratum.inputs.reserve(model.inputs.size());
  for (const InputColumn& column : model.inputs) stratum.inputs.push_back({Histogram(column.type), {}, {}});
  for (const Output& output : model.outputs) {
    for (std::size_t w = 0; w < output.words; ++w) stratum.outputs.push_back({Histogram(output.type), {}, {}});
  }
  seeds.resize(model.seeds.size());
}

Summary& Summary::operator+=(const Summary& other) {
  if (other.strata.empty()) return *this;
  if (strata.empty()) return *this = other;
  const bool same_shape = strata.size() == other.strata.size() && outputs.size() == other.outputs.size() &&
                          seeds.size() == other.seeds.size() &&
                          strata[0].inputs.size() == other.strata[0].inputs.size() &&
                          strata[0].outputs.size() == other.strata[0].outputs.size();
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
  add_all(events_per_bx, other.events_per_bx);
  for (std::size_t s = 0; s < strata.size(); ++s) {
    strata[s].events += other.strata[s].events;
    add_all(strata[s].inputs, other.strata[s].inputs);
    add_all(strata[s].outputs, other.strata[s].outputs);
  }
  add_all(outputs, other.outputs);
  add_all(seeds, other.seeds);
  merge_kept(kept, other.kept);
  return *this;
}

}  // namespace vigil
