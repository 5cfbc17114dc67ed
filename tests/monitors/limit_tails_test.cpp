#include "monitors/limit_tails.h"

#include <gtest/gtest.h>

#include <cmath>

namespace vigil::monitors {
namespace {

struct Golden {
  double x, log_p;
};

// The integrals and gamma functions in 80 digits of mpmath.
const Golden kCramerVonMises[] = {{0.05, -0.13206854192242224},   {0.11888, -0.69315086693182574},
                                  {0.46136, -2.9957246109303234}, {1.16786, -6.90776436414885},
                                  {4, -21.470984725861822},       {30, -150.77070084026185},
                                  {1000, -4939.2800891628793},    {1e5, -493487.00046550706}};
const Golden kAndersonDarling[] = {{0.3, -0.063837288597656686},  {0.7744, -0.69342589696964965},
                                   {2.4924, -2.9957719524927406}, {6, -6.9408448071406652},
                                   {25, -26.639571475442469},     {50, -51.982777429136644},
                                   {1000, -1003.4771304117661},   {1e5, -100005.77952350065}};
const Golden kNormal[] = {{1e-3, -0.00079820290701986937},
                          {1, -1.1478744644493182},
                          {30, -453.62809677578325},
                          {40, -803.91529483319384},
                          {1000, -500007.13354763162}};

void expect_tail(const Tail& tail, double log_p, double tolerance) {
  EXPECT_NEAR(tail.log_p, log_p, std::max(1.0, std::abs(log_p)) * tolerance);
  EXPECT_NEAR(tail.p, std::exp(log_p), std::exp(log_p) * 1e-9);
}

TEST(LimitTails, AgreeWithTheirIntegrals) {
  for (const auto& [x, log_p] : kCramerVonMises) expect_tail(cramer_von_mises_tail(x), log_p, 1e-11);
  for (const auto& [x, log_p] : kAndersonDarling) expect_tail(anderson_darling_tail(x), log_p, 1e-11);
  for (const auto& [z, log_p] : kNormal) expect_tail(normal_two_sided_tail(z), log_p, 1e-13);
}

TEST(LimitTails, ChiSquaredGoesOnBelowTheSmallestDouble) {
  expect_tail(chi_squared_tail(1e6, 1e6), -0.69352337770643015, 1e-10);
  expect_tail(chi_squared_tail(1, 3), -0.22157982843984867, 1e-12);
  expect_tail(chi_squared_tail(5000, 10), -2471.8802691470939, 1e-10);
  expect_tail(chi_squared_tail(300000, 127), -149454.03593736181, 1e-10);
  EXPECT_EQ(chi_squared_tail(5000, 10).p, 0);
  EXPECT_EQ(chi_squared_tail(3, 0).p, 1);
  EXPECT_EQ(chi_squared_tail(0, 5).p, 1);
}

// Neither where one table ends and the next begins, nor where a p-value is taken from its logarithm, is there a step.
TEST(LimitTails, FallWithoutAStep) {
  const auto falls = [](auto tail, double from, double to) {
    double last = tail(from).log_p, last_slope = 0;
    for (double x = from * 1.001; x < to; x *= 1.001) {
      const Tail t = tail(x);
      ASSERT_LE(t.log_p, last) << x;
      ASSERT_NEAR(t.p, std::exp(t.log_p), 1e-15 + 1e-12 * t.p) << x;
      const double slope = last - t.log_p;
      if (last < -1e-6 && last_slope > 0) {
        ASSERT_NEAR(slope, last_slope, 0.15 * slope + 1e-7) << x;
      }
      last = t.log_p;
      last_slope = slope;
    }
    EXPECT_LT(last, -300);
  };
  falls(cramer_von_mises_tail, 0.01, 1e4);
  falls(anderson_darling_tail, 0.1, 1e4);
  falls(normal_two_sided_tail, 0.01, 100);
  falls([](double x) { return chi_squared_tail(x, 20); }, 1, 3000);
  for (const double x : {-1.0, 0.0, 1e-9, std::nan("")}) {
    EXPECT_EQ(cramer_von_mises_tail(x).p, 1);
    EXPECT_EQ(anderson_darling_tail(x).p, 1);
  }
}

}  // namespace
}  // namespace vigil::monitors
