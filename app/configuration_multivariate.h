// The key `multivariate` of the configuration. Used by the table of keys.
// Tests: tests/app/configuration_test.cpp.
#pragma once

#include "app/yaml_values.h"
#include "monitors/settings.h"

namespace vigil::app {

// A map {statistics: [NAME, …], every_orbits: N}; what is absent is the default. Throws Error: place, key, expected.
monitors::MultivariateSettings read_multivariate(const YAML::Node& node, const YamlPlace& at);
// As read_multivariate reads it back.
void write_multivariate(YAML::Emitter& out, const monitors::MultivariateSettings& settings);

}  // namespace vigil::app
