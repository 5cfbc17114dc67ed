// The summary of a lumisection that still takes batches: cheap to add to. Used by judge; serial.
// Tests: tests/monitors/batch_summary_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/model.h"
#include "core/summary.h"
#include "monitors/batch_summary.h"
#include "monitors/cross_fill.h"
#include "monitors/exact_words.h"
#include "monitors/word_layout.h"

namespace vigil::monitors {

// What a Stratum gets only when it is looked at: counts by cell, words counted exactly, and products of words.
struct OpenCounts {
  explicit OpenCounts(const ModelInfo& model);
  void fold(Stratum& stratum);

  CellCounts inputs, outputs;
  std::vector<std::size_t> exact;  // output words that are counted exactly
  std::vector<ExactWords> words;   // of those
  OpenProducts input_products, output_products;
};

class OpenSummary {
 public:
  // `pileup_width`: of the strata, in hundredths; 0: not divided.
  explicit OpenSummary(const ModelInfo& model, std::uint32_t pileup_width = 0);
  // Goes on with what an earlier one held. `summary` is of this model.
  OpenSummary(const ModelInfo& model, Summary summary);

  void add(const BatchSummary& batch);
  // Everything added so far.
  const Summary& summary() {
    fold();
    return summary_;
  }
  // The same, for good.
  Summary take() {
    fold();
    return std::move(summary_);
  }

 private:
  void fold();

  const ModelInfo* model_;
  Summary summary_;
  std::vector<OpenCounts> counts_;  // of each stratum, or of `all`
};

}  // namespace vigil::monitors
