// Strict values of a YAML document: what is not of the type, out of range, unknown or given twice is refused, naming
// place, key, what was found and what was expected. Used by the readers of the configuration.
// Tests: tests/app/configuration_test.cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace vigil::app {

// Where a value stands, for errors, and the key it belongs to.
struct YamlPlace {
  std::string file;   // empty: the value of --set
  std::string where;  // "FILE:LINE" or "--set KEY=VALUE"
  std::string key;
  std::string folder;  // relative paths are relative to it; empty: to the working directory

  // The place of a value below this one.
  YamlPlace below(const YAML::Node& node, const std::string& its_key) const;
};

// FILE:LINE of a node.
std::string line_of(const std::string& file, const YAML::Node& node);

// Each throws Error.
std::uint64_t whole_number(const YAML::Node& node, const YamlPlace& at, std::uint64_t lowest, std::uint64_t highest);
double real_number(const YAML::Node& node, const YamlPlace& at, double lowest, double highest);
bool boolean(const YAML::Node& node, const YamlPlace& at);
std::string text(const YAML::Node& node, const YamlPlace& at);
std::string path(const YAML::Node& node, const YamlPlace& at);  // empty stays empty
std::string one_of(const YAML::Node& node, const YamlPlace& at, const std::vector<std::string>& allowed);
std::vector<std::string> texts(const YAML::Node& node, const YamlPlace& at);  // one text or a list
std::vector<std::string> paths(const YAML::Node& node, const YamlPlace& at);

// A map with keys of `known` only, each once.
void require_map(const YAML::Node& node, const YamlPlace& at, const std::set<std::string>& known);

// "a whole number from 1 to 16384", "a number from 0 to 1": what the readers above expect.
std::string expected_whole_number(std::uint64_t lowest, std::uint64_t highest);
std::string expected_real_number(double lowest, double highest);

}  // namespace vigil::app
