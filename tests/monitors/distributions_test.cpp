#include <gtest/gtest.h>

#include <cmath>

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
    expect_relative(ks_one_sample_p_value(n, d), p, 2e-10);
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
  expect_relative(ks_two_sample_p_value(2, 2, 2), 2.0 / 6, 1e-14);
  expect_relative(ks_two_sample_p_value(2, 2, 1), 1, 1e-14);
  EXPECT_EQ(ks_two_sample_p_value(7, 3, 0), 1);
  // D = 1 leaves the two orders in which one sample lies wholly below the other.
  expect_relative(ks_two_sample_p_value(7, 3, 21), 2.0 / 120, 1e-13);
  expect_relative(ks_two_sample_p_value(6, 4, 12), 2.0 / 210, 1e-13);
  expect_relative(ks_two_sample_p_value(4, 6, 12), 2.0 / 210, 1e-13);
  expect_relative(ks_two_sample_p_value(1, 1, 1), 1, 1e-14);
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

TEST(Intervals, Garwood) {
  struct Golden {
    std::uint64_t k;
    double alpha, low, high;
  };
  for (const Golden& g :
       {Golden{0, 0.05, 0.0, 3.6888794541139363}, Golden{1, 0.05, 0.025317807984289876, 5.571643390938898},
        Golden{10, 0.05, 4.7953886961324335, 18.390356042017775},
        Golden{1000, 2e-08, 832.5730405923672, 1188.8374683053485},
        Golden{1000000, 2e-08, 994398.1600147608, 1005623.1727173342},
        Golden{5, 1e-10, 0.022765522709145752, 37.14581491931655}}) {
    const Interval i = garwood(g.k, g.alpha);
    expect_relative(i.low, g.low, 1e-9);
    expect_relative(i.high, g.high, 1e-9);
  }
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
