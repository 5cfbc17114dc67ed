#include "monitors/limits_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"
#include "monitors/detector.h"
#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

using nlohmann::ordered_json;
constexpr const char* kFormat = "vigil-limits";
constexpr int kVersion = 1;

ordered_json number(const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(); }

double size(const ordered_json& value, const std::string& where, const std::string& key) {
  const double number = value.is_number() ? value.get<double>() : NAN;
  if (!(number >= 0) || !std::isfinite(number))
    throw Error(where, "'" + key + "' " + shown(value.dump()), "a number >= 0");
  return number;
}

CalibratedRule rule_from(const ordered_json& entry, const std::string& where) {
  CalibratedRule rule;
  rule.window = entry.at("window").get<std::string>();
  rule.monitor = entry.at("monitor").get<std::string>();
  rule.statistic = entry.at("statistic").get<std::string>();
  const std::string place = where + ": " + shown(rule.window) + " " + shown(rule.monitor) + " " + shown(rule.statistic);
  rule.medium = size(entry.at("medium"), place, "medium");
  rule.bad = size(entry.at("bad"), place, "bad");
  if (rule.bad < rule.medium) throw Error(place, "bad below medium", "medium <= bad");
  entry.at("windows").get_to(rule.windows);
  rule.largest = size(entry.at("largest"), place, "largest");
  for (std::size_t i = 0; i < rule.pages_per_week.size(); ++i) {
    rule.pages_per_week[i] = size(entry.at("pages_per_week").at(i), place, "pages_per_week");
  }
  const auto time = [&](const char* key) -> std::optional<double> {
    const ordered_json& value = entry.at("time_to_detect_ls").at(key);
    if (value.is_null()) return {};
    return size(value, place, "time_to_detect_ls");
  };
  rule.medium_ls = time("medium");
  rule.bad_ls = time("bad");
  return rule;
}

}  // namespace

std::string to_json(const LimitsFile& f) {
  ordered_json ranges = ordered_json::array(), rules = ordered_json::array();
  for (const ReferenceRange& r : f.ranges) ranges.push_back({r.run, r.first_ls, r.last_ls});
  for (const CalibratedRule& r : f.rules) {
    rules.push_back({{"window", r.window},
                     {"monitor", r.monitor},
                     {"statistic", r.statistic},
                     {"medium", r.medium},
                     {"bad", r.bad},
                     {"windows", r.windows},
                     {"largest", r.largest},
                     {"pages_per_week", r.pages_per_week},
                     {"time_to_detect_ls", {{"medium", number(r.medium_ls)}, {"bad", number(r.bad_ls)}}}});
  }
  return line_text({{"format", kFormat},
                    {"version", kVersion},
                    {"model", f.model},
                    {"model_hash", f.model_hash},
                    {"stream", f.stream},
                    {"reference_sha256", f.reference_sha256},
                    {"ranges", std::move(ranges)},
                    {"budget", {{"page", f.page}, {"warn", f.warn}}},
                    {"limits", std::move(rules)}});
}

LimitsFile limits_from_json(std::string_view text, const std::string& where) {
  const ordered_json in = ordered_json::parse(text, nullptr, false);
  if (in.is_discarded()) throw Error(where, "not JSON", "limits made by `vigil calibrate`");
  LimitsFile f;
  try {
    const auto expect = [&](const char* key, const ordered_json& value) {
      const ordered_json& found = in.at(key);
      if (found != value) throw Error(where, std::string(key) + " " + shown(found.dump()), value.dump());
    };
    expect("format", kFormat);
    expect("version", kVersion);
    in.at("model").get_to(f.model);
    in.at("model_hash").get_to(f.model_hash);
    in.at("stream").get_to(f.stream);
    in.at("reference_sha256").get_to(f.reference_sha256);
    for (const ordered_json& r : in.at("ranges")) {
      f.ranges.push_back({r.at(0).get<std::uint32_t>(), r.at(1).get<std::uint32_t>(), r.at(2).get<std::uint32_t>()});
    }
    in.at("budget").at("page").get_to(f.page);
    in.at("budget").at("warn").get_to(f.warn);
    std::set<std::tuple<std::string, std::string, std::string>> names;
    for (const ordered_json& entry : in.at("limits")) {
      f.rules.push_back(rule_from(entry, where));
      const CalibratedRule& r = f.rules.back();
      if (!names.insert({r.window, r.monitor, r.statistic}).second) {
        throw Error(where, "two limits for " + shown(r.window) + " " + shown(r.monitor) + " " + shown(r.statistic),
                    "one");
      }
    }
  } catch (const ordered_json::exception& error) {
    throw Error(where, error.what(), "limits made by `vigil calibrate`");
  }
  return f;
}

CalibratedLimits applied(const LimitsFile& limits, const ModelInfo& model, const MonitorSettings& given,
                         const std::string& where) {
  MonitorSettings settings = given;
  settings.judge_fits = true;  // whether there are fits is the reference's matter, and the limits are of one
  std::set<std::tuple<std::string, std::string, std::string>> known;
  const auto add = [&](const std::string& window) {
    for (const Rule& rule : make_rules(model, settings, window)) {
      const std::string_view statistic =
          window == kSequentialWindow ? sequential_statistic(rule.subject.target) : rule.statistic->name;
      known.insert({window, rule.monitor, std::string(statistic)});
    }
  };
  for (const WindowSettings& window : settings.windows) add(window.name);
  add(kSequentialWindow);
  CalibratedLimits result{limits.model, limits.stream, {}};
  for (const CalibratedRule& rule : limits.rules) {
    if (!known.contains({rule.window, rule.monitor, rule.statistic})) {
      throw Error(where, "a limit for " + shown(rule.window) + " " + shown(rule.monitor) + " " + shown(rule.statistic),
                  "rules that model " + shown(model.name) + " has with these windows and statistics");
    }
    result.rules.push_back(rule);
  }
  return result;
}

}  // namespace vigil::monitors
