// The key `budget` of the configuration, and `false_alarms_per_day`, which it superseded. Used by the table of keys.
// Tests: tests/app/configuration_test.cpp.
#pragma once

#include "app/yaml_values.h"
#include "monitors/settings.h"

namespace vigil::app {

struct Configuration;

// A map {page: N/week, warn: N/week, shares: {…}}; what is absent stays. Throws Error: place, key, expected; also where
// the other of the two keys was given.
void read_budget(Configuration& configuration, const YAML::Node& node, const YamlPlace& at);
void read_false_alarms_per_day(Configuration& configuration, const YAML::Node& node, const YamlPlace& at);
// As read_budget reads it back.
void write_budget(YAML::Emitter& out, const monitors::FalseAlarmBudget& budget);

}  // namespace vigil::app
