// The summary of a lumisection that still takes batches: cheap to add to. Used by judge; serial.
// Tests: tests/monitors/batch_summary_test.cpp.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/model.h"
#include "core/summary.h"
#include "monitors/batch_summary.h"
#include "monitors/exact_words.h"
#include "monitors/word_layout.h"

namespace vigil::monitors {

// What a Summary gets only when it is looked at: counts by cell, and words counted exactly.
struct OpenCounts {
  explicit OpenCounts(const ModelInfo& model);
  void fold(Summary& summary);

  CellCounts inputs, outputs;
  std::vector<std::size_t> exact;  // output words that are counted exactly
  std::vector<ExactWords> words;   // of those
};

class OpenSummary {
 public:
  explicit OpenSummary(const ModelInfo& model) : OpenSummary(model, Summary(model)) {}
  // Goes on with what an earlier one held. `summary` is of this model.
  OpenSummary(const ModelInfo& model, Summary summary) : counts_(model), summary_(std::move(summary)) {}

  void add(const BatchSummary& batch) { batch.add_to(summary_, counts_); }
  // Everything added so far.
  const Summary& summary() {
    counts_.fold(summary_);
    return summary_;
  }
  // The same, for good.
  Summary take() {
    counts_.fold(summary_);
    return std::move(summary_);
  }

 private:
  OpenCounts counts_;
  Summary summary_;
};

}  // namespace vigil::monitors
