#include "monitors/lifetime.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "monitors/straightness.h"

namespace vigil::monitors::lifetimes {
namespace {

using Values = std::vector<double>;

Values steps(std::size_t n) {
  Values out(n);
  std::iota(out.begin(), out.end(), 0.0);
  return out;
}

TEST(Trend, TheilSenAndKendallAsThePeers) {
  std::ifstream file(VIGIL_SHARED "/data/drift/trends.json");
  if (!file) GTEST_SKIP() << "no golden values";
  const auto cases = nlohmann::json::parse(file);
  ASSERT_GE(cases.size(), 3u);
  for (const auto& c : cases) {
    const auto t = c["t"].get<Values>(), y = c["y"].get<Values>();
    const TheilSenLine line = theil_sen(t, y, 0.95);
    EXPECT_NEAR(line.slope, c["theil"]["slope"].get<double>(), 1e-12);
    EXPECT_NEAR(line.intercept, c["theil"]["intercept"].get<double>(), 1e-12);
    EXPECT_NEAR(line.slope_low.value(), c["theil"]["lo"].get<double>(), 1e-12);
    EXPECT_NEAR(line.slope_high.value(), c["theil"]["hi"].get<double>(), 1e-12);
    const auto kendall = kendall_tau(t, y);
    ASSERT_TRUE(kendall);
    EXPECT_NEAR(kendall->tau, c["kendall"]["tau"].get<double>(), 1e-12);
    const auto p = c["kendall"]["p"].get<double>();
    EXPECT_NEAR(kendall->p_value, p, 1e-9 * p);
  }
}

// Every order of few values, counted.
TEST(Trend, ExactPValueCountsOrders) {
  for (std::size_t n = 2; n <= 7; ++n) {
    std::vector<double> order = steps(n), times = steps(n);
    std::map<double, double> orders;  // by tau
    do {
      orders[std::round(1e9 * kendall_tau(times, order)->tau)] += 1;
    } while (std::next_permutation(order.begin(), order.end()));
    double all = 0;
    for (const auto& [tau, count] : orders) all += count;
    do {
      const KendallTau found = *kendall_tau(times, order);
      double as_far = 0;
      for (const auto& [tau, count] : orders) {
        if (std::abs(tau) >= std::abs(std::round(1e9 * found.tau)) - 1) as_far += count;
      }
      ASSERT_NEAR(found.p_value, as_far / all, 1e-12) << n;
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST(Trend, NoCorrelationWhereAllIsEqual) {
  EXPECT_FALSE(kendall_tau(steps(6), Values(6, 2.0)));
  const TheilSenLine line = theil_sen(steps(6), Values(6, 2.0), 0.95);
  EXPECT_EQ(line.slope, 0);
  EXPECT_EQ(line.intercept, 2);
  // One value throughout and times that repeat: Sen's variance is below 0.
  EXPECT_FALSE(theil_sen(Values{0, 0, 0, 1, 2}, Values(5, 2.0), 0.95).slope_low);
}

TEST(Lifetime, OfAPlainLineIsExact) {
  const Values t = steps(11);
  Values y;
  for (const double x : t) y.push_back(0.1 * x + 0.3);  // 1.3 at the last
  Lifetime l = lifetime(t, y, 1.8, 0.95);
  EXPECT_EQ(l.n, 11u);
  for (const auto& part : {l.low, l.mid, l.high}) EXPECT_NEAR(part.value(), 5, 1e-9);
  // Falling towards a limit below.
  for (double& value : y) value = -value;
  l = lifetime(t, y, -1.8, 0.95);
  for (const auto& part : {l.low, l.mid, l.high}) EXPECT_NEAR(part.value(), 5, 1e-9);
  // Reached already.
  l = lifetime(t, y, -1.0, 0.95);
  for (const auto& part : {l.low, l.mid, l.high}) EXPECT_EQ(part.value(), 0);
  // Away from it, and not moving at all: nothing.
  l = lifetime(t, y, 1.8, 0.95);
  EXPECT_FALSE(l.low || l.mid || l.high);
  l = lifetime(t, Values(11, 1.0), 1.8, 0.95);
  EXPECT_FALSE(l.low || l.mid || l.high);
  // Beyond twice the span of 10 is not said.
  for (double& value : y) value = -value;
  l = lifetime(t, y, 1.3 + 0.1 * 19.9, 0.95);
  EXPECT_NEAR(l.mid.value(), 19.9, 1e-9);
  l = lifetime(t, y, 1.3 + 0.1 * 20.1, 0.95);
  EXPECT_EQ(l.low.value(), 20);
  EXPECT_FALSE(l.mid || l.high);
}

TEST(Lifetime, LowComesFromTheSteeperEndWhereTheSlopeMayBeNone) {
  const Values t = steps(8), y{0, 1, -1, 2, -2, 1, 0.5, 1};
  const Lifetime l = lifetime(t, y, 3, 0.95);
  ASSERT_LT(l.line.slope_low.value(), 0);
  ASSERT_GT(l.line.slope_high.value(), 0);
  EXPECT_FALSE(l.mid || l.high);
  const double at = 3.5 + (3 - l.line.median_value) / *l.line.slope_high - 7;
  EXPECT_DOUBLE_EQ(l.low.value(), std::clamp(at, 0.0, 14.0));
}

// By its definition, on random lines: order of the three, what is not said, and equal answers for a mirrored value, a
// shifted and a stretched time.
TEST(Lifetime, OrderAndSymmetries) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  std::size_t said = 0;
  for (int round = 0; round < 1000; ++round) {
    const std::size_t n = 5 + random() % 30;
    Values t(n), y(n), mirrored(n), stretched(n);
    for (std::size_t i = 0; i < n; ++i) {
      t[i] = static_cast<double>(random() % 50);
      y[i] = 0.05 * t[i] * normal(random) + (round % 2 == 0 ? 0.2 * t[i] : 0.0) + normal(random);
    }
    t[0] = 60;  // two times at least
    for (std::size_t i = 0; i < n; ++i) {
      mirrored[i] = -y[i];
      stretched[i] = 4 * t[i] + 64;
    }
    const double limit = 5 + 10 * normal(random), span = 60 - *std::min_element(t.begin(), t.end());
    const Lifetime l = lifetime(t, y, limit, 0.9), m = lifetime(t, mirrored, -limit, 0.9),
                   s = lifetime(stretched, y, limit, 0.9);
    EXPECT_LE(l.line.slope_low.value(), l.line.slope);
    EXPECT_GE(l.line.slope_high.value(), l.line.slope);
    for (const auto& part : {l.low, l.mid, l.high}) {
      if (part) {
        EXPECT_TRUE(*part >= 0 && *part <= 2 * span);
      }
    }
    if (l.mid) {
      ASSERT_TRUE(l.low);
      EXPECT_LE(*l.low, *l.mid);
      ++said;
    }
    if (l.high) {
      ASSERT_TRUE(l.mid);
      EXPECT_LE(*l.mid, *l.high);
    }
    EXPECT_EQ(l.low.has_value(), s.low.has_value());
    EXPECT_EQ(l.mid.has_value(), s.mid.has_value());
    if (l.mid && s.mid) {
      EXPECT_NEAR(4 * *l.mid, *s.mid, 1e-6);
    }
    // Sen's two ranks are not mirror images of each other: one apart at most, so only the middle is.
    EXPECT_NEAR(l.line.slope, -m.line.slope, 1e-12);
  }
  EXPECT_GT(said, 50u);
}

// Linear drifts with noise: how often the 90% interval holds the time at which the line does reach the limit.
TEST(Lifetime, NinetyPercentIntervalHoldsNinetyPercent) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  constexpr int kDrifts = 2000;
  int held = 0, without_mid = 0, no_line = 0;
  for (int round = 0; round < kDrifts; ++round) {
    const std::size_t n = 30 + random() % 51;
    const double slope = (round % 2 == 0 ? 1 : -1) * (0.005 + 0.0005 * static_cast<double>(random() % 30));
    const double start = normal(random), noise = 0.1 + 0.005 * static_cast<double>(random() % 40);
    Values t = steps(n), y;
    for (const double x : t) y.push_back(start + slope * x + noise * normal(random));
    const double ahead = static_cast<double>(n) * (0.8 + 0.1 * static_cast<double>(random() % 9));
    const Lifetime l = lifetime(t, y, start + slope * (t.back() + ahead), 0.9);
    without_mid += !l.mid;
    no_line += line_p_value(t, y, l.line.slope) < kNoLine;
    held += l.low && *l.low <= ahead && (!l.high || ahead <= *l.high);
  }
  std::printf("held in %.1f%% of %d\n", 100.0 * held / kDrifts, kDrifts);
  EXPECT_GE(held, 0.86 * kDrifts);
  EXPECT_LE(held, 0.94 * kDrifts);
  EXPECT_LT(without_mid, 0.15 * kDrifts);  // beyond twice the span, most of them
  EXPECT_LE(no_line, 0.004 * kDrifts);
}

// A step and a drift that levels off never reach the limit: no date, only that it is not before low.
TEST(Lifetime, StepsAndDriftsThatLevelOffHaveNoDate) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t n = 20 + random() % 60;
    const double where = 0.2 + 0.6 * uniform(random), noise = 0.01 + 0.07 * uniform(random);
    Values t = steps(n), y;
    for (const double x : t) {
      const double part = x / static_cast<double>(n - 1);
      const double value = round % 2 == 0 ? (part < where ? 0.0 : 1.0) : 1 - std::exp(-part / (0.1 + 0.15 * where));
      y.push_back(value + noise * normal(random));
    }
    const Lifetime l = lifetime(t, y, 1.2 + uniform(random), 0.95);
    EXPECT_FALSE(l.mid || l.high) << round << " n " << n << " where " << where << " noise " << noise;
  }
}

}  // namespace
}  // namespace vigil::monitors::lifetimes
