// Which events happen in a lumisection: when, in which crossing, and which member of the pool each is.
// Used by ScenarioSource. A lumisection depends on seed, run, its own number and the faults; not on sources or batches.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model.h"
#include "replay/fault_words.h"
#include "replay/scenario.h"
#include "replay/scenario_pool.h"

namespace vigil::replay {

struct DrawnEvent {
  std::uint32_t orbit = 0;
  std::uint32_t bx = 0;
  std::uint32_t member = 0;     // of the pool
  std::uint32_t neighbour = 0;  // what the crossing beside it held
  std::uint32_t source = 0;     // index, where sources cover all orbits
  std::uint64_t chance = 0;     // for faults that hit a fraction of the events
};

class EventDraw {
 public:
  // Keeps references to its arguments. Throws Error when a rate_change cannot be reached.
  EventDraw(const Scenario& scenario, const EventPool& pool, const std::vector<PreparedFault>& faults,
            const ModelInfo& model);

  // Sorted by orbit and crossing, no crossing twice. Orbits of heartbeats hold no event.
  std::vector<DrawnEvent> draw(std::uint32_t ls) const;

 private:
  std::vector<std::uint64_t> cumulative_weights(std::uint32_t ls) const;

  const Scenario& scenario_;
  const EventPool& pool_;
  const std::vector<PreparedFault>& faults_;
  std::vector<std::vector<bool>> passes_;  // by fault: members at or above the seed's threshold (rate_change only)
  std::vector<std::uint32_t> filled_;      // crossings
};

}  // namespace vigil::replay
