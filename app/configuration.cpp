#include "app/configuration.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "core/error.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;

std::string where_of(const std::string& file, const YAML::Node& node) {
  return file + ":" + std::to_string(node.Mark().line + 1);
}

template <class T>
T scalar(const YAML::Node& node, const std::string& where, const std::string& key, T lowest, T highest) {
  const std::string expected = (std::is_floating_point_v<T> ? "a number from " : "a whole number from ") +
                               YAML::Dump(YAML::Node(lowest)) + " to " + YAML::Dump(YAML::Node(highest));
  T value{};
  if (!node.IsScalar() || node.Tag() == "!" || !YAML::convert<T>::decode(node, value) ||
      !(value >= lowest && value <= highest)) {
    throw Error(where, "key '" + key + "': " + (node.IsScalar() ? "'" + node.Scalar() + "'" : "not a single value"),
                expected);
  }
  return value;
}

std::string text(const YAML::Node& node, const std::string& where, const std::string& key) {
  if (!node.IsScalar()) throw Error(where, "key '" + key + "': not a single value", "text");
  return node.Scalar();
}

bool boolean(const YAML::Node& node, const std::string& where, const std::string& key) {
  bool value = false;
  if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value)) {
    throw Error(where, "key '" + key + "'", "true or false");
  }
  return value;
}

std::vector<std::string> texts(const YAML::Node& node, const std::string& where, const std::string& key) {
  if (node.IsScalar()) return {node.Scalar()};
  if (!node.IsSequence()) throw Error(where, "key '" + key + "'", "text or a list of texts");
  std::vector<std::string> out;
  for (const auto& item : node) out.push_back(text(item, where, key));
  return out;
}

// yaml-cpp accepts a repeated key and keeps the first.
void check_map(const YAML::Node& node, const std::string& file, const std::set<std::string>& known) {
  if (!node.IsMap()) throw Error(where_of(file, node), "not a map", "keys and values");
  std::set<std::string> seen;
  for (const auto& pair : node) {
    const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "?";
    if (!seen.insert(key).second) throw Error(where_of(file, pair.first), "key '" + key + "' given twice", "once");
    if (known.contains(key)) continue;
    std::string all;
    for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
    throw Error(where_of(file, pair.first), "unknown key '" + key + "'", "one of " + all);
  }
}

using Reader = std::function<void(Configuration&, const YAML::Node&, const std::string& where, const std::string& key)>;
constexpr std::uint32_t kAnyU32 = std::numeric_limits<std::uint32_t>::max();

Reader number(std::uint32_t Configuration::*member, std::uint32_t lowest, std::uint32_t highest) {
  return [=](Configuration& c, const YAML::Node& n, const std::string& w, const std::string& k) {
    c.*member = scalar<std::uint32_t>(n, w, k, lowest, highest);
  };
}

void read_windows(Configuration& c, const YAML::Node& node, const std::string& where, const std::string& key) {
  if (!node.IsSequence() || node.size() == 0) throw Error(where, "key '" + key + "'", "a list of {window_ls, hop_ls}");
  c.monitors.windows.clear();
  std::set<std::string> names;
  for (const auto& item : node) {
    check_map(item, where, {"name", "window_ls", "hop_ls"});
    monitors::WindowSettings window;
    if (!item["window_ls"]) throw Error(where, "key '" + key + "': a window without window_ls", "window_ls");
    window.window_ls = scalar<std::uint32_t>(item["window_ls"], where, "window_ls", 1, 16384);
    window.hop_ls =
        item["hop_ls"] ? scalar<std::uint32_t>(item["hop_ls"], where, "hop_ls", 1, 16384) : window.window_ls;
    window.name = item["name"] ? text(item["name"], where, "name") : std::to_string(window.window_ls) + "ls";
    if (!names.insert(window.name).second)
      throw Error(where, "two windows named '" + window.name + "'", "different names");
    c.monitors.windows.push_back(window);
  }
}

void read_rules(Configuration& c, const YAML::Node& node, const std::string& where, const std::string& key) {
  if (!node.IsSequence()) throw Error(where, "key '" + key + "'", "a list of {monitor, …}");
  c.monitors.rules.clear();
  for (const auto& item : node) {
    check_map(item, where, {"monitor", "statistic", "medium", "bad", "m", "n"});
    monitors::RuleOverride rule;
    if (!item["monitor"]) throw Error(where, "key '" + key + "': a rule without monitor", "monitor");
    rule.monitor = text(item["monitor"], where, "monitor");
    if (item["statistic"]) rule.statistic = text(item["statistic"], where, "statistic");
    if (item["medium"]) rule.medium = scalar<double>(item["medium"], where, "medium", 0, 1e18);
    if (item["bad"]) rule.bad = scalar<double>(item["bad"], where, "bad", 0, 1e18);
    if (item["m"]) rule.m = scalar<std::uint32_t>(item["m"], where, "m", 1, 1000);
    if (item["n"]) rule.n = scalar<std::uint32_t>(item["n"], where, "n", 1, 1000);
    c.monitors.rules.push_back(rule);
  }
}

const std::map<std::string, Reader>& readers() {
  using C = Configuration;
  using N = const YAML::Node&;
  using S = const std::string&;
  static const std::map<std::string, Reader> all = {
      {"models", [](C& c, N n, S w, S k) { c.models = texts(n, w, k); }},
      {"subscribe", [](C& c, N n, S w, S k) { c.subscribe = texts(n, w, k); }},
      {"topics", [](C& c, N n, S w, S k) { c.topics = texts(n, w, k); }},
      {"reference",
       [](C& c, N n, S w, S k) {
         c.reference = text(n, w, k);
         (void)learn_lumisections(c.reference);
       }},
      {"journal", [](C& c, N n, S w, S k) { c.journal = text(n, w, k); }},
      {"record", [](C& c, N n, S w, S k) { c.record = text(n, w, k); }},
      {"compress", [](C& c, N n, S w, S k) { c.compress = boolean(n, w, k); }},
      {"actions_to", [](C& c, N n, S w, S k) { c.actions_to = text(n, w, k); }},
      {"actions_file", [](C& c, N n, S w, S k) { c.actions_file = text(n, w, k); }},
      {"reply_timeout_ms", number(&C::reply_timeout_ms, 1, 600000)},
      {"expiry_h", number(&C::expiry_h, 1, 24 * 365)},
      {"queue_frames", number(&C::queue_frames, 1, 1u << 24)},
      {"jobs", number(&C::jobs, 0, 1024)},
      {"cool_down_ls", number(&C::cool_down_ls, 0, 16384)},
      {"broad_inputs", number(&C::broad_inputs, 1, 4096)},
      {"close_after_ls",
       [](C& c, N n, S w, S k) { c.sequencer.close_after_ls = scalar<std::uint32_t>(n, w, k, 1, 16384); }},
      {"source_timeout_ls",
       [](C& c, N n, S w, S k) { c.sequencer.source_timeout_ls = scalar<std::uint32_t>(n, w, k, 1, 16384); }},
      {"max_jump_ls", [](C& c, N n, S w, S k) { c.sequencer.max_jump_ls = scalar<std::uint32_t>(n, w, k, 1, 16384); }},
      {"sources",
       [](C& c, N n, S w, S k) {
         const std::string value = text(n, w, k);
         if (value != "all" && value != "split") throw Error(w, "key 'sources': '" + value + "'", "all or split");
         c.sequencer.split_sources = value == "split";
       }},
      {"minimum_events",
       [](C& c, N n, S w, S k) { c.monitors.minimum_events = scalar<std::uint32_t>(n, w, k, 1, kAnyU32); }},
      {"minimum_coverage", [](C& c, N n, S w, S k) { c.monitors.minimum_coverage = scalar<double>(n, w, k, 0, 1); }},
      {"false_alarms_per_day",
       [](C& c, N n, S w, S k) { c.monitors.false_alarms_per_day = scalar<double>(n, w, k, 1e-12, 1e6); }},
      {"windows", read_windows},
      {"rules", read_rules},
  };
  return all;
}

}  // namespace

std::optional<std::uint32_t> learn_lumisections(const std::string& reference) {
  if (!reference.starts_with("learn:")) return {};
  std::uint32_t n = 0;
  const char* first = reference.data() + 6;
  const char* last = reference.data() + reference.size();
  const auto [end, error] = std::from_chars(first, last, n);
  if (error != std::errc() || end != last || n == 0 || n > 16384) {
    throw Error("reference '" + reference + "'", "not a number of lumisections",
                "learn:N with N from 1 to 16384, or a file");
  }
  return n;
}

void set_key(Configuration& configuration, const std::string& key, const std::string& value) {
  YAML::Node node;
  try {
    node = YAML::Load(value);
  } catch (const YAML::Exception& e) {
    throw Error("--set " + key, "'" + value + "' is not YAML (" + e.msg + ")", "a YAML value");
  }
  const auto reader = readers().find(key);
  if (reader == readers().end()) {
    YAML::Node map;
    map[key] = node;
    std::set<std::string> known;
    for (const auto& [name, r] : readers()) known.insert(name);
    check_map(map, "--set", known);
  }
  reader->second(configuration, node, "--set " + key + "=" + value, key);
}

void read_configuration(Configuration& configuration, const std::string& path) {
  if (!fs::is_regular_file(path)) throw Error(path, "no such file", "a YAML configuration file");
  YAML::Node root;
  try {
    root = YAML::LoadFile(path);
  } catch (const YAML::Exception& e) {
    throw Error(path + ":" + std::to_string(e.mark.line + 1), e.msg, "YAML");
  }
  if (root.IsNull()) return;
  std::set<std::string> known;
  for (const auto& [name, reader] : readers()) known.insert(name);
  check_map(root, path, known);
  const fs::path folder = fs::path(path).parent_path();
  const auto beside = [&](std::string& file) {
    if (!file.empty() && fs::path(file).is_relative()) file = (folder / file).string();
  };
  for (const auto& pair : root) {
    const std::string key = pair.first.Scalar();
    readers().at(key)(configuration, pair.second, where_of(path, pair.first), key);
    if (key == "models") {
      for (std::string& model : configuration.models) beside(model);
    }
    if (key == "journal") beside(configuration.journal);
    if (key == "record") beside(configuration.record);
    if (key == "actions_file") beside(configuration.actions_file);
    if (key == "reference" && !learn_lumisections(configuration.reference)) beside(configuration.reference);
  }
}

std::string to_yaml(const Configuration& c) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  const auto put = [&](const char* key, const auto& value) { out << YAML::Key << key << YAML::Value << value; };
  const auto list = [&](const char* key, const std::vector<std::string>& values) {
    out << YAML::Key << key << YAML::Value << YAML::Flow << values;
  };
  list("models", c.models);
  list("subscribe", c.subscribe);
  list("topics", c.topics);
  put("reference", c.reference);
  put("journal", c.journal);
  put("record", c.record);
  put("compress", c.compress);
  put("actions_to", c.actions_to);
  put("actions_file", c.actions_file);
  put("reply_timeout_ms", c.reply_timeout_ms);
  put("expiry_h", c.expiry_h);
  put("queue_frames", c.queue_frames);
  put("jobs", c.jobs);
  put("cool_down_ls", c.cool_down_ls);
  put("broad_inputs", c.broad_inputs);
  put("close_after_ls", c.sequencer.close_after_ls);
  put("source_timeout_ls", c.sequencer.source_timeout_ls);
  put("max_jump_ls", c.sequencer.max_jump_ls);
  put("sources", c.sequencer.split_sources ? "split" : "all");
  put("minimum_events", c.monitors.minimum_events);
  put("minimum_coverage", c.monitors.minimum_coverage);
  put("false_alarms_per_day", c.monitors.false_alarms_per_day);
  out << YAML::Key << "windows" << YAML::Value << YAML::BeginSeq;
  for (const auto& w : c.monitors.windows) {
    out << YAML::Flow << YAML::BeginMap;
    put("name", w.name);
    put("window_ls", w.window_ls);
    put("hop_ls", w.hop_ls);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::Key << "rules" << YAML::Value << YAML::BeginSeq;
  for (const auto& r : c.monitors.rules) {
    out << YAML::Flow << YAML::BeginMap;
    put("monitor", r.monitor);
    if (r.statistic) put("statistic", *r.statistic);
    if (r.medium) put("medium", *r.medium);
    if (r.bad) put("bad", *r.bad);
    if (r.m) put("m", *r.m);
    if (r.n) put("n", *r.n);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq << YAML::EndMap;
  return std::string(out.c_str()) + "\n";
}

}  // namespace vigil::app
