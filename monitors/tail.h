// The upper tail of a null distribution: a p-value and its logarithm, which goes on where the p-value underflows to 0.
// Tests: tests/monitors/distributions_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>

namespace vigil::monitors {

struct Tail {
  double p = 1;      // 0 to 1
  double log_p = 0;  // natural logarithm, at most 0
};

inline Tail tail_of_log(double log_p) {
  const double l = std::min(log_p, 0.0);
  return {std::exp(l), l};
}
// `below` = 1 - p, exact where p is near 1.
inline Tail tail_of_complement(double below) {
  const double q = std::clamp(below, 0.0, 1.0);
  return {1 - q, std::log1p(-q)};
}
inline Tail tail_of(double p) {
  const double clipped = std::clamp(p, 0.0, 1.0);
  return {clipped, std::log(clipped)};
}

}  // namespace vigil::monitors
