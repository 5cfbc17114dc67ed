// The faults of a scenario file: which keys each type has, their ranges, and the side it acts on by default.
// Used by the scenario reader only.
// Tests: tests/replay/scenario_fault_test.cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>

#include "replay/scenario.h"

namespace vigil::replay {

// One entry of `faults`. Throws Error: file:line, key, expected. `scenario` gives the span and the source names.
Fault read_fault(const YAML::Node& node, const std::string& file, const Scenario& scenario);

}  // namespace vigil::replay
