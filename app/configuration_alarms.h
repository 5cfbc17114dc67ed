// The configuration of alarms: the list `alarms`, read strictly and written as it is read, and what it comes to for the
// journal.
// Tests: tests/app/configuration_alarms_test.cpp.
#pragma once

#include <vector>

#include "alerting/alarms.h"
#include "app/configuration.h"
#include "app/yaml_values.h"

namespace vigil::app {

// Throws Error: place, key, what was found, what was expected.
std::vector<alerting::AlarmOverride> read_alarms(const YAML::Node& node, const YamlPlace& at);
void write_alarms(YAML::Emitter& out, const std::vector<alerting::AlarmOverride>& alarms);

// With the names of all windows that are judged.
alerting::AlarmSettings alarm_settings(const Configuration& configuration);

}  // namespace vigil::app
