// The columns of one batch: what a batch carries of each event, and what the hardware made of it, with the active
// faults. Used by ScenarioSource. The hardware's words are computed by the model itself.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/event_batch.h"
#include "core/model.h"
#include "replay/fault_words.h"
#include "replay/scenario_draw.h"
#include "replay/scenario_pool.h"

namespace vigil::replay {

class BatchWords {
 public:
  // Keeps references. `other` may be null where no fault is wrong_weights.
  BatchWords(const Scenario& scenario, const Model& model, const Model* other, const EventPool& pool,
             const std::vector<PreparedFault>& faults);

  // Fills n and all columns of `batch` for the events of one batch. The columns point into this object until the next
  // call. Returns how many events' hardware words differ from the model's on the batch's own inputs.
  std::uint64_t fill(std::span<const DrawnEvent> events, std::uint32_t ls, EventBatch& batch);

 private:
  std::vector<std::int32_t> inputs_of(std::span<const DrawnEvent> events, std::uint32_t ls, bool hardware) const;
  void compute_outputs(std::span<const DrawnEvent> events, std::uint32_t ls);
  std::vector<std::int64_t> predict(const Model& model, std::span<const std::int32_t> words) const;

  const Scenario& scenario_;
  const Model& model_;
  const Model* other_;
  const EventPool& pool_;
  const std::vector<PreparedFault>& faults_;
  int output_bytes_ = 1;
  int bit_bytes_ = 1;
  std::vector<std::int32_t> seen_;                          // kept input words of the batch
  std::vector<std::int64_t> emulated_;                      // output words on them
  std::vector<std::int64_t> hardware_;                      // output words of the hardware
  std::vector<char> orbit_, bx_, inputs_, outputs_, bits_;  // column bytes
};

}  // namespace vigil::replay
