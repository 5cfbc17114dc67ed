// vigil statistics.
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/arrays.h"
#include "app/command.h"
#include "app/statistics_counts.h"
#include "core/error.h"
#include "core/json_text.h"
#include "fpga_model/package/npy.h"
#include "monitors/sample_statistics.h"

namespace vigil::app {
namespace {

struct StatisticsOptions {
  std::optional<std::string> reference, sample;
  std::optional<std::uint32_t> bins;
  std::optional<std::string> reference_weights, sample_weights;
  std::optional<std::string> reference_count, sample_count;
  double confidence = 0.95;
  bool json = false;
};

using nlohmann::ordered_json;

// A weight for each of `n` values.
std::vector<double> read_weights(const std::string& file, std::size_t n) {
  const auto array = read_vector(file);
  if (array.shape[0] != n) {
    throw Error(file, std::to_string(array.shape[0]) + " weights", std::to_string(n) + ", one for each value");
  }
  std::vector<double> weights = reals(array);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] >= 0 && std::isfinite(weights[i])) continue;
    throw Error(file + ": row " + std::to_string(i), "weight " + fmt::format("{}", weights[i]),
                "a finite number, at least 0");
  }
  return weights;
}

monitors::SampleComparison compare_arrays(const StatisticsOptions& options) {
  const auto reference = read_vector(*options.reference);
  const auto sample = read_vector(*options.sample);
  const auto weights_of = [](const std::optional<std::string>& file, std::size_t n) {
    return file ? std::optional(read_weights(*file, n)) : std::nullopt;
  };
  const auto v = weights_of(options.reference_weights, reference.rows());
  const auto w = weights_of(options.sample_weights, sample.rows());
  const auto compare = [&](const auto& a, const auto& b) {
    const std::span first(a), second(b);
    return v || w ? monitors::compare_weighted(first, second, v, w)
                  : monitors::compare_samples(first, second, options.bins.value_or(0));
  };
  // Integers stay integers where both are; a mixed pair is compared as real values.
  if (reference.is_integer && sample.is_integer) return compare(reference.integers, sample.integers);
  const std::vector<double> a = reals(reference), b = reals(sample);
  return compare(a, b);
}

ordered_json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? ordered_json(*value + 0.0) : ordered_json(nullptr);
}

ordered_json in_json(const monitors::SampleComparison& comparison) {
  const auto counts = [](const monitors::SampleCounts& c) {
    return ordered_json{
        {"n", c.n}, {"nan", c.nan}, {"minus_infinity", c.minus_infinity}, {"plus_infinity", c.plus_infinity}};
  };
  ordered_json out = {
      {"reference", counts(comparison.reference)}, {"sample", counts(comparison.sample)}, {"cells", comparison.cells}};
  for (const auto& reading : comparison.readings) {
    ordered_json entry = {{"value", number(reading.value)},
                          {"p_value", number(reading.p_value)},
                          {"log_p_value", number(reading.log_p_value)}};
    const auto& [name, value, is_whole] = reading.extra;
    if (!name.empty()) {
      put(entry, std::string(name), is_whole ? ordered_json(static_cast<std::int64_t>(value)) : number(value));
    }
    if (!reading.residuals.empty()) {
      ordered_json residuals = ordered_json::array();
      for (const double r : reading.residuals) residuals.push_back(number(r));
      put(entry, "residuals", std::move(residuals));
    }
    if (!reading.value) put(entry, "reason", std::string(reading.reason));
    put(out, std::string(reading.name), std::move(entry));
  }
  return out;
}

void print_readings(const monitors::SampleComparison& comparison) {
  const auto side = [](const char* name, const monitors::SampleCounts& c) {
    fmt::print("{:<12} {} values, {} NaN, {} below and {} above all numbers\n", name, c.n, c.nan, c.minus_infinity,
               c.plus_infinity);
  };
  side("reference", comparison.reference);
  side("sample", comparison.sample);
  fmt::print("{:<12} {:>16} {:>16}\n", "statistic", "value", "p-value");
  for (const auto& reading : comparison.readings) {
    fmt::print("{:<12} {:>16} {:>16}", reading.name, reading.value ? fmt::format("{:.9g}", *reading.value) : "-",
               reading.p_value ? fmt::format("{:.4g}", *reading.p_value) : "-");
    if (!reading.extra.name.empty()) fmt::print("  {} {:.9g}", reading.extra.name, reading.extra.value);
    fmt::print("{}{}\n", reading.value ? "" : "  ", reading.value ? "" : reading.reason);
  }
}

void print_counts(const ordered_json& out) {
  for (const auto& [name, entry] : out.items()) {
    if (entry.is_null()) {
      fmt::print("{} -\n", name);
      continue;
    }
    for (const auto& [key, value] : entry.items()) fmt::print("{} {} {}\n", name, key, line_text(value));
  }
}

int run_counts(const StatisticsOptions& o) {
  if (o.reference || o.sample || o.bins || o.reference_weights || o.sample_weights) {
    throw Error("vigil statistics", "counts together with arrays", "one or the other");
  }
  if (!o.reference_count || !o.sample_count) {
    throw Error("vigil statistics", "a count of one side", "--reference-count and --sample-count");
  }
  if (!(o.confidence > 0) || !(o.confidence < 1)) {
    throw Error("--confidence", fmt::format("{}", o.confidence), "a number between 0 and 1, both excluded");
  }
  const ordered_json out = compare_counts(read_count("--reference-count", *o.reference_count),
                                          read_count("--sample-count", *o.sample_count), o.confidence);
  if (o.json) {
    fmt::print("{}\n", line_text(out));
  } else {
    print_counts(out);
  }
  return 0;
}

int run_statistics(const StatisticsOptions& o) {
  if (o.reference_count || o.sample_count) return run_counts(o);
  if (!o.reference || !o.sample) {
    throw Error("vigil statistics", "nothing to compare",
                "--reference and --sample, or --reference-count and --sample-count");
  }
  if (o.bins && (o.reference_weights || o.sample_weights)) {
    throw Error("vigil statistics", "--bins together with weights", "one or the other");
  }
  const auto comparison = compare_arrays(o);
  if (o.json) {
    fmt::print("{}\n", line_text(in_json(comparison)));
  } else {
    print_readings(comparison);
  }
  return 0;
}

}  // namespace

Command statistics_command() {
  const auto o = std::make_shared<StatisticsOptions>();
  return {"statistics",
          "every statistic on two samples, or on two counts",
          "vigil statistics --reference a.npy --sample b.npy --json",
          {{"--reference", &o->reference, "1-D .npy"},
           {"--sample", &o->sample, "1-D .npy"},
           {"--bins",
            &o->bins,
            "equal-width bins over both samples (default: none)",
            Presence::optional,
            {},
            {{1, 1 << 20}}},
           {"--weights-reference", &o->reference_weights, "1-D .npy, a weight for each value of the reference"},
           {"--weights-sample", &o->sample_weights, "1-D .npy, a weight for each value of the sample"},
           {"--reference-count", &o->reference_count, "K,E: K events in exposure E, instead of samples"},
           {"--sample-count", &o->sample_count, "K,E of the sample"},
           {"--confidence", &o->confidence, "of the intervals of counts (default: 0.95)"},
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_statistics(*o); }};
}

}  // namespace vigil::app
