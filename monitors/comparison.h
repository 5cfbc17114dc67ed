// Hardware against emulator for one batch, exactly: words per output, decisions per seed, intervals where only bits
// came. Used by BatchSummary. Above and below, hardware-only and emulator-only are counted apart. Not synchronised.
// Tests: tests/monitors/statistics_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/event_batch.h"
#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

class Comparison {
 public:
  void lay_out(const ModelInfo& model);
  void clear();
  // Rows first .. first + rows - 1 of a batch, added to what it holds. Row 0 of `raw_inputs` and `emulator` is row
  // `first` of the batch. `model` is that of lay_out.
  void add(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs, const WordsView& emulator,
           std::size_t first, std::size_t rows);
  void add_to(Summary& summary) const;

 private:
  struct OutputCounts {
    std::uint64_t compared = 0, mismatches = 0, above = 0, below = 0;
    std::uint64_t bits_compared = 0, bits_outside = 0, bits_contradictory = 0;
    std::vector<std::pair<std::int32_t, std::uint16_t>> mismatch_at;  // bin of the distance, bx
  };
  struct SeedCounts {
    std::uint64_t compared = 0, hardware = 0, emulator = 0, hardware_only = 0, emulator_only = 0;
    std::vector<std::uint16_t> passes_at;  // bx
  };
  // The seeds that cut on one output word.
  struct CutWord {
    std::size_t column = 0;
    std::size_t output = 0;
    std::vector<std::size_t> seeds;
  };
  struct Sources;  // the columns of the rows at hand

  void compare_words(const ModelInfo& model, const Sources& from);
  void compare_seed(const ModelInfo& model, const Sources& from, std::size_t seed);
  void compare_bits(const ModelInfo& model, const Sources& from);
  void keep(const ModelInfo& model, const Sources& from);
  void disagrees(std::uint32_t row, std::size_t name);

  std::vector<OutputCounts> outputs_;
  std::vector<SeedCounts> seeds_;
  std::vector<CutWord> cut_words_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> disagreeing_;  // row, output or outputs + seed
  std::vector<std::uint16_t> disagreeing_at_;                         // bx of every event in which anything disagrees
  std::vector<KeptEvent> kept_;
};

}  // namespace vigil::monitors
