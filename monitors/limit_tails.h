// Upper tails of the distributions that test statistics have in the limit of many events, to any depth: each a p-value
// with its logarithm. Pure functions; the first call of a quadratic form makes its table, once, whatever the thread.
// Tests: tests/monitors/limit_tails_test.cpp.
#pragma once

#include "monitors/tail.h"

namespace vigil::monitors {

// Chi-squared with `degrees` >= 0; 0 degrees: 1. Boost.Math's incomplete gamma to 1e-300, beyond it the continued
// fraction of Legendre in logarithms.
Tail chi_squared_tail(double value, double degrees);

// P(|Z| >= z) of the standard normal; 1 for z <= 0.
Tail normal_two_sided_tail(double z);

// P(sum of Z_k^2 / (k pi)^2 >= x), the limit of Cramer-von Mises' statistic (Smirnov 1936; Csorgo, Faraway 1996).
// 1 for x <= 0. To 1e-9 relative, its logarithm too.
Tail cramer_von_mises_tail(double x);

// P(sum of Z_k^2 / (k (k + 1)) >= x), the limit of Anderson-Darling's statistic (Anderson, Darling 1952). 1 for x <= 0.
// To 1e-9 relative, its logarithm too.
Tail anderson_darling_tail(double x);

}  // namespace vigil::monitors
