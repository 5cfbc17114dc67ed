// Tested in tests/app/configuration_test.cpp.
#include "app/yaml_values.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "core/error.h"

namespace vigil::app {
namespace {

template <class T>
T number(const YAML::Node& node, const YamlPlace& at, T lowest, T highest, const std::string& expected) {
  T value{};
  // yaml-cpp would read a quoted number too.
  if (!node.IsScalar() || node.Tag() == "!" || !YAML::convert<T>::decode(node, value) ||
      !(value >= lowest && value <= highest)) {
    throw Error(at.where,
                "key '" + at.key + "': " + (node.IsScalar() ? "'" + node.Scalar() + "'" : "not a single value"),
                expected);
  }
  return value;
}

std::string beside(const std::string& folder, const std::string& file) {
  if (file.empty() || folder.empty() || std::filesystem::path(file).is_absolute()) return file;
  return (std::filesystem::path(folder) / file).string();
}

}  // namespace

std::string line_of(const std::string& file, const YAML::Node& node) {
  return file + ":" + std::to_string(node.Mark().line + 1);
}

YamlPlace YamlPlace::below(const YAML::Node& node, const std::string& its_key) const {
  return {file, file.empty() ? where : line_of(file, node), its_key, folder};
}

std::string expected_whole_number(std::uint64_t lowest, std::uint64_t highest) {
  return "a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest);
}

std::string expected_real_number(double lowest, double highest) {
  const auto shortest = [](double value) {
    char digits[32];
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  return "a number from " + shortest(lowest) + " to " + shortest(highest);
}

std::uint64_t whole_number(const YAML::Node& node, const YamlPlace& at, std::uint64_t lowest, std::uint64_t highest) {
  return number(node, at, lowest, highest, expected_whole_number(lowest, highest));
}

double real_number(const YAML::Node& node, const YamlPlace& at, double lowest, double highest) {
  return number(node, at, lowest, highest, expected_real_number(lowest, highest));
}

bool boolean(const YAML::Node& node, const YamlPlace& at) {
  bool value = false;
  if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)) {
    throw Error(at.where, "key '" + at.key + "'", "true or false");
  }
  return value;
}

std::string text(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsScalar()) throw Error(at.where, "key '" + at.key + "': not a single value", "text");
  return node.Scalar();
}

std::string path(const YAML::Node& node, const YamlPlace& at) { return beside(at.folder, text(node, at)); }

std::string one_of(const YAML::Node& node, const YamlPlace& at, const std::vector<std::string>& allowed) {
  const std::string value = text(node, at);
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  std::string all;
  for (const std::string& name : allowed) all += (all.empty() ? "" : " or ") + name;
  throw Error(at.where, "key '" + at.key + "': '" + value + "'", all);
}

std::vector<std::string> texts(const YAML::Node& node, const YamlPlace& at) {
  if (node.IsScalar()) return {node.Scalar()};
  if (!node.IsSequence()) throw Error(at.where, "key '" + at.key + "'", "text or a list of texts");
  std::vector<std::string> out;
  for (const auto& item : node) out.push_back(text(item, at));
  return out;
}

std::vector<std::string> paths(const YAML::Node& node, const YamlPlace& at) {
  std::vector<std::string> out = texts(node, at);
  for (std::string& file : out) file = beside(at.folder, file);
  return out;
}

// yaml-cpp accepts a repeated key and keeps the first.
void require_map(const YAML::Node& node, const YamlPlace& at, const std::set<std::string>& known) {
  if (!node.IsMap()) throw Error(at.below(node, at.key).where, "not a map", "keys and values");
  std::set<std::string> seen;
  for (const auto& pair : node) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    const std::string where = at.below(pair.first, key).where;
    if (!seen.insert(key).second) throw Error(where, "key '" + key + "' given twice", "once");
    if (known.contains(key)) continue;
    std::string all;
    for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
    throw Error(where, "unknown key '" + key + "'", "one of " + all);
  }
}

}  // namespace vigil::app
