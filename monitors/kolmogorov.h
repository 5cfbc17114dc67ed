// Null distributions of the Kolmogorov-Smirnov statistic, p-values with their logarithms: exact for two samples, exact
// and limiting for one. Used by the ks statistic and compare_samples. Pure functions; continuous data assumed (ties
// make the p-value too large).
// Tests: tests/monitors/distributions_test.cpp.
#pragma once

#include <cstdint>

#include "monitors/tail.h"

namespace vigil::monitors {

// P(D >= numerator / lcm(n1, n2)) for two samples of n1 and n2 >= 1 events; numerator = D * lcm(n1, n2), exact in
// integers. Exact by path counting (Hodges 1957, Ark. Mat. 3, 469) in O(n1 * n2) where the larger sample has at most
// 10,000 events; else the one-sample distribution at round(n1 n2 / (n1 + n2)) events, as scipy.stats.ks_2samp.
// Where that one says 0 although log p exists (D = 1), log p is that of the path count.
Tail ks_two_sample_tail(std::uint64_t n1, std::uint64_t n2, std::uint64_t numerator);

// P(D_n >= d) of one sample of n >= 1 events. Simard, L'Ecuyer 2011 (J. Stat. Softw. 39:11), with the choices of
// scipy.stats.kstwo. D_n = 1: p = 0, without a finite logarithm.
Tail ks_one_sample_tail(double n, double d);

// P(sqrt(n) D_n >= x), n to infinity (Kolmogorov 1933).
Tail kolmogorov_tail(double x);
double kolmogorov_p_value(double x);
// The x whose p-value is p, for p in (0, 1).
double kolmogorov_at(double p);

}  // namespace vigil::monitors
