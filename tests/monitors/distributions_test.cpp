#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "monitors/fisher.h"
#include "monitors/intervals.h"
#include "monitors/kolmogorov.h"

namespace vigil::monitors {
namespace {

void expect_relative(double value, double expected, double tolerance) {
  EXPECT_NEAR(value, expected, std::max(std::abs(expected) * tolerance, 1e-300)) << "expected " << expected;
}

// scipy.stats.kstwo.sf(d, n), scipy 1.10.1
TEST(Kolmogorov, OneSampleAgreesWithScipy) {
  const double golden[][3] = {{10, 0.3, 0.27053557479999946},
                              {50, 0.05, 0.9990238098461883},
                              {50, 0.2, 0.03143877776953241},
                              {140, 0.1, 0.11353657290090946},
                              {141, 0.1, 0.11128445516467944},
                              {1000, 0.02, 0.8108971656895577},
                              {1000, 0.05, 0.013012074781090332},
                              {1000, 0.2, 1.5528629204250538e-35},
                              {100000, 0.001, 0.9999638407940036},
                              {100000, 0.003, 0.3284563327726956},
                              {2000000, 0.001, 0.03660662431970485},
                              {2000000, 0.0015, 0.00024657290508461606},
                              {7, 0.07, 1.0},
                              {5, 0.9, 1.9999999999999978e-05},
                              {300, 0.0021, 1.0},
                              {20, 0.6, 2.0483011649719853e-07}};
  for (const auto& [n, d, p] : golden) {
    SCOPED_TRACE(n);
    expect_relative(ks_one_sample_tail(n, d).p, p, 2e-10);
  }
}

TEST(Kolmogorov, LimitAndItsInverse) {
  expect_relative(kolmogorov_p_value(0.5), 0.9639452436648751, 1e-12);
  expect_relative(kolmogorov_p_value(1.0), 0.26999967167735456, 1e-12);
  expect_relative(kolmogorov_p_value(3.0), 3.045995948942526e-08, 1e-12);
  EXPECT_EQ(kolmogorov_p_value(0), 1);
  for (const double p : {0.9, 0.05, 1e-8, 1e-30}) expect_relative(kolmogorov_p_value(kolmogorov_at(p)), p, 1e-9);
}

// All paths counted by hand: two against two, D = 1 in 2 of 6 orders, D >= 1/2 in all.
TEST(Kolmogorov, TwoSamplesByHand) {
  expect_relative(ks_two_sample_tail(2, 2, 2).p, 2.0 / 6, 1e-14);
  expect_relative(ks_two_sample_tail(2, 2, 1).p, 1, 1e-14);
  EXPECT_EQ(ks_two_sample_tail(7, 3, 0).p, 1);
  // D = 1 leaves the two orders in which one sample lies wholly below the other.
  expect_relative(ks_two_sample_tail(7, 3, 21).p, 2.0 / 120, 1e-13);
  expect_relative(ks_two_sample_tail(6, 4, 12).p, 2.0 / 210, 1e-13);
  expect_relative(ks_two_sample_tail(4, 6, 12).p, 2.0 / 210, 1e-13);
  expect_relative(ks_two_sample_tail(1, 1, 1).p, 1, 1e-14);
}

// D = 1 has two of all orders; below 1e-308 its logarithm goes on, by either way of counting.
TEST(Kolmogorov, LogarithmsGoOnBelowTheSmallestDouble) {
  const auto log_orders = [](double a, double b) {
    return std::lgamma(a + b + 1) - std::lgamma(a + 1) - std::lgamma(b + 1);
  };
  struct Size {
    std::uint64_t a, b;
  };
  for (const auto& [a, b] : {Size{10000, 10000}, Size{3000, 2999}, Size{20000, 10000}}) {
    const Tail tail = ks_two_sample_tail(a, b, std::lcm(a, b));
    EXPECT_EQ(tail.p, 0);
    expect_relative(tail.log_p, std::log(2.0) - log_orders(static_cast<double>(a), static_cast<double>(b)), 1e-12);
  }
  // Smirnov's sum in full, in 64-bit mantissas.
  expect_relative(ks_one_sample_tail(50000, 0.3).log_p, -9188.6985915899755, 1e-10);
  expect_relative(kolmogorov_tail(100).log_p, std::log(2.0) - 20000, 1e-14);
  for (const double n : {50.0, 2000.0, 40000.0, 2e6}) {
    double last = 0;
    for (double d = 0.1 / std::sqrt(n); d < 1; d *= 1.02) {
      const Tail tail = ks_one_sample_tail(n, d);
      ASSERT_LE(tail.log_p, last + 1e-9) << n << " " << d;
      ASSERT_NEAR(tail.p, std::exp(tail.log_p), 1e-12 * tail.p + 1e-300);
      last = tail.log_p;
    }
  }
}

// scipy.stats.beta, gamma, binom
TEST(Intervals, ClopperPearson) {
  struct Golden {
    std::uint64_t k, n;
    double alpha, low, high;
  };
  for (const Golden& g :
       {Golden{0, 10, 0.05, 0.0, 0.30849710781876083}, Golden{10, 10, 0.05, 0.6915028921812392, 1.0},
        Golden{3, 10, 0.05, 0.06673951117773447, 0.6524528500599973},
        Golden{31, 1200, 1e-08, 0.007413197951531048, 0.06186806117124819},
        Golden{500, 1000000, 2e-08, 0.00038451987791110026, 0.000636897798321749},
        Golden{999999, 1000000, 0.001, 0.9999900013674897, 0.999999999499875}, Golden{1, 1, 0.05, 0.025, 1.0}}) {
    const Interval i = clopper_pearson(g.k, g.n, g.alpha);
    expect_relative(i.low, g.low, 1e-9);
    expect_relative(i.high, g.high, 1e-9);
  }
  EXPECT_EQ(clopper_pearson(0, 0, 0.05).low, 0);
  EXPECT_EQ(clopper_pearson(0, 0, 0.05).high, 1);
}

// And mpmath for the low end of a million, where scipy is off by 1e-6 of the tail.
TEST(Intervals, Garwood) {
  struct Golden {
    std::uint64_t k;
    double alpha, low, high;
  };
  for (const Golden& g :
       {Golden{0, 0.05, 0.0, 3.6888794541139363}, Golden{1, 0.05, 0.025317807984289876, 5.571643390938898},
        Golden{10, 0.05, 4.7953886961324335, 18.390356042017775},
        Golden{1000, 2e-08, 832.5730405923672, 1188.8374683053485},
        Golden{1000000, 2e-08, 994398.1597861212, 1005623.1727173342},
        Golden{5, 1e-10, 0.022765522709145752, 37.14581491931655}}) {
    const Interval i = garwood(g.k, g.alpha);
    expect_relative(i.low, g.low, 1e-12);
    expect_relative(i.high, g.high, 1e-12);
  }
  // From a billion events on by an expansion: one event more moves both ends by one, across the change too.
  const Interval below = garwood(999999999, 2e-8), above = garwood(1000000000, 2e-8);
  EXPECT_NEAR(above.low - below.low, 1, 1e-3);
  EXPECT_NEAR(above.high - below.high, 1, 1e-3);
}

// scipy.stats.binomtest(...).proportion_ci(method="wilson")
TEST(Intervals, Wilson) {
  const Interval few = wilson(1, 5, 1 - 0.6827), none = wilson(0, 20, 1 - 0.999), all = wilson(1, 1, 1 - 0.999);
  expect_relative(few.low, 0.07921594160672943, 1e-12);
  expect_relative(few.high, 0.42078767729332306, 1e-9);
  EXPECT_EQ(none.low, 0);
  expect_relative(none.high, 0.351230003391153, 1e-12);
  expect_relative(all.low, 0.08454824818316364, 1e-12);
  EXPECT_EQ(all.high, 1);
}

// scipy.stats.fisher_exact
TEST(Fisher, AgreesWithScipy) {
  struct Golden {
    std::uint64_t k1, n1, k2, n2;
    double p;
  };
  for (const Golden& g :
       {Golden{0, 10, 1, 10, 1.0}, Golden{3, 10, 3, 10, 1.0}, Golden{10, 50, 31, 50, 3.6128331880844574e-05},
        Golden{44, 50, 50, 50, 0.026661076308390468}, Golden{0, 8, 3, 25, 0.560117302052786}, Golden{8, 8, 25, 25, 1.0},
        Golden{3, 100, 18, 1000, 0.4293581784081996}, Golden{31, 100, 375, 1000, 0.23193303873763776},
        Golden{94, 100, 1000, 1000, 4.911383244704834e-07}, Golden{316, 1000, 437, 1200, 0.018952785156152632},
        Golden{892, 1000, 1200, 1200, 3.7460243490240965e-39}, Golden{1966, 100000, 85, 3000, 0.001409873615251656},
        Golden{30150, 100000, 1150, 3000, 4.947842707269999e-21},
        Golden{20132, 1000000, 25685, 1000000, 4.031079945447209e-152}}) {
    SCOPED_TRACE(g.k1);
    expect_relative(fisher_p_value(g.k1, g.n1, g.k2, g.n2), g.p, 1e-9);
    expect_relative(fisher_p_value(g.k2, g.n2, g.k1, g.n1), g.p, 1e-9);
    expect_relative(fisher_p_value(g.n1 - g.k1, g.n1, g.n2 - g.k2, g.n2), g.p, 1e-9);
  }
  EXPECT_EQ(fisher_p_value(0, 10, 0, 20), 1);
  EXPECT_EQ(fisher_p_value(0, 0, 3, 20), 1);
  EXPECT_LT(fisher_p_value(299267, 1000000, 389505, 1000000), 1e-300);
}

TEST(Intervals, RateRatio) {
  expect_relative(rate_ratio_p_value(10, 100, 20, 100), 0.09873714670538905, 1e-9);
  expect_relative(rate_ratio_p_value(0, 50, 9, 100), 0.05202458974749783, 1e-9);
  expect_relative(rate_ratio_p_value(500, 1e4, 4000, 1e5), 5.296564836507216e-06, 1e-9);
  expect_relative(rate_ratio_p_value(7, 10, 0, 90), 2.0000000000000007e-07, 1e-9);
  EXPECT_EQ(rate_ratio_p_value(100, 1e3, 1000, 1e4), 1);
  const Interval i = rate_ratio(100, 1e3, 1000, 1e4, 0.05);
  EXPECT_LT(i.low, 1);
  EXPECT_GT(i.high, 1);
  EXPECT_TRUE(std::isinf(rate_ratio(3, 1, 0, 1, 0.05).high));
}

TEST(Intervals, HugeCountsStayFinite) {
  for (const std::uint64_t n : {std::uint64_t{1} << 30, std::uint64_t{1} << 40}) {
    const double alpha = 2e-8;
    const Interval g = garwood(n, alpha);
    const double sigma = std::sqrt(static_cast<double>(n));
    EXPECT_NEAR((g.high - static_cast<double>(n)) / sigma, 5.6, 0.1);
    EXPECT_NEAR((g.low - static_cast<double>(n)) / sigma, -5.6, 0.1);
    const Interval c = clopper_pearson(n / 4, n, alpha);
    EXPECT_LT(c.low, 0.25);
    EXPECT_GT(c.high, 0.25);
    EXPECT_NEAR(c.high - c.low, 2 * 5.6 * std::sqrt(0.1875 / static_cast<double>(n)), 1e-2 * (c.high - c.low));
  }
}

TEST(ChiSquared, TailAndInverse) {
  expect_relative(chi_squared_p_value(80, 30), 1.9756232434910563e-06, 1e-10);
  expect_relative(chi_squared_at(2e-8, 100), 197.9520620835752, 1e-10);
  EXPECT_EQ(chi_squared_p_value(0, 0), 1);
}

}  // namespace
}  // namespace vigil::monitors
