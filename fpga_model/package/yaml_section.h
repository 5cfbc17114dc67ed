// One mapping of a YAML file, read key by key: unknown and duplicate keys and wrong types are Errors that name file and
// line. Used by the reader of model.yaml; keeps the YAML library out of the headers.
// Tests: tests/fpga_model/package_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace YAML {
class Node;
}

namespace vigil::fpga_model {

class YamlSection {
 public:
  // Parses a document that must be one mapping. Throws Error naming file and line.
  static YamlSection parse(std::string_view bytes, const std::string& file);

  std::string where(const std::string& key) const;  // "model.yaml:12: 'count'"
  [[noreturn]] void fail(const std::string& key, const std::string& what, const std::string& expected = {}) const;

  bool has(const std::string& key) const;
  bool is_mapping(const std::string& key) const;
  bool is_list(const std::string& key) const;
  std::string text(const std::string& key);
  std::string text_or(const std::string& key, const std::string& fallback) { return has(key) ? text(key) : fallback; }
  std::int64_t integer(const std::string& key, std::int64_t lowest, std::int64_t highest);
  std::optional<double> real(const std::string& key);      // finite; none when absent
  std::vector<std::string> texts(const std::string& key);  // a list of scalars
  std::vector<double> reals(const std::string& key);
  YamlSection mapping(const std::string& key);
  std::vector<YamlSection> mappings(const std::string& key);
  void finish() const;  // throws when a key was never asked for

 private:
  struct State;
  explicit YamlSection(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static YamlSection make(const YAML::Node& node, const std::string& file, const std::string& what);
  const YAML::Node& at(const std::string& key);
  double real_of(const YAML::Node& node, const std::string& key) const;

  std::shared_ptr<State> state_;
};

}  // namespace vigil::fpga_model
