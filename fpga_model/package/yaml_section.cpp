#include "fpga_model/package/yaml_section.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/error.h"

namespace vigil::fpga_model {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

std::string line_of(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? file : file + ":" + std::to_string(mark.line + 1);
}

std::string kind(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsScalar()) return "'" + node.Scalar().substr(0, 60) + "'";
  return "nothing";
}

// yaml-cpp gives quoted scalars the tag "!": "400" in quotes is text, 400 a number.
bool quoted(const YAML::Node& node) { return node.Tag() == "!"; }

}  // namespace

struct YamlSection::State {
  std::string file;
  std::string line;  // "model.yaml:12" of the mapping
  std::map<std::string, YAML::Node> entries;
  std::map<std::string, std::string> lines;
  std::set<std::string> read;
};

namespace {

class Ignore : public YAML::EventHandler {
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// 0, 1, or 2 for more. The library's LoadAll never ends where a document begins with a token that none can begin with.
std::size_t documents_in(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Ignore ignore;
  std::size_t documents = 0;
  while (documents < 2 && parser.HandleNextDocument(ignore)) ++documents;
  return documents;
}

}  // namespace

YamlSection YamlSection::make(const YAML::Node& node, const std::string& file, const std::string& what) {
  auto state = std::make_shared<State>();
  state->file = file;
  state->line = line_of(file, node.Mark());
  if (!node.IsMap()) throw Error(state->line, what + " is " + kind(node), "a mapping");
  for (const auto& entry : node) {
    const std::string line = line_of(file, entry.first.Mark());
    if (!entry.first.IsScalar()) throw Error(line, "a key that is " + kind(entry.first), "text");
    const std::string key = entry.first.Scalar();
    if (!state->entries.emplace(key, entry.second).second)
      throw Error(line, "key '" + key.substr(0, 60) + "' appears twice");
    state->lines[key] = line;
  }
  return YamlSection(std::move(state));
}

YamlSection YamlSection::parse(std::string_view bytes, const std::string& file) {
  if (bytes.size() > kMaxBytes) throw Error(file, std::to_string(bytes.size()) + " bytes", "at most 1 MiB");
  try {
    const std::string text(bytes);
    const std::size_t documents = documents_in(text);
    if (documents != 1) throw Error(file, documents == 0 ? "no YAML document" : "at least 2 YAML documents", "one");
    return make(YAML::Load(text), file, "the file");
  } catch (const YAML::Exception& error) {
    throw Error(line_of(file, error.mark), "not valid YAML: " + error.msg);
  }
}

std::string YamlSection::where(const std::string& key) const {
  const auto line = state_->lines.find(key);
  return (line == state_->lines.end() ? state_->line : line->second) + ": key '" + key.substr(0, 60) + "'";
}

void YamlSection::fail(const std::string& key, const std::string& what, const std::string& expected) const {
  throw Error(where(key), what, expected);
}

bool YamlSection::has(const std::string& key) const { return state_->entries.contains(key); }
bool YamlSection::is_mapping(const std::string& key) const { return has(key) && state_->entries.at(key).IsMap(); }
bool YamlSection::is_list(const std::string& key) const { return has(key) && state_->entries.at(key).IsSequence(); }

const YAML::Node& YamlSection::at(const std::string& key) {
  state_->read.insert(key);
  const auto entry = state_->entries.find(key);
  if (entry == state_->entries.end()) fail(key, "missing");
  return entry->second;
}

std::string YamlSection::text(const std::string& key) {
  const YAML::Node& node = at(key);
  if (!node.IsScalar()) fail(key, kind(node), "text");
  return node.Scalar();
}

std::int64_t YamlSection::integer(const std::string& key, std::int64_t lowest, std::int64_t highest) {
  const YAML::Node& node = at(key);
  std::int64_t value = 0;
  bool valid = node.IsScalar() && !quoted(node);
  if (valid) {
    const std::string& text = node.Scalar();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    valid = error == std::errc{} && end == text.data() + text.size() && value >= lowest && value <= highest;
  }
  if (!valid) fail(key, kind(node), "an integer in " + std::to_string(lowest) + ".." + std::to_string(highest));
  return value;
}

double YamlSection::real_of(const YAML::Node& node, const std::string& key) const {
  double value = 0;
  if (!node.IsScalar() || quoted(node) || !YAML::convert<double>::decode(node, value) || !std::isfinite(value)) {
    fail(key, kind(node), "a finite number");
  }
  return value;
}

std::optional<double> YamlSection::real(const std::string& key) {
  if (!has(key)) return std::nullopt;
  return real_of(at(key), key);
}

std::vector<std::string> YamlSection::texts(const std::string& key) {
  const YAML::Node& node = at(key);
  if (!node.IsSequence()) fail(key, kind(node), "a list");
  std::vector<std::string> out;
  for (const YAML::Node& entry : node) {
    if (!entry.IsScalar()) fail(key, "an entry that is " + kind(entry), "text");
    out.push_back(entry.Scalar());
  }
  return out;
}

std::vector<double> YamlSection::reals(const std::string& key) {
  const YAML::Node& node = at(key);
  if (!node.IsSequence()) fail(key, kind(node), "a list");
  std::vector<double> out;
  for (const YAML::Node& entry : node) out.push_back(real_of(entry, key));
  return out;
}

YamlSection YamlSection::mapping(const std::string& key) { return make(at(key), state_->file, "'" + key + "'"); }

std::vector<YamlSection> YamlSection::mappings(const std::string& key) {
  const YAML::Node& node = at(key);
  if (!node.IsSequence()) fail(key, kind(node), "a list");
  std::vector<YamlSection> out;
  for (const YAML::Node& entry : node) out.push_back(make(entry, state_->file, "an entry of '" + key + "'"));
  return out;
}

void YamlSection::finish() const {
  for (const auto& [key, node] : state_->entries) {
    if (!state_->read.contains(key)) fail(key, "unknown key");
  }
}

}  // namespace vigil::fpga_model
