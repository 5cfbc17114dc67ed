// The rate of a seed against its threshold, as a file of its own: curve with its interval on a logarithmic axis,
// target, thresholds compatible with it, current threshold. Used by `vigil rate-curve --svg`. Pure. Tests:
// tests/shift/svg_rate_curve_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shift/documents/outlook.h"

namespace vigil::shift {

struct RateCurveFigure {
  std::string title;  // what a reader who does not see it is told; the caption too
  RateCurve curve;
  std::optional<std::int64_t> current;  // threshold
};

// A whole SVG document with its own style. The lowest rate drawn is a tenth of the smallest above 0.
std::string svg_rate_curve(const RateCurveFigure& figure);

}  // namespace vigil::shift
