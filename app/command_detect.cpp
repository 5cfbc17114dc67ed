// vigil detect.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/arrays.h"
#include "app/command.h"
#include "core/error.h"
#include "core/json_text.h"
#include "fpga_model/package/npy.h"
#include "monitors/detectors/detection.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

struct DetectOptions {
  std::string detector, input;
  std::vector<std::string> set;
  std::uint32_t warm_up = 1000;
  std::optional<std::string> trace;
  bool json = false;
};

const monitors::DetectorEntry& entry_of(const std::string& name) {
  if (const auto* entry = monitors::find_detector(name)) return *entry;
  std::string all;
  for (const auto& entry : monitors::detectors()) all += (all.empty() ? "" : ", ") + std::string(entry.name);
  throw Error("vigil detect", "unknown detector '" + shown(name) + "'", "one of " + all);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// true|false, a number, numbers with commas between, @FILE.npy of one or two dimensions; a word else.
monitors::Parameter parameter(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (text.starts_with('@')) {
    const std::string file = text.substr(1);
    auto array = fpga_model::read_npy(file);
    const auto shape = array.shape;
    if (shape.empty() || shape.size() > 2) {
      throw Error(file, "an array of " + std::to_string(shape.size()) + " dimensions", "1 or 2");
    }
    auto values = reals(std::move(array));
    if (shape.size() == 1) return values;
    return monitors::Table{std::move(values), shape[1]};
  }
  if (const auto value = number(text)) return *value;
  std::vector<double> list;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const auto value = number(rest.substr(0, comma));
    if (!value) return text;
    list.push_back(*value);
    if (comma == std::string_view::npos) return list;
    rest.remove_prefix(comma + 1);
  }
}

monitors::Parameters parameters_of(const std::vector<std::string>& settings) {
  monitors::Parameters parameters;
  for (const std::string& setting : settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) throw Error("--set", "'" + shown(setting) + "'", "key=value");
    const std::string key = setting.substr(0, equals);
    if (!parameters.emplace(key, parameter(setting.substr(equals + 1))).second) {
      throw Error("--set", "'" + shown(key) + "' twice", "each key once");
    }
  }
  return parameters;
}

// Whole or not at all.
void write_trace(const std::string& path, const std::vector<double>& trace) {
  std::error_code ignored;
  const auto type = std::filesystem::status(path, ignored).type();
  if (type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::regular) {
    throw Error(path, "not a file", "a file to write or to replace");
  }
  const std::string next = path + ".new";
  try {
    fpga_model::write_npy(next, trace, {trace.size()});
    std::filesystem::rename(next, path);
  } catch (const std::filesystem::filesystem_error& error) {
    std::remove(next.c_str());
    throw Error(path, "cannot be replaced: " + error.code().message());
  } catch (const Error&) {
    std::remove(next.c_str());
    throw;
  }
}

std::string json_of(const std::string& name, const monitors::Detection& found) {
  ordered_json alarms = ordered_json::array(), changes = ordered_json::array(), state = ordered_json::object();
  for (const monitors::Alarm& alarm : found.alarms) {
    alarms.push_back(alarm.at);
    changes.push_back(alarm.change_point);
  }
  for (const auto& [key, value] : found.facts) state[key] = std::isfinite(value) ? ordered_json(value) : ordered_json();
  return line_text({{"detector", name},
                    {"n", found.n},
                    {"nan", found.nan},
                    {"alarms", std::move(alarms)},
                    {"change_points", std::move(changes)},
                    {"warnings", found.warnings},
                    {"state", std::move(state)}});
}

int run_detect(const DetectOptions& options) {
  const auto& entry = entry_of(options.detector);
  monitors::Parameters parameters = parameters_of(options.set);
  auto array = fpga_model::read_npy(options.input);
  if (array.shape.empty() || array.shape.size() > 2) {
    throw Error(options.input, "an array of " + std::to_string(array.shape.size()) + " dimensions", "1 or 2");
  }
  const std::size_t columns = array.shape.size() == 2 ? array.shape[1] : 0;
  const bool rows_without_values = array.shape.size() == 2 && columns == 0;
  if (rows_without_values) throw Error(options.input, "rows of nothing", "values");
  const std::vector<double> values = reals(std::move(array));
  const monitors::Detection found = monitors::detect(entry, std::move(parameters), {values, columns, options.input},
                                                     options.warm_up, options.trace.has_value());
  if (options.trace) write_trace(*options.trace, found.trace);
  if (options.json) {
    fmt::print("{}\n", json_of(options.detector, found));
    return 0;
  }
  fmt::print("{}: {} values, {} of them NaN, {} alarms\n", options.detector, found.n, found.nan, found.alarms.size());
  for (const auto& [key, value] : found.facts) fmt::print("  {:<10} {:.9g}\n", key, value);
  if (!found.warnings.empty()) {
    fmt::print("  {} values in the warning zone, the first at {}\n", found.warnings.size(), found.warnings.front());
  }
  for (const monitors::Alarm& alarm : found.alarms) {
    fmt::print("  alarm at {}, change since {}\n", alarm.at, alarm.change_point);
  }
  return 0;
}

}  // namespace

Command detect_command() {
  const auto o = std::make_shared<DetectOptions>();
  return {"detect",
          "a sequential detector over a row of values",
          "vigil detect cusum --input x.npy --set h=10 --json",
          {{"NAME", &o->detector, "detector, see vigil list", Presence::required},
           {"--input", &o->input, ".npy of n values, or of [n, 2] rows", Presence::required},
           {"--set", &o->set, "parameter, key=value; a list is 1,2,3 or @FILE.npy"},
           {"--warmup", &o->warm_up, "values that missing parameters are taken from, not judged (default 1000)"},
           {"--trace", &o->trace, "where to write the statistic after each value (.npy)"},
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_detect(*o); }};
}

}  // namespace vigil::app
