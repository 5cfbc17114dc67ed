// Configuration keys whose value is a list of maps: windows and rules. Read strictly, written as they are read.
// Tests: tests/app/configuration_test.cpp.
#pragma once

#include <vector>

#include "app/yaml_values.h"
#include "monitors/settings.h"

namespace vigil::app {

// Throws Error.
std::vector<monitors::WindowSettings> read_windows(const YAML::Node& node, const YamlPlace& at);
std::vector<monitors::RuleOverride> read_rules(const YAML::Node& node, const YamlPlace& at);

void write_windows(YAML::Emitter& out, const std::vector<monitors::WindowSettings>& windows);
void write_rules(YAML::Emitter& out, const std::vector<monitors::RuleOverride>& rules);

}  // namespace vigil::app
