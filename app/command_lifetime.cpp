// vigil lifetime.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/arrays.h"
#include "app/command.h"
#include "core/error.h"
#include "core/json_text.h"
#include "monitors/lifetime.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

struct LifetimeOptions {
  std::string time, value;
  double limit = 0, confidence = 0.95;
  bool json = false;
};

std::vector<double> read_finite(const std::string& file) {
  std::vector<double> values = reals(read_vector(file));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw Error(file + ": row " + std::to_string(i), fmt::format("{}", values[i]), "a finite number");
  }
  return values;
}

monitors::Lifetime lifetime_of(const LifetimeOptions& o) {
  if (!std::isfinite(o.limit)) throw Error("--limit", fmt::format("{}", o.limit), "a finite number");
  if (!(o.confidence > 0) || !(o.confidence < 1)) {
    throw Error("--confidence", fmt::format("{}", o.confidence), "a number between 0 and 1, both excluded");
  }
  const std::vector<double> times = read_finite(o.time), values = read_finite(o.value);
  if (times.size() != values.size()) {
    throw Error(o.value, std::to_string(values.size()) + " values",
                std::to_string(times.size()) + ", one for each time");
  }
  if (times.size() < monitors::kLifetimePoints || times.size() > monitors::kTrendPoints) {
    throw Error(o.time, std::to_string(times.size()) + " times",
                fmt::format("{} to {}", monitors::kLifetimePoints, monitors::kTrendPoints));
  }
  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  if (*first == *last) throw Error(o.time, "one time only", "two different times at least");
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (!std::isfinite(*last - *first) || !std::isfinite(*most - *least)) {
    throw Error(*last - *first < INFINITY ? o.value : o.time, "numbers too far apart", "differences that are finite");
  }
  return monitors::lifetime(times, values, o.limit, o.confidence);
}

ordered_json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? ordered_json(*value + 0.0) : ordered_json(nullptr);
}

std::string in_words(const std::optional<double>& value) { return value ? fmt::format("{:.6g}", *value) : "-"; }

int run_lifetime(const LifetimeOptions& o) {
  const monitors::Lifetime found = lifetime_of(o);
  const monitors::TheilSenLine& line = found.line;
  const auto tau = found.kendall ? std::optional(found.kendall->tau) : std::nullopt;
  const auto p_value = found.kendall ? std::optional(found.kendall->p_value) : std::nullopt;
  if (o.json) {
    fmt::print("{}\n", line_text({{"n", found.n},
                                  {"slope", number(line.slope)},
                                  {"slope_low", number(line.slope_low)},
                                  {"slope_high", number(line.slope_high)},
                                  {"intercept", number(line.intercept)},
                                  {"kendall_tau", number(tau)},
                                  {"p_value", number(p_value)},
                                  {"lifetime", number(found.mid)},
                                  {"lifetime_low", number(found.low)},
                                  {"lifetime_high", number(found.high)}}));
    return 0;
  }
  fmt::print("{} points, {:g}% intervals\n", found.n, 100 * o.confidence);
  fmt::print("slope      {:.6g} per unit of time, {} to {}\n", line.slope, in_words(line.slope_low),
             in_words(line.slope_high));
  fmt::print("intercept  {:.6g}\n", line.intercept);
  fmt::print("kendall    tau {}, p-value {}\n", in_words(tau), in_words(p_value));
  fmt::print("lifetime   {} after the last time, {} to {}\n", in_words(found.mid), in_words(found.low),
             in_words(found.high));
  if (!found.mid) fmt::print("           no date: no line towards the limit, or beyond twice the time observed\n");
  return 0;
}

}  // namespace

Command lifetime_command() {
  const auto o = std::make_shared<LifetimeOptions>();
  return {"lifetime",
          "how long a value that drifts stays within a limit",
          "vigil lifetime --time t.npy --value y.npy --limit 0.2 --json",
          {{"--time", &o->time, "1-D .npy, 5 times or more", Presence::required},
           {"--value", &o->value, "1-D .npy, a value for each time", Presence::required},
           {"--limit", &o->limit, "the value that must not be reached", Presence::required},
           {"--confidence", &o->confidence, "of the intervals (default: 0.95)"},
           {"--json", &o->json, "one JSON document"}},
          [o] { return run_lifetime(*o); }};
}

}  // namespace vigil::app
