// vigil statistics, vigil list.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "alerting/sinks.h"
#include "app/commands.h"
#include "core/error.h"
#include "core/json_text.h"
#include "fpga_model/formats.h"
#include "fpga_model/npy.h"
#include "monitors/sample_statistics.h"
#include "monitors/statistics.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

fpga_model::NpyArray read_sample(const std::string& file) {
  auto array = fpga_model::read_npy(file);
  if (array.shape.size() != 1) {
    throw Error(file, "an array of " + std::to_string(array.shape.size()) + " dimensions", "1");
  }
  return array;
}

std::vector<double> reals(const fpga_model::NpyArray& array) {
  return array.is_integer ? std::vector<double>(array.integers.begin(), array.integers.end()) : array.reals;
}

ordered_json number(const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(nullptr); }

}  // namespace

int run_statistics(const StatisticsOptions& options) {
  const auto reference = read_sample(options.reference);
  const auto sample = read_sample(options.sample);
  const std::size_t bins = options.bins.value_or(0);
  // Integers stay integers where both are; a mixed pair is compared as real values.
  const auto readings = reference.is_integer && sample.is_integer
                            ? monitors::compare_samples(reference.integers, sample.integers, bins)
                            : monitors::compare_samples(std::span<const double>(reals(reference)),
                                                        std::span<const double>(reals(sample)), bins);
  if (options.json) {
    ordered_json out = ordered_json::object();
    for (const auto& reading : readings) {
      ordered_json& entry = out[reading.name];
      entry["value"] = number(reading.value);
      entry["p_value"] = number(reading.p_value);
      for (const auto& [key, value] : reading.extra) entry[key] = value;
      if (!reading.value) entry["reason"] = reading.reason;
    }
    fmt::print("{}\n", out.dump());
    return 0;
  }
  fmt::print("{:<12} {:>16} {:>16}\n", "statistic", "value", "p-value");
  for (const auto& reading : readings) {
    fmt::print("{:<12} {:>16} {:>16}", reading.name, reading.value ? fmt::format("{:.9g}", *reading.value) : "-",
               reading.p_value ? fmt::format("{:.4g}", *reading.p_value) : "-");
    for (const auto& [key, value] : reading.extra) fmt::print("  {} {:.9g}", key, value);
    fmt::print("{}\n", reading.value ? "" : "  " + reading.reason);
  }
  return 0;
}

int run_list(bool json) {
  ordered_json out;
  const auto add = [&](const char* group, std::string_view name, std::string_view text) {
    out[group].push_back({{"name", name}, {"summary", text}});
  };
  for (const auto& entry : monitors::statistics()) add("statistics", entry.name, entry.summary);
  for (const auto& entry : fpga_model::formats()) add("model_formats", entry.name, entry.description);
  add("sources", "zeromq", "SUB sockets, msgpack batches (docs/wire_format.md)");
  add("sources", "recording", "files and folders written by --record (docs/recording.md)");
  for (const auto& entry : alerting::sink_catalogue()) add("sinks", entry.name, entry.text);
  if (json) {
    fmt::print("{}\n", out.dump());
    return 0;
  }
  for (const auto& [group, entries] : out.items()) {
    fmt::print("{}\n", group);
    for (const auto& entry : entries) {
      fmt::print("  {:<14} {}\n", entry["name"].get<std::string>(), entry["summary"].get<std::string>());
    }
  }
  return 0;
}

}  // namespace vigil::app
