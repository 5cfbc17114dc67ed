#include "monitors/comparison.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>

#include "core/word_columns.h"

namespace vigil::monitors {
namespace {

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Rows in which any of `words` words differs.
std::vector<std::uint32_t> differing_rows(const WordsView& hardware, const WordsView& emulator, std::size_t rows,
                                          std::size_t words) {
  std::vector<std::uint32_t> found;  // allocates only when something differs
  const bool are_columns = emulator.word_bytes == 4 && emulator.row_stride == 4 && hardware.word_bytes <= 4;
  if (!are_columns) {
    for (std::size_t r = 0; r < rows; ++r) {
      bool differs = false;
      for (std::size_t w = 0; w < words; ++w) differs = differs || hardware.at(r, w) != emulator.at(r, w);
      if (differs) found.push_back(static_cast<std::uint32_t>(r));
    }
    return found;
  }
  thread_local WordColumns turned;
  to_columns(hardware, 0, rows, words, turned);
  std::vector<char> differs;
  for (std::size_t w = 0; w < words; ++w) {
    const char* e = static_cast<const char*>(emulator.data) + static_cast<std::ptrdiff_t>(w) * emulator.column_stride;
    const std::int32_t* h = turned.column(w);
    if (std::memcmp(h, e, 4 * rows) == 0) continue;  // nearly always
    differs.resize(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      differs[r] = static_cast<char>(differs[r] | (h[r] != load<std::int32_t>(e + 4 * r) ? 1 : 0));
    }
  }
  for (std::size_t r = 0; r < differs.size(); ++r) {
    if (differs[r] != 0) found.push_back(static_cast<std::uint32_t>(r));
  }
  return found;
}

// passes[r] = 1 where the word of row r is >= threshold.
void passing(const WordsView& words, std::size_t column, std::size_t rows, std::int64_t threshold, char* passes) {
  if (words.word_bytes == 4 && words.row_stride == 4) {
    const char* at = static_cast<const char*>(words.data) + static_cast<std::ptrdiff_t>(column) * words.column_stride;
    const bool none = threshold > std::numeric_limits<std::int32_t>::max();
    const auto limit = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(threshold, std::numeric_limits<std::int32_t>::min(), INT32_MAX));
    for (std::size_t r = 0; r < rows; ++r) passes[r] = load<std::int32_t>(at + 4 * r) >= limit ? 1 : 0;
    if (none) std::memset(passes, 0, rows);
    return;
  }
  for (std::size_t r = 0; r < rows; ++r) passes[r] = words.at(r, column) >= threshold ? 1 : 0;
}

// fired[r] = 1 where the bit of row r is set.
template <class T>
void firing(const void* bits, std::size_t first, std::size_t rows, int bit, char* fired) {
  if (bit >= static_cast<int>(8 * sizeof(T))) {
    std::memset(fired, 0, rows);
    return;
  }
  const char* at = static_cast<const char*>(bits) + first * sizeof(T);
  const T mask = static_cast<T>(T{1} << bit);
  for (std::size_t r = 0; r < rows; ++r) fired[r] = (load<T>(at + r * sizeof(T)) & mask) != 0 ? 1 : 0;
}

std::int32_t distance_bin(std::int64_t hardware, std::int64_t emulator) {
  const Wide distance = Wide{hardware} - emulator;  // clamped: the last bins hold everything beyond 64 bits
  constexpr Wide kLowest = std::numeric_limits<std::int64_t>::min();
  constexpr Wide kHighest = std::numeric_limits<std::int64_t>::max();
  return bin_of(static_cast<std::int64_t>(std::clamp(distance, kLowest, kHighest)));
}

}  // namespace

struct Comparison::Sources {
  const EventBatch& batch;
  WordsView inputs;    // of these rows
  WordsView emulator;  // of these rows
  Column hw_outputs;   // of the batch
  Column hw_bits;
  std::size_t first;
  std::size_t rows;

  std::uint16_t bx_at(std::size_t row) const { return static_cast<std::uint16_t>(batch.bx.at(first + row)); }
  std::uint32_t orbit_at(std::size_t row) const { return static_cast<std::uint32_t>(batch.orbit.at(first + row)); }
  std::uint64_t bits_at(std::size_t row) const { return static_cast<std::uint64_t>(hw_bits.at(first + row)); }
  WordsView hardware() const {  // of these rows
    WordsView view = hw_outputs.view();
    view.data = static_cast<const char*>(view.data) + static_cast<std::ptrdiff_t>(first) * view.row_stride;
    return view;
  }
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
  disagreeing_at_.clear();
  kept_.clear();
}

void Comparison::disagrees(std::uint32_t row, std::size_t name) {
  disagreeing_.emplace_back(row, static_cast<std::uint32_t>(name));
}

void Comparison::compare_words(const ModelInfo& model, const Sources& from) {
  const WordsView hardware = from.hardware();
  for (OutputCounts& o : outputs_) o.compared += from.rows;
  const std::vector<std::uint32_t> rows = differing_rows(hardware, from.emulator, from.rows, model.output_words());
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

void Comparison::compare_seed(const ModelInfo& model, const Sources& from, std::size_t index) {
  const Seed& seed = model.seeds[index];
  SeedCounts& counts = seeds_[index];
  const std::size_t column = model.seed_column(seed);
  const bool bits = from.hw_bits.present();
  const bool compared = bits || from.hw_outputs.present();
  if (compared) counts.compared += from.rows;
  thread_local std::vector<char> emulator, hardware;  // eight to a word, padded with zeros
  const std::size_t padded = (from.rows + 7) / 8 * 8;
  emulator.assign(padded, 0);
  hardware.assign(padded, 0);
  passing(from.emulator, column, from.rows, seed.threshold, emulator.data());
  if (bits) {
    switch (from.hw_bits.word_bytes) {
      case 1:
        firing<std::uint8_t>(from.hw_bits.data, from.first, from.rows, seed.bit, hardware.data());
        break;
      case 2:
        firing<std::uint16_t>(from.hw_bits.data, from.first, from.rows, seed.bit, hardware.data());
        break;
      case 4:
        firing<std::uint32_t>(from.hw_bits.data, from.first, from.rows, seed.bit, hardware.data());
        break;
      default:
        firing<std::uint64_t>(from.hw_bits.data, from.first, from.rows, seed.bit, hardware.data());
        break;
    }
  } else if (compared) {
    passing(from.hardware(), column, from.rows, seed.threshold, hardware.data());
  }
  for (std::size_t r = 0; r < from.rows; ++r) {
    if (r % 8 == 0 && (load<std::uint64_t>(&emulator[r]) | load<std::uint64_t>(&hardware[r])) == 0) {
      r += 7;  // most events
      continue;
    }
    const bool passes = emulator[r] != 0;
    const bool fired = hardware[r] != 0;
    if (!passes && !fired) continue;
    if (passes) {
      ++counts.emulator;
      counts.passes_at.push_back(from.bx_at(r));
    }
    if (!compared) continue;
    counts.hardware += fired;
    if (fired == passes) continue;
    ++(fired ? counts.hardware_only : counts.emulator_only);
    disagrees(static_cast<std::uint32_t>(r), model.outputs.size() + index);
  }
}

// A fired bit says word >= threshold, an unfired one word < threshold. Where every seed of a word agrees with the
// emulator, the word is inside and nothing contradicts, so only the rows of seeds that disagree are looked at.
void Comparison::compare_bits(const ModelInfo& model, const Sources& from) {
  std::vector<std::uint32_t> rows;
  for (const auto& [row, name] : disagreeing_) rows.push_back(row);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (std::size_t o = 0; o < outputs_.size(); ++o) {
    std::vector<const CutWord*> cuts;
    for (const CutWord& cut : cut_words_) {
      if (cut.output == o) cuts.push_back(&cut);
    }
    if (cuts.empty()) continue;
    OutputCounts& counts = outputs_[o];
    counts.bits_compared += from.rows;
    for (const std::uint32_t r : rows) {
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
      disagrees(r, o);
    }
  }
}

// The bx of the disagreeing rows; the smallest (orbit, bx) among them, whole.
void Comparison::keep(const ModelInfo& model, const Sources& from) {
  if (disagreeing_.empty()) return;
  std::sort(disagreeing_.begin(), disagreeing_.end());
  std::vector<std::uint32_t> rows;
  for (const auto& [row, name] : disagreeing_) {
    if (rows.empty() || rows.back() != row) rows.push_back(row);
  }
  for (const std::uint32_t row : rows) disagreeing_at_.push_back(from.bx_at(row));
  const auto time = [&](std::uint32_t row) { return std::pair(from.orbit_at(row), from.bx_at(row)); };
  std::sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) { return time(a) < time(b); });
  // Rows of equal time are all candidates, so that content alone decides among them.
  std::size_t candidates = std::min(rows.size(), kKeptEvents);
  while (candidates < rows.size() && time(rows[candidates]) == time(rows[candidates - 1])) ++candidates;
  rows.resize(candidates);
  for (const std::uint32_t row : rows) {
    KeptEvent event;
    event.run = from.batch.run;
    event.ls = from.batch.ls;
    event.orbit = from.orbit_at(row);
    event.bx = from.bx_at(row);
    for (std::size_t c = 0; c < model.inputs.size(); ++c) event.inputs.push_back(from.inputs.at(row, c));
    for (std::size_t w = 0; w < model.output_words(); ++w) {
      event.emulator_outputs.push_back(from.emulator.at(row, w));
      if (from.hw_outputs.present()) event.hardware_outputs.push_back(from.hw_outputs.at(from.first + row, w));
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

void Comparison::add(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs,
                     const WordsView& emulator, std::size_t first, std::size_t rows) {
  if (rows == 0) return;
  disagreeing_.clear();
  const Sources from{batch, raw_inputs, emulator, batch.hw_outputs(), batch.hw_bits(), first, rows};
  if (from.hw_outputs.present()) compare_words(model, from);
  for (std::size_t s = 0; s < seeds_.size(); ++s) compare_seed(model, from, s);
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
  for (const std::uint16_t bx : disagreeing_at_) ++summary.disagreeing_per_bx[bx - 1u];
  merge_kept(summary.kept, kept_);
}

}  // namespace vigil::monitors
