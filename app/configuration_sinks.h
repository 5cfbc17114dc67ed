// The key `sinks` of the configuration, and its short forms actions_to and actions_file. Used by the table of keys and
// by the session that makes the sinks. What a sink's keys are stands in alerting/sinks.def.
#pragma once

#include <vector>

#include "alerting/sinks.h"
#include "app/yaml_values.h"

namespace vigil::app {

struct Configuration;

// A list of maps. Throws Error: place, key, expected.
std::vector<alerting::SinkSettings> read_sinks(const YAML::Node& node, const YamlPlace& at);
// As read_sinks reads them back.
void write_sinks(YAML::Emitter& out, const std::vector<alerting::SinkSettings>& sinks);

// All sinks of a configuration, named: short forms first, then the list; without any, the log. What a sink leaves open
// the configuration as a whole says. Throws Error for two of one name, and where a secret's file cannot be used.
std::vector<alerting::SinkSettings> configured_sinks(const Configuration& configuration);

}  // namespace vigil::app
