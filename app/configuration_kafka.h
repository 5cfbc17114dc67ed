// The key `kafka` of the configuration, and how a command's endpoints say which Kafka is meant (docs/scale_out.md).
// Tests: tests/app/configuration_kafka_test.cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/yaml_values.h"

namespace vigil::app {

// Adds what the map says to what is there. Throws Error.
void read_kafka(ingest::kafka::Settings& settings, const YAML::Node& node, const YamlPlace& at);
void write_kafka(YAML::Emitter& out, const ingest::kafka::Settings& settings);

// Whether these endpoints, or the configuration in place of any, name Kafka. Throws Error, under the name `what`, where
// Kafka and ZeroMQ are mixed, or two of Kafka.
bool is_kafka(const Configuration& configuration, const std::vector<std::string>& endpoints, const std::string& what);
// The settings with what the endpoint says. Throws Error where neither says brokers and prefix.
ingest::kafka::Settings kafka_settings(const Configuration& configuration, const std::vector<std::string>& endpoints,
                                       const std::string& what);

// The name of a bridge or worker: as configured, else the host's, in the letters of a name.
std::string name_or_host(const Configuration& configuration);

}  // namespace vigil::app
