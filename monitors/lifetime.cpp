#include "monitors/lifetime.h"

#include <algorithm>

#include "monitors/straightness.h"

namespace vigil::monitors {

Lifetime lifetime(std::span<const double> times, std::span<const double> values, double limit, double confidence) {
  Lifetime out;
  out.n = times.size();
  out.line = theil_sen(times, values, confidence);
  out.kendall = kendall_tau(times, values);
  const TheilSenLine& line = out.line;
  if (!line.slope_low || !line.slope_high) return out;

  const auto [first, last] = std::minmax_element(times.begin(), times.end());
  const double said = 2 * (*last - *first);
  // The distance to the limit and slopes, both positive towards it.
  const double towards = limit < line.median_value ? -1 : 1;
  const double distance = towards * (limit - line.median_value);
  const double low_slope = std::min(towards * *line.slope_low, towards * *line.slope_high);
  const double high_slope = std::max(towards * *line.slope_low, towards * *line.slope_high);
  const auto after_last = [&](double slope) { return std::max(line.median_time + distance / slope - *last, 0.0); };
  if (high_slope > 0) out.low = std::min(after_last(high_slope), said);
  if (!(low_slope > 0) || line_p_value(times, values, line.slope) < kNoLine) return out;
  const auto within = [&](double time) { return time <= said ? std::optional(time) : std::nullopt; };
  out.mid = within(after_last(towards * line.slope));
  out.high = within(after_last(low_slope));
  return out;
}

}  // namespace vigil::monitors
