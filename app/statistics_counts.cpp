#include "app/statistics_counts.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

#include "core/error.h"
#include "core/shown.h"
#include "monitors/fisher.h"
#include "monitors/intervals.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;
using namespace monitors;

template <class T>
bool read_number(std::string_view text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

// Exposure as a number of trials, where it is one.
bool are_trials(const CountOfExposure& c) {
  return c.exposure == std::floor(c.exposure) && c.exposure < 0x1p63 &&
         static_cast<std::uint64_t>(c.exposure) >= c.count;
}
std::uint64_t trials(const CountOfExposure& c) { return static_cast<std::uint64_t>(c.exposure); }

ordered_json ratio(double numerator, double denominator) {
  const double value = numerator / denominator;
  return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr);
}

ordered_json fisher(const CountOfExposure& reference, const CountOfExposure& sample) {
  if (!are_trials(reference) || !are_trials(sample)) return nullptr;
  const auto failures = [](const CountOfExposure& c) { return static_cast<double>(trials(c) - c.count); };
  const double k1 = static_cast<double>(reference.count), k2 = static_cast<double>(sample.count);
  return {{"value", ratio(k2 * failures(reference), failures(sample) * k1)},
          {"p_value", fisher_p_value(reference.count, trials(reference), sample.count, trials(sample))}};
}

ordered_json intervals(const CountOfExposure& c, double alpha) {
  const auto both = [](const Interval& i) { return ordered_json::array({i.low, i.high}); };
  const bool binomial = are_trials(c);
  return {{"clopper_pearson", binomial ? both(clopper_pearson(c.count, trials(c), alpha)) : ordered_json(nullptr)},
          {"wilson", binomial ? both(wilson(c.count, trials(c), alpha)) : ordered_json(nullptr)},
          {"garwood", both(garwood(c.count, alpha))}};
}

}  // namespace

CountOfExposure read_count(const std::string& option, const std::string& text) {
  const auto comma = text.find(',');
  CountOfExposure result;
  std::int64_t count = -1;
  if (comma == std::string::npos || !read_number(std::string_view(text).substr(0, comma), count) || count < 0) {
    throw Error(option, "'" + shown(text) + "'", "K,E with K a whole number of events, at least 0");
  }
  result.count = static_cast<std::uint64_t>(count);
  if (!read_number(std::string_view(text).substr(comma + 1), result.exposure) || !std::isfinite(result.exposure) ||
      !(result.exposure > 0)) {
    throw Error(option, "'" + shown(text) + "'", "K,E with E an exposure above 0");
  }
  return result;
}

ordered_json compare_counts(const CountOfExposure& reference, const CountOfExposure& sample, double confidence) {
  const double alpha = 1 - confidence;
  const double p_value = rate_ratio_p_value(sample.count, sample.exposure, reference.count, reference.exposure);
  const ordered_json value = ratio(static_cast<double>(sample.count) / sample.exposure,
                                   static_cast<double>(reference.count) / reference.exposure);
  return {{"two_poisson", {{"value", value}, {"p_value", p_value}}},
          {"fisher", fisher(reference, sample)},
          {"reference", intervals(reference, alpha)},
          {"sample", intervals(sample, alpha)}};
}

}  // namespace vigil::app
