#include "alerting/alarms.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/pattern.h"

namespace vigil::alerting {
namespace {

constexpr std::array kSeverities = {"ok", "minor", "major"};

// Whether `pattern` names the leaf or a node above it.
bool names(std::string_view pattern, std::string_view leaf) {
  if (matches(pattern, leaf)) return true;
  for (auto slash = leaf.rfind('/'); slash != std::string_view::npos && slash > 0; slash = leaf.rfind('/', slash - 1)) {
    if (matches(pattern, leaf.substr(0, slash))) return true;
  }
  return false;
}

template <class T>
void override_with(T& value, const std::optional<T>& given) {
  if (given) value = *given;
}

template <class T>
void take_key(const nlohmann::json& item, const char* key, std::optional<T>& into) {
  if (const auto found = item.find(key); found != item.end()) into = found->get<T>();
}

}  // namespace

std::string_view to_string(Severity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }

std::optional<Severity> severity_of(std::string_view text) {
  const auto found = std::find(kSeverities.begin(), kSeverities.end(), text);
  if (found == kSeverities.end()) return std::nullopt;
  return static_cast<Severity>(found - kSeverities.begin());
}

Severity severity_of(Quality quality) {
  return quality == Quality::bad ? Severity::major : quality == Quality::medium ? Severity::minor : Severity::ok;
}

AlarmRule AlarmSettings::of(std::string_view node) const {
  AlarmRule rule;
  for (const AlarmOverride& entry : alarms) {
    if (!names(entry.node, node)) continue;
    override_with(rule.latching, entry.latching);
    override_with(rule.delay_ls, entry.delay_ls);
    override_with(rule.count, entry.count);
    override_with(rule.essential, entry.essential);
    override_with(rule.guidance, entry.guidance);
    override_with(rule.contact, entry.contact);
  }
  return rule;
}

bool AlarmSettings::judges(std::string_view window) const {
  return windows.empty() || std::find(windows.begin(), windows.end(), window) != windows.end();
}

nlohmann::ordered_json to_json(const AlarmSettings& settings) {
  nlohmann::ordered_json json = {{"flood_alarms", settings.flood_alarms}, {"windows", settings.windows}};
  json["alarms"] = nlohmann::ordered_json::array();
  for (const AlarmOverride& entry : settings.alarms) {
    nlohmann::ordered_json item = {{"node", entry.node}};
    const auto put_given = [&](const char* key, const auto& given) {
      if (given) item[key] = *given;
    };
    put_given("latching", entry.latching);
    put_given("delay_ls", entry.delay_ls);
    put_given("count", entry.count);
    put_given("essential", entry.essential);
    put_given("guidance", entry.guidance);
    put_given("contact", entry.contact);
    json["alarms"].push_back(std::move(item));
  }
  return json;
}

AlarmSettings alarm_settings(std::string_view text) {
  AlarmSettings settings;
  try {
    const auto json = nlohmann::json::parse(text);
    settings.flood_alarms = json.at("flood_alarms").get<std::uint32_t>();
    settings.windows = json.at("windows").get<std::vector<std::string>>();
    for (const auto& item : json.at("alarms")) {
      AlarmOverride entry;
      entry.node = item.at("node").get<std::string>();
      take_key(item, "latching", entry.latching);
      take_key(item, "delay_ls", entry.delay_ls);
      take_key(item, "count", entry.count);
      take_key(item, "essential", entry.essential);
      take_key(item, "guidance", entry.guidance);
      take_key(item, "contact", entry.contact);
      settings.alarms.push_back(std::move(entry));
    }
  } catch (const nlohmann::json::exception&) {
    return {};
  }
  return settings;
}

std::string node_of(std::string_view model, std::string_view stream, std::string_view monitor) {
  std::string node;
  node.reserve(model.size() + stream.size() + monitor.size() + 2);
  return node.append(model).append("/").append(stream).append("/").append(monitor);
}

bool covers(std::string_view node, std::string_view leaf) {
  return node.empty() || (leaf.starts_with(node) && (leaf.size() == node.size() || leaf[node.size()] == '/'));
}

void AlarmUpdate::add(const JudgedWindow& judged, bool acts_on_it) {
  if (!acts_on_it) return;
  AlarmWindow window{.name = judged.window.name, .readings = {}};
  if (!judged.verdicts.empty()) window.name = judged.verdicts.front().window;  // of sequential rules no window has one
  window.readings.reserve(judged.verdicts.size());
  for (const Verdict& v : judged.verdicts) window.readings.push_back({v.monitor, v.statistic, v.quality});
  if (!window.readings.empty()) windows.push_back(std::move(window));
}

bool Alarm::take(const std::string& window, std::span<const Said> said) {
  bool changes = std::erase_if(verdicts, [&](const AlarmVerdict& v) {
                   return v.window == window && std::none_of(said.begin(), said.end(),
                                                             [&](const Said& s) { return s.statistic == v.statistic; });
                 }) > 0;
  for (const Said& s : said) {
    const bool is_known = s.quality != Quality::unknown;
    const auto found = std::find_if(verdicts.begin(), verdicts.end(), [&](const AlarmVerdict& v) {
      return v.statistic == s.statistic && v.window == window;
    });
    if (found == verdicts.end()) {
      verdicts.push_back({window, std::string(s.statistic), s.quality, is_known});
      changes = true;
      continue;
    }
    changes |= found->known != is_known || (is_known && found->quality != s.quality);
    found->known = is_known;
    if (is_known) found->quality = s.quality;
  }
  return changes;
}

// Nothing known says nothing new; nobody judges it any more: it is ok.
Severity Alarm::judged() const {
  Quality worst = Quality::unknown;
  for (const AlarmVerdict& v : verdicts) worst = std::max(worst, v.quality);
  return worst == Quality::unknown && !verdicts.empty() ? severity : severity_of(worst);
}

bool Alarm::may_raise(std::uint64_t now, bool leaves_ok, const AlarmRule& rule) const {
  if (rule.delay_ls == 0 || left.empty()) return true;
  if (now - left.back() >= rule.delay_ls) return true;
  if (rule.count == 0 || !leaves_ok) return false;
  const auto recent = [&](std::uint64_t at) { return now - at <= rule.delay_ls; };
  return std::count_if(left.begin(), left.end(), recent) >= static_cast<std::ptrdiff_t>(rule.count);
}

bool Alarm::close(std::uint64_t now, std::uint32_t at_run, std::uint32_t at_ls, const AlarmRule& rule) {
  bool changed = false;
  const bool is_known = std::any_of(verdicts.begin(), verdicts.end(), [](const AlarmVerdict& v) { return v.known; });
  if (known != is_known) {
    known = is_known;
    changed = true;
  }
  const Severity next = judged();
  const bool leaves_ok = severity == Severity::ok && next != Severity::ok;
  if (next != severity) {
    changed = true;
    run = at_run;
    ls = at_ls;
    severity = next;
    if (leaves_ok) {
      left.push_back(now);
      // No more than the count asks for, and at least the last: the delay runs from it.
      const std::size_t keep = std::max<std::size_t>(rule.count, 1);
      if (left.size() > keep) left.erase(left.begin(), left.end() - static_cast<std::ptrdiff_t>(keep));
    }
    if (next == Severity::ok && (acknowledged || !rule.latching)) {
      latched = Severity::ok;
      acknowledged = false;
    }
  }
  if (severity > latched && may_raise(now, leaves_ok, rule)) {
    latched = severity;
    acknowledged = false;
    changed = true;
  }
  return changed;
}

bool Alarm::acknowledge() {
  const bool seen = severity != Severity::ok;
  if (latched == severity && acknowledged == seen) return false;
  latched = severity;
  acknowledged = seen;
  return true;
}

}  // namespace vigil::alerting
