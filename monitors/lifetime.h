// How long a value that drifts stays within a limit (docs/thresholds.md). Used by `vigil lifetime` and by the lifetime
// lines of a stream. Pure.
// Tests: tests/monitors/lifetime_test.cpp, tests/contract/lifetime_test.py.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "monitors/trend.h"

namespace vigil::monitors {

inline constexpr std::size_t kLifetimePoints = 5;  // at least

// Times after the last one; none where it is not said.
struct Lifetime {
  std::size_t n = 0;
  TheilSenLine line;
  std::optional<KendallTau> kendall;
  std::optional<double> low, mid, high;
};

// When the line through the values reaches `limit`: at mid by its slope, at low by the steeper and at high by the
// flatter end of the slope's interval through the same medians; 0 where that is past. Where the interval holds 0 or
// the slope leads away from the limit, and where the values are no line (line_p_value below kNoLine: a step, a drift
// that levels off), only low is said. Nothing is said beyond twice the span of the times: mid and high are none there,
// low that much. Needs finite numbers, as many times as values, kLifetimePoints to kTrendPoints, two different times.
inline constexpr double kNoLine = 0.003;
Lifetime lifetime(std::span<const double> times, std::span<const double> values, double limit, double confidence);

}  // namespace vigil::monitors
