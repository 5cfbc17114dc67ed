// What a fault does to words: input words of one event, or an output word. Pure functions on prepared faults.
// Used by ScenarioSource. Whether an event is hit depends on the event and the fault alone, not on batches.
// Tests: tests/replay/scenario_fault_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "replay/fault.h"
#include "replay/scenario_pool.h"

namespace vigil::replay {

// A fault with its names resolved against a model.
struct PreparedFault {
  Fault fault;
  std::uint64_t salt = 0;            // separates the faults' random choices
  std::vector<std::size_t> columns;  // of the inputs
  std::size_t output_column = 0;     // score_bit_flip: of the concatenated outputs
  FixedPoint output_type;
  std::size_t seed = 0;  // rate_change: index into ModelInfo::seeds

  bool on_inputs() const {
    return fault.changes_words() && fault.type != FaultType::score_bit_flip && fault.type != FaultType::wrong_weights;
  }
  // `chance` is the event's own random word.
  bool hits(std::uint64_t chance) const;
};

// Throws Error at the fault's line when a column, output, word, bit, value or seed is not the model's.
PreparedFault prepare(const Fault& fault, std::size_t index, const ModelInfo& model,
                      const std::vector<PoolColumn>& columns);

// Changes the kept words of one event; bx_slip, which needs another event, is left to the caller.
void change_inputs(const PreparedFault& fault, const std::vector<PoolColumn>& columns, std::span<std::int32_t> words);

// An output word with the fault's bit inverted.
std::int64_t flip_bit(const PreparedFault& fault, std::int64_t word);

}  // namespace vigil::replay
