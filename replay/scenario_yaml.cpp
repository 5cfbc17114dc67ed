#include "replay/scenario_yaml.h"

#include <charconv>

#include "core/error.h"

namespace vigil::replay {

namespace {

std::string line_of(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? file : file + ":" + std::to_string(mark.line + 1);
}

std::string shown(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

}  // namespace

StrictMap::StrictMap(const YAML::Node& node, std::string file, std::string label)
    : node_(node), file_(std::move(file)), label_(std::move(label)) {
  if (!node_.IsMap()) fail(node_, label_ + " is no mapping", "keys and values");
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) fail(entry.first, label_ + " has a key that is no text", "a name");
    if (!seen.insert(entry.first.Scalar()).second) {
      fail(entry.first, label_ + " has key '" + entry.first.Scalar() + "' twice", "once");
    }
  }
}

YAML::Node StrictMap::find(const std::string& key) {
  known_.insert(key);
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

std::string StrictMap::text_of(const std::string& key, const YAML::Node& value, const std::string& expected) const {
  if (!value.IsScalar()) fail(value, "key '" + key + "' is no single value", expected);
  return value.Scalar();
}

template <class Integer>
void StrictMap::read_integer(const std::string& key, Integer& out, Integer low, Integer high) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return;
  const std::string expected = "an integer in " + std::to_string(low) + ".." + std::to_string(high);
  const std::string text = text_of(key, value, expected);
  Integer number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < low || number > high) {
    fail(value, "key '" + key + "' is '" + text + "'", expected);
  }
  out = number;
}

void StrictMap::read(const std::string& key, std::uint64_t& out, std::uint64_t low, std::uint64_t high) {
  read_integer(key, out, low, high);
}
void StrictMap::read(const std::string& key, std::uint32_t& out, std::uint32_t low, std::uint32_t high) {
  read_integer(key, out, low, high);
}
void StrictMap::read(const std::string& key, std::int64_t& out, std::int64_t low, std::int64_t high) {
  read_integer(key, out, low, high);
}
void StrictMap::read(const std::string& key, int& out, int low, int high) { read_integer(key, out, low, high); }

void StrictMap::read(const std::string& key, double& out, double low, double high) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return;
  const std::string expected = "a number in " + shown(low) + ".." + shown(high);
  const std::string text = text_of(key, value, expected);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !(number >= low && number <= high)) {
    fail(value, "key '" + key + "' is '" + text + "'", expected);
  }
  out = number;
}

void StrictMap::read(const std::string& key, bool& out) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return;
  const std::string text = text_of(key, value, "true or false");
  if (text != "true" && text != "false") fail(value, "key '" + key + "' is '" + text + "'", "true or false");
  out = text == "true";
}

void StrictMap::read(const std::string& key, std::string& out) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return;
  std::string text = text_of(key, value, "a text");
  if (text.empty()) fail(value, "key '" + key + "' is empty", "a text");
  out = std::move(text);
}

void StrictMap::read(const std::string& key, std::vector<std::string>& out) {
  const YAML::Node value = find(key);
  if (!value.IsDefined()) return;
  std::vector<std::string> texts;
  if (value.IsScalar()) texts.push_back(value.Scalar());
  if (value.IsSequence()) {
    for (const auto& item : value) texts.push_back(text_of(key, item, "a list of texts"));
  }
  if (texts.empty()) fail(value, "key '" + key + "' is empty", "a text or a list of texts");
  for (const std::string& text : texts) {
    if (text.empty()) fail(value, "key '" + key + "' holds an empty text", "a text or a list of texts");
  }
  out = std::move(texts);
}

void StrictMap::fail(const YAML::Node& at, const std::string& what, const std::string& expected) const {
  // An undefined node has no mark, and asking for it throws.
  throw Error(at.IsDefined() ? line_of(file_, at.Mark()) : where(), what, expected);
}

void StrictMap::finish() const {
  for (const auto& entry : node_) {
    if (known_.contains(entry.first.Scalar())) continue;
    std::string names;
    for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
    fail(entry.first, label_ + " has unknown key '" + entry.first.Scalar() + "'", "one of " + names);
  }
}

std::string StrictMap::where() const { return node_.IsDefined() ? line_of(file_, node_.Mark()) : file_; }

YAML::Node parse_yaml(const std::string& text, const std::string& file) {
  try {
    YAML::Node node = YAML::Load(text);
    if (!node.IsDefined() || node.IsNull()) throw Error(file, "is empty", "a scenario (docs/scenarios.md)");
    return node;
  } catch (const YAML::Exception& problem) {
    throw Error(line_of(file, problem.mark), "is no YAML: " + problem.msg, "a scenario (docs/scenarios.md)");
  }
}

}  // namespace vigil::replay
