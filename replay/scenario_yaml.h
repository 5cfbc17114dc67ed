// A strict view of one YAML mapping: typed and ranged reads, and finish() refuses keys that nobody read.
// Used by the scenario reader only; keeps yaml-cpp out of the public headers.
// Tests: tests/replay/scenario_test.cpp.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace vigil::replay {

class StrictMap {
 public:
  // `label` names the mapping in messages ("scenario", "fault 2 (dead_column)"). Throws Error when it is no mapping or
  // has a key twice.
  StrictMap(const YAML::Node& node, std::string file, std::string label);

  // The value of a key, or an undefined node. The key counts as known.
  YAML::Node find(const std::string& key);
  bool has(const std::string& key) { return find(key).IsDefined(); }

  // Each leaves `out` alone when the key is absent, and throws Error on another type or a value outside low..high.
  void read(const std::string& key, std::uint64_t& out, std::uint64_t low, std::uint64_t high);
  void read(const std::string& key, std::uint32_t& out, std::uint32_t low, std::uint32_t high);
  void read(const std::string& key, std::int64_t& out, std::int64_t low, std::int64_t high);
  void read(const std::string& key, int& out, int low, int high);
  void read(const std::string& key, double& out, double low, double high);
  void read(const std::string& key, bool& out);
  void read(const std::string& key, std::string& out);               // not empty
  void read(const std::string& key, std::vector<std::string>& out);  // a list of texts or one text

  [[noreturn]] void fail(const YAML::Node& at, const std::string& what, const std::string& expected) const;
  // Throws Error on a key that was neither found nor read.
  void finish() const;
  // "file:line" of the mapping.
  std::string where() const;

 private:
  std::string text_of(const std::string& key, const YAML::Node& value, const std::string& expected) const;
  template <class Integer>
  void read_integer(const std::string& key, Integer& out, Integer low, Integer high);

  YAML::Node node_;
  std::string file_;
  std::string label_;
  std::set<std::string> known_;
};

// The root of a document. Throws Error with the line for anything yaml-cpp refuses and for an empty document.
YAML::Node parse_yaml(const std::string& text, const std::string& file);

}  // namespace vigil::replay
