// What one batch adds to its lumisection: filled in the parallel stage, added to the lumisection's Summary by judge.
// Reusable without reallocation (the caller pools them); holds no dense histogram of its own between batches. Not
// synchronised.
#pragma once

#include <cstdint>
#include <memory>

#include "core/event_batch.h"
#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

class BatchSummary {
 public:
  BatchSummary();
  ~BatchSummary();
  BatchSummary(BatchSummary&&) noexcept;
  BatchSummary& operator=(BatchSummary&&) noexcept;

  // Replaces what it held by an emulated batch of the loaded model. `raw_inputs` [n, inputs] raw words (wire codes
  // already shifted), `emulator_outputs` [n, output words] raw words, both within their types. `model` must live until
  // the last add_to of this filling; the batch's bytes need not. Hardware columns are read from the batch.
  void fill(const ModelInfo& model, const EventBatch& batch, const WordsView& raw_inputs,
            const WordsView& emulator_outputs);
  // A batch of another model_hash: events and crossings are counted, compared with nothing.
  void fill_foreign(const EventBatch& batch);
  // A batch the emulator could not compute: counted; its crossings are in no rate.
  void fill_failed(const EventBatch& batch);

  // Exact integer addition; any order of batches gives the same Summary. `summary` was made from the same model.
  void add_to(Summary& summary) const;

  std::uint64_t events() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::monitors
