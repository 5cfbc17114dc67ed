// Fisher's exact test of two fractions. Pure; thread-safe.
// Tests: tests/monitors/distributions_test.cpp.
#pragma once

#include <cstdint>

namespace vigil::monitors {

// Two-sided p-value that k1 of n1 and k2 of n2 have one fraction, k <= n: with the margins fixed, the probability of
// all tables no likelier than this one (Fisher 1934; scipy's fisher_exact). 1 where a margin is 0. Time grows as the
// standard deviation of k1 with the margins fixed.
double fisher_p_value(std::uint64_t k1, std::uint64_t n1, std::uint64_t k2, std::uint64_t n2);

}  // namespace vigil::monitors
