// A straight line through values that come one after the other in time: Theil-Sen's slope with Sen's interval,
// Kendall's rank correlation, and whether the values follow a line at all. Used by lifetime.cpp. Pure. Tests:
// tests/monitors/lifetime_test.cpp, tests/contract/lifetime_test.py.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace vigil::monitors {

inline constexpr std::size_t kTrendPoints = 10'000;  // at most: every pair is looked at

struct TheilSenLine {
  double slope = 0;  // median of the slopes of all pairs of two times; per unit of time
  // Sen 1968, eq. 2.6: two of these slopes. None where ties in time and value leave no variance.
  std::optional<double> slope_low, slope_high;
  double intercept = 0;  // median value - slope * median time
  double median_time = 0, median_value = 0;
};
// scipy 1.10 `theilslopes` with method "separate" at the same confidence from 0.5 on; below it scipy takes 1 minus it.
// As many times as values, finite, two different times at least, kTrendPoints at most; confidence in (0, 1).
TheilSenLine theil_sen(std::span<const double> times, std::span<const double> values, double confidence);

struct KendallTau {
  double tau = 0;      // tau-b, -1 to 1
  double p_value = 1;  // two-sided
};
// scipy 1.10 `kendalltau`: exact without ties up to 33 points or next to a perfect order, else normal with the variance
// for ties. None where all times or all values are equal. The same points as above.
std::optional<KendallTau> kendall_tau(std::span<const double> times, std::span<const double> values);

}  // namespace vigil::monitors
