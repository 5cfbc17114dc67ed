// Confidence intervals for counts (Garwood for a Poisson mean, Clopper-Pearson and Wilson for a fraction) and
// chi-squared tails; all but Wilson's exact. Pure functions; alpha is the total probability outside, shared equally by
// both sides. Sources: Garwood 1936; Clopper, Pearson 1934.
// Tests: tests/monitors/distributions_test.cpp.
#pragma once

#include <cstdint>

namespace vigil::monitors {

struct Interval {
  double low = 0;
  double high = 0;
};

// Poisson mean given `count` observed, to 1e-12; low is 0 for 0 observed. alpha in (0, 1).
Interval garwood(std::uint64_t count, double alpha);
// Fraction given `successes` of `trials`; [0, 1] for no trials. successes <= trials.
Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, double alpha);
// The same by the score test's normal limit (Wilson 1927). trials > 0.
Interval wilson(std::uint64_t successes, std::uint64_t trials, double alpha);
// Ratio of two Poisson means per exposure, (a / exposure_a) / (b / exposure_b), given counts a and b: Clopper-Pearson
// on a of a + b (Przyborowski, Wilenski 1940). high is infinite for b = 0. Exposures > 0.
Interval rate_ratio(std::uint64_t a, double exposure_a, std::uint64_t b, double exposure_b, double alpha);
// Two-sided p-value that both means per exposure are equal: twice the smaller tail, at most 1.
double rate_ratio_p_value(std::uint64_t a, double exposure_a, std::uint64_t b, double exposure_b);

// Upper tail of the chi-squared distribution, and the value with that tail. degrees = 0: 1, and infinity.
double chi_squared_p_value(double value, double degrees);
double chi_squared_at(double p_value, double degrees);

}  // namespace vigil::monitors
