// The one table of configuration keys. Reader, --set, `vigil check` and the journal's copy go through it;
// docs/configuration.md and conf/watch.yaml are checked against it by tests/app/configuration_test.cpp.
// A new key is a member of Configuration and one row of configuration_keys.cpp.
// Tests: tests/app/configuration_test.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/configuration.h"
#include "app/yaml_values.h"

namespace vigil::app {

struct ConfigurationKey {
  std::string key;   // a noun with a unit suffix
  std::string type;  // what is expected, with its range, in words
  std::string unit;  // empty: none
  bool is_path;      // relative ones are the file's
  std::string text;  // one line of explanation
  // Throws Error: place, what was found, what was expected.
  std::function<void(Configuration&, const YAML::Node&, const YamlPlace&)> read;
  // What read() reads back to the same value.
  std::function<void(YAML::Emitter&, const Configuration&)> write;
};

// In the order in which the configuration is printed; defaults are those of Configuration{}.
const std::vector<ConfigurationKey>& configuration_keys();

// Read still, never written: what took their place is.
const std::vector<ConfigurationKey>& superseded_configuration_keys();

// Of both; null where there is none of that name.
const ConfigurationKey* find_configuration_key(const std::string& key);

}  // namespace vigil::app
