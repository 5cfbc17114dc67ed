#include "monitors/comparison.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>

namespace vigil::monitors {
namespace {

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Calls f with a value of the signed type of `bytes`.
template <class F>
void with_word(int bytes, F f) {
  switch (bytes) {
    case 1:
      f(std::int8_t{});
      break;
    case 2:
      f(std::int16_t{});
      break;
    case 4:
      f(std::int32_t{});
      break;
    default:
      f(std::int64_t{});
      break;
  }
}

// Rows in which any of `words` adjacent words differs.
template <class H, class E>
void differing_rows(const WordsView& hardware, const WordsView& emulator, std::size_t rows, std::size_t words,
                    std::vector<std::uint32_t>& found) {
  const auto* h = static_cast<const char*>(hardware.data);
  const auto* e = static_cast<const char*>(emulator.data);
  for (std::size_t r = 0; r < rows; ++r) {
    std::int64_t any = 0;
    for (std::size_t w = 0; w < words; ++w) {
      any |= std::int64_t{load<H>(h + w * sizeof(H))} ^ std::int64_t{load<E>(e + w * sizeof(E))};
    }
    if (any != 0) found.push_back(static_cast<std::uint32_t>(r));
    h += hardware.row_stride;
    e += emulator.row_stride;
  }
}

std::int32_t distance_bin(std::int64_t hardware, std::int64_t emulator) {
  const Wide distance = Wide{hardware} - emulator;  // clamped: the last bins hold everything beyond 64 bits
  constexpr Wide kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr Wide kHighest = std::numeric_limits<std::int64_t>::max();
  return bin_of(static_cast<std::int64_t>(std::clamp(distance, kLowest, kHighest)));
}

bool adjacent(const WordsView& v) { return v.column_stride == v.word_bytes; }

}  // namespace

struct Comparison::Sources {
  const EventBatch& batch;
  WordsView inputs;
  WordsView emulator;
  Column hw_outputs;
  Column hw_bits;
  Column bx;
  std::size_t rows;

  std::uint16_t bx_at(std::size_t row) const { return static_cast<std::uint16_t>(bx.at(row)); }
  std::uint64_t bits_at(std::size_t row) const { return static_cast<std::uint64_t>(hw_bits.at(row)); }
};

void Comparison::lay_out(const ModelInfo& model) {
  outputs_.assign(model.outputs.size(), {});
  seeds_.assign(model.seeds.size(), {});
  cut_words_.clear();
  for (std::size_t s = 0; s < model.seeds.size(); ++s) {
    const std::size_t column = model.seed_column(model.seeds[s]);
    auto cut = std::find_if(cut_words_.begin(), cut_words_.end(), [&](const CutWord& c) { return c.column == column; });
    if (cut == cut_words_.end()) cut = cut_words_.insert(cut, {column, model.seeds[s].output, {}});
    cut->seeds.push_back(s);
  }
}

void Comparison::clear() {
  for (OutputCounts& o : outputs_) {
    o.mismatch_at.clear();
    o = {0, 0, 0, 0, 0, 0, 0, std::move(o.mismatch_at)};
  }
  for (SeedCounts& s : seeds_) {
    s.passes_at.clear();
    s = {0, 0, 0, 0, 0, std::move(s.passes_at)};
  }
  disagreeing_.clear();
  kept_.clear();
}

void Comparison::disagrees(std::uint32_t row, std::size_t name) {
  disagreeing_.emplace_back(row, static_cast<std::uint32_t>(name));
}

void Comparison::compare_words(const ModelInfo& model, const Sources& from) {
  const WordsView hardware = from.hw_outputs.view();
  std::vector<std::uint32_t> rows;  // allocates only when something differs
  if (adjacent(hardware) && adjacent(from.emulator)) {
    with_word(hardware.word_bytes, [&](auto h) {
      with_word(from.emulator.word_bytes, [&](auto e) {
        differing_rows<decltype(h), decltype(e)>(hardware, from.emulator, from.rows, model.output_words(), rows);
      });
    });
  } else {
    for (std::size_t r = 0; r < from.rows; ++r) rows.push_back(static_cast<std::uint32_t>(r));
  }
  for (OutputCounts& o : outputs_) o.compared = from.rows;
  for (const std::uint32_t r : rows) {
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      const Output& output = model.outputs[o];
      for (std::size_t w = output.first_word; w < output.first_word + output.words; ++w) {
        const std::int64_t h = hardware.at(r, w);
        const std::int64_t e = from.emulator.at(r, w);
        if (h == e) continue;
        OutputCounts& counts = outputs_[o];
        ++counts.mismatches;
        ++(h > e ? counts.above : counts.below);
        counts.mismatch_at.emplace_back(distance_bin(h, e), from.bx_at(r));
        disagrees(r, o);
        break;  // by the first word that differs
      }
    }
  }
}

template <class E>
void Comparison::compare_seed(const ModelInfo& model, const Sources& from, std::size_t index) {
  const Seed& seed = model.seeds[index];
  SeedCounts& counts = seeds_[index];
  const std::size_t column = model.seed_column(seed);
  const char* e =
      static_cast<const char*>(from.emulator.data) + static_cast<std::ptrdiff_t>(column) * from.emulator.column_stride;
  const WordsView hardware = from.hw_outputs.view();
  const bool bits = from.hw_bits.present();
  const bool compared = bits || from.hw_outputs.present();
  const std::int64_t threshold = seed.threshold;
  if (compared) counts.compared = from.rows;
  for (std::size_t r = 0; r < from.rows; ++r, e += from.emulator.row_stride) {
    const bool emulator = load<E>(e) >= threshold;
    const bool fired = !compared ? emulator
                       : bits    ? ((from.bits_at(r) >> seed.bit) & 1) != 0
                                 : hardware.at(r, column) >= threshold;
    if (!emulator && !fired) continue;  // most events
    if (emulator) {
      ++counts.emulator;
      counts.passes_at.push_back(from.bx_at(r));
    }
    if (!compared) continue;
    counts.hardware += fired;
    if (fired == emulator) continue;
    ++(fired ? counts.hardware_only : counts.emulator_only);
    disagrees(static_cast<std::uint32_t>(r), model.outputs.size() + index);
  }
}

// A fired bit says word >= threshold, an unfired one word < threshold.
void Comparison::compare_bits(const ModelInfo& model, const Sources& from) {
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    std::vector<const CutWord*> cuts;
    for (const CutWord& cut : cut_words_) {
      if (cut.output == o) cuts.push_back(&cut);
    }
    if (cuts.empty()) continue;
    OutputCounts& counts = outputs_[o];
    counts.bits_compared = from.rows;
    for (std::size_t r = 0; r < from.rows; ++r) {
      bool outside = false;
      bool contradictory = false;
      const std::uint64_t bits = from.bits_at(r);
      for (const CutWord* cut : cuts) {
        Wide lower = std::numeric_limits<std::int64_t>::min();
        Wide upper = Wide{std::numeric_limits<std::int64_t>::max()} + 1;
        for (const std::size_t s : cut->seeds) {
          const Wide threshold = model.seeds[s].threshold;
          if (((bits >> model.seeds[s].bit) & 1) != 0) {
            lower = std::max(lower, threshold);
          } else {
            upper = std::min(upper, threshold);
          }
        }
        const std::int64_t word = from.emulator.at(r, cut->column);
        if (lower >= upper) {
          contradictory = true;
        } else if (word < lower || word >= upper) {
          outside = true;
        }
      }
      if (!outside && !contradictory) continue;
      ++(contradictory ? counts.bits_contradictory : counts.bits_outside);
      disagrees(static_cast<std::uint32_t>(r), o);
    }
  }
}

// The smallest (orbit, bx) among the disagreeing rows, whole.
void Comparison::keep(const ModelInfo& model, const Sources& from) {
  if (disagreeing_.empty()) return;
  std::sort(disagreeing_.begin(), disagreeing_.end());
  std::vector<std::uint32_t> rows;
  for (const auto& [row, name] : disagreeing_) {
    if (rows.empty() || rows.back() != row) rows.push_back(row);
  }
  const auto time = [&](std::uint32_t row) { return std::pair(from.batch.orbit.at(row), from.bx.at(row)); };
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return time(a) < time(b); });
  // Rows of equal time are all candidates, so that content alone decides among them.
  std::size_t candidates = std::min(rows.size(), kKeptEvents);
  while (candidates < rows.size() && time(rows[candidates]) == time(rows[candidates - 1])) ++candidates;
  rows.resize(candidates);
  for (const std::uint32_t row : rows) {
    KeptEvent event;
    event.run = from.batch.run;
    event.ls = from.batch.ls;
    event.orbit = static_cast<std::uint32_t>(from.batch.orbit.at(row));
    event.bx = from.bx_at(row);
    for (std::size_t c = 0; c < model.inputs.size(); ++c) event.inputs.push_back(from.inputs.at(row, c));
    for (std::size_t w = 0; w < model.output_words(); ++w) {
      event.emulator_outputs.push_back(from.emulator.at(row, w));
      if (from.hw_outputs.present()) event.hardware_outputs.push_back(from.hw_outputs.at(row, w));
    }
    event.has_bits = from.hw_bits.present();
    if (event.has_bits) event.hardware_bits = from.bits_at(row);
    auto at = std::lower_bound(disagreeing_.begin(), disagreeing_.end(), std::pair(row, std::uint32_t{0}));
    for (; at != disagreeing_.end() && at->first == row; ++at) {
      const std::size_t name = at->second;
      event.disagreeing.push_back(name < model.outputs.size() ? model.outputs[name].name
                                                              : model.seeds[name - model.outputs.size()].name);
    }
    kept_.insert(std::upper_bound(kept_.begin(), kept_.end(), event, kept_before), std::move(event));
    if (kept_.size() > kKeptEvents) kept_.pop_back();
  }
}

void Comparison::fill(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs,
                      const WordsView& emulator) {
  clear();
  if (batch.n == 0) return;
  const Sources from{batch, raw_inputs, emulator, batch.hw_outputs(), batch.hw_bits(), batch.bx, batch.n};
  if (from.hw_outputs.present()) compare_words(model, from);
  for (std::size_t s = 0; s < seeds_.size(); ++s) {
    with_word(emulator.word_bytes, [&](auto word) { compare_seed<decltype(word)>(model, from, s); });
  }
  if (from.hw_bits.present() && !from.hw_outputs.present()) compare_bits(model, from);
  keep(model, from);
}

void Comparison::add_to(Summary& summary) const {
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    const OutputCounts& from = outputs_[o];
    OutputSummary& into = summary.outputs[o];
    into.compared += from.compared;
    into.mismatches += from.mismatches;
    into.hardware_above += from.above;
    into.hardware_below += from.below;
    into.bits_compared += from.bits_compared;
    into.bits_outside += from.bits_outside;
    into.bits_contradictory += from.bits_contradictory;
    for (const auto& [bin, bx] : from.mismatch_at) {
      into.distance.add(bin, 1);
      ++into.mismatches_per_bx[bx - 1u];
    }
  }
  for (std::size_t s = 0; s < seeds_.size(); ++s) {
    const SeedCounts& from = seeds_[s];
    SeedSummary& into = summary.seeds[s];
    into.compared += from.compared;
    into.hardware += from.hardware;
    into.emulator += from.emulator;
    into.hardware_only += from.hardware_only;
    into.emulator_only += from.emulator_only;
    for (const std::uint16_t bx : from.passes_at) ++into.passes_per_bx[bx - 1u];
  }
  merge_kept(summary.kept, kept_);
}

}  // namespace vigil::monitors
