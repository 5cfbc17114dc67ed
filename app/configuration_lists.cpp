// Tested in tests/app/configuration_test.cpp.
#include "app/configuration_lists.h"

#include "core/error.h"

namespace vigil::app {
namespace {

constexpr std::uint64_t kMostLumisections = 16384;

void require_key(const YAML::Node& item, const YamlPlace& at, const std::string& what, const std::string& key) {
  if (!item[key]) throw Error(at.below(item, key).where, "key '" + at.key + "': " + what + " without " + key, key);
}

template <class T>
void put(YAML::Emitter& out, const char* key, const T& value) {
  out << YAML::Key << key << YAML::Value << value;
}

}  // namespace

std::vector<monitors::WindowSettings> read_windows(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsSequence() || node.size() == 0)
    throw Error(at.where, "key '" + at.key + "'", "a list of {window_ls, hop_ls}");
  std::vector<monitors::WindowSettings> windows;
  std::set<std::string> names;
  for (const auto& item : node) {
    require_map(item, at, {"name", "window_ls", "hop_ls"});
    const auto lumisections = [&](const char* key) {
      return static_cast<std::uint32_t>(whole_number(item[key], at.below(item[key], key), 1, kMostLumisections));
    };
    monitors::WindowSettings window;
    require_key(item, at, "a window", "window_ls");
    window.window_ls = lumisections("window_ls");
    window.hop_ls = item["hop_ls"] ? lumisections("hop_ls") : window.window_ls;
    window.name =
        item["name"] ? text(item["name"], at.below(item["name"], "name")) : std::to_string(window.window_ls) + "ls";
    if (!names.insert(window.name).second) {
      throw Error(at.below(item, "name").where, "two windows named '" + window.name + "'", "different names");
    }
    windows.push_back(window);
  }
  return windows;
}

std::vector<monitors::RuleOverride> read_rules(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsSequence()) throw Error(at.where, "key '" + at.key + "'", "a list of {monitor, …}");
  std::vector<monitors::RuleOverride> rules;
  for (const auto& item : node) {
    require_map(item, at, {"monitor", "statistic", "medium", "bad", "m", "n"});
    const auto place = [&](const char* key) { return at.below(item[key], key); };
    require_key(item, at, "a rule", "monitor");
    monitors::RuleOverride rule;
    rule.monitor = text(item["monitor"], place("monitor"));
    if (item["statistic"]) rule.statistics = texts(item["statistic"], place("statistic"));
    if (item["medium"]) rule.medium = real_number(item["medium"], place("medium"), 0, 1e18);
    if (item["bad"]) rule.bad = real_number(item["bad"], place("bad"), 0, 1e18);
    if (item["m"]) rule.m = static_cast<std::uint32_t>(whole_number(item["m"], place("m"), 1, 1000));
    if (item["n"]) rule.n = static_cast<std::uint32_t>(whole_number(item["n"], place("n"), 1, 1000));
    rules.push_back(rule);
  }
  return rules;
}

void write_windows(YAML::Emitter& out, const std::vector<monitors::WindowSettings>& windows) {
  out << YAML::BeginSeq;
  for (const auto& w : windows) {
    out << YAML::Flow << YAML::BeginMap;
    put(out, "name", w.name);
    put(out, "window_ls", w.window_ls);
    put(out, "hop_ls", w.hop_ls);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void write_rules(YAML::Emitter& out, const std::vector<monitors::RuleOverride>& rules) {
  out << YAML::BeginSeq;
  for (const auto& r : rules) {
    out << YAML::Flow << YAML::BeginMap;
    put(out, "monitor", r.monitor);
    if (r.statistics.size() == 1) put(out, "statistic", r.statistics.front());
    if (r.statistics.size() > 1) put(out, "statistic", r.statistics);
    if (r.medium) put(out, "medium", *r.medium);
    if (r.bad) put(out, "bad", *r.bad);
    if (r.m) put(out, "m", *r.m);
    if (r.n) put(out, "n", *r.n);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

}  // namespace vigil::app
