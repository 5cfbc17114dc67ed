// Truth labels: what a scenario injected and what it must lead to, as JSON Lines (docs/scenarios.md).
// Used by ScenarioSource; tests and people compare them with what the monitor said.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model.h"
#include "replay/fault.h"
#include "replay/scenario.h"

namespace vigil::replay {

// What one lumisection really was. Counts are of what was sent, unless they say lost.
struct LumisectionTruth {
  std::uint32_t ls = 0;
  double luminosity = 1;  // relative to the initial one
  double pileup = 0;
  std::uint64_t events = 0;
  std::uint64_t n_bx = 0;
  std::uint64_t batches = 0;
  std::uint64_t lost_events = 0;
  std::uint64_t lost_batches = 0;
  std::uint64_t mismatched_events = 0;  // hardware words differ from the model's on the batch's inputs
  std::vector<std::size_t> faults;      // active ones, by index
};

// One JSON object each, no newline.
std::string truth_line(const Scenario& scenario, std::size_t index, const Fault& fault, const ModelInfo& model);
std::string truth_line(const Scenario& scenario, const LumisectionTruth& truth);

}  // namespace vigil::replay
