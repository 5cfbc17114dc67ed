// vigil statistics.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "core/error.h"
#include "core/json_text.h"
#include "fpga_model/package/npy.h"
#include "monitors/sample_statistics.h"

namespace vigil::app {
namespace {

struct StatisticsOptions {
  std::string reference, sample;
  std::optional<std::uint32_t> bins;
  bool json = false;
};

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

}  // namespace

Command statistics_command() {
  const auto o = std::make_shared<StatisticsOptions>();
  return {"statistics",
          "every statistic on two samples",
          "vigil statistics --reference a.npy --sample b.npy --json",
          {{"--reference", &o->reference, "1-D .npy", Presence::required},
           {"--sample", &o->sample, "1-D .npy", Presence::required},
           {"--bins",
            &o->bins,
            "equal-width bins over both samples (default: none)",
            Presence::optional,
            {},
            {{1, 1 << 20}}},
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_statistics(*o); }};
}

}  // namespace vigil::app
