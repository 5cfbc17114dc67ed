// A value in standard deviations from a mean, at most 1e150 of them: its square stays finite, and one wild value does
// not silence a detector for good. Used by the detectors of this folder that are given both. Tests:
// tests/monitors/detector_test.cpp.
#pragma once

#include <algorithm>

#include "monitors/detectors/parameters.h"

namespace vigil::monitors {

struct Standard {
  double mean = 0;
  double sd = 1;
  double operator()(double x) const { return std::clamp((x - mean) / sd, -1e150, 1e150); }
};

inline Standard read_standard(ParameterReader& read) {
  const double mean = read.number("mean", {}, kAnyNumber);
  return {mean, read.number("sd", {}, kPositive)};
}

}  // namespace vigil::monitors
