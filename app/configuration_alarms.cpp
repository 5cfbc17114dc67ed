#include "app/configuration_alarms.h"

#include <algorithm>

#include "core/error.h"

namespace vigil::app {
namespace {

constexpr std::uint64_t kLongestDelay = 16384, kHighestCount = 1000;
constexpr std::size_t kLongestText = 4096;

std::string short_text(const YAML::Node& node, const YamlPlace& at) {
  std::string value = text(node, at);
  if (value.size() > kLongestText) {
    throw Error(at.where, "key '" + at.key + "': " + std::to_string(value.size()) + " bytes",
                "at most " + std::to_string(kLongestText));
  }
  return value;
}

std::string pattern(const YAML::Node& node, const YamlPlace& at) {
  std::string value = short_text(node, at);
  if (value.empty() || value.front() == '/' || value.back() == '/') {
    throw Error(at.where, "key '" + at.key + "': '" + shown(value) + "'",
                "a pattern like model/stream/monitor, * for any characters, no / at its ends");
  }
  return value;
}

// A count says how often within delay_ls: without one it would never be looked at.
void require_delay(const alerting::AlarmOverride& entry, const std::vector<alerting::AlarmOverride>& before,
                   const YamlPlace& at) {
  if (entry.count.value_or(0) == 0) return;
  const auto delays = [](const alerting::AlarmOverride& e) { return e.delay_ls.value_or(0) > 0; };
  const bool has_delay = entry.delay_ls ? delays(entry) : std::any_of(before.begin(), before.end(), delays);
  if (!has_delay)
    throw Error(at.where, "key '" + at.key + "': a count without delay_ls", "delay_ls of 1 or more beside it");
}

}  // namespace

std::vector<alerting::AlarmOverride> read_alarms(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsSequence()) throw Error(at.where, "key '" + at.key + "'", "a list of {node, …}");
  std::vector<alerting::AlarmOverride> alarms;
  for (const auto& item : node) {
    require_map(item, at.below(item, at.key),
                {"node", "latching", "delay_ls", "count", "essential", "guidance", "contact"});
    const auto place = [&](const char* key) { return at.below(item[key], key); };
    if (!item["node"]) throw Error(at.below(item, at.key).where, "key '" + at.key + "': an entry without node", "node");
    const auto number = [&](const char* key, std::uint64_t highest) {
      return static_cast<std::uint32_t>(whole_number(item[key], place(key), 0, highest));
    };
    alerting::AlarmOverride entry;
    entry.node = pattern(item["node"], place("node"));
    if (item["latching"]) entry.latching = boolean(item["latching"], place("latching"));
    if (item["delay_ls"]) entry.delay_ls = number("delay_ls", kLongestDelay);
    if (item["count"]) entry.count = number("count", kHighestCount);
    if (item["essential"]) entry.essential = boolean(item["essential"], place("essential"));
    if (item["guidance"]) entry.guidance = short_text(item["guidance"], place("guidance"));
    if (item["contact"]) entry.contact = short_text(item["contact"], place("contact"));
    if (item["count"]) require_delay(entry, alarms, place("count"));
    alarms.push_back(std::move(entry));
  }
  return alarms;
}

void write_alarms(YAML::Emitter& out, const std::vector<alerting::AlarmOverride>& alarms) {
  const auto put = [&](const char* key, const auto& given) {
    if (given) out << YAML::Key << key << YAML::Value << *given;
  };
  out << YAML::BeginSeq;
  for (const alerting::AlarmOverride& entry : alarms) {
    out << YAML::Flow << YAML::BeginMap << YAML::Key << "node" << YAML::Value << entry.node;
    put("latching", entry.latching);
    put("delay_ls", entry.delay_ls);
    put("count", entry.count);
    put("essential", entry.essential);
    put("guidance", entry.guidance);
    put("contact", entry.contact);
    out << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

alerting::AlarmSettings alarm_settings(const Configuration& configuration) {
  alerting::AlarmSettings settings{configuration.alarms, configuration.flood_alarms, {}};
  for (const auto& window : configuration.monitors.windows) settings.windows.push_back(window.name);
  if (configuration.monitors.sequential) settings.windows.emplace_back(kSequentialWindow);
  return settings;
}

}  // namespace vigil::app
