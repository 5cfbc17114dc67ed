// The detectors of the catalogue, against recursions written out here.
#include "monitors/detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/error.h"

namespace vigil::monitors {
namespace {

const DetectorEntry& e_bernoulli() { return *find_detector("e_bernoulli"); }

struct Row {
  double passes, trials;
};

std::vector<Row> rows(std::size_t n, double p, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Row> all;
  for (std::size_t i = 0; i < n; ++i) {
    const int trials = 1 + static_cast<int>(random() % 50);
    all.push_back({static_cast<double>(std::binomial_distribution<int>(trials, p)(random)), double(trials)});
  }
  return all;
}

// R in plain numbers: R <- (1 + R) L (sr) or max(1, R) L (cusum), L the likelihood ratio of the row.
TEST(EBernoulli, FollowsTheDefinition) {
  const double p0 = 0.1;
  const std::vector<double> p1{0.12, 0.2, 0.07}, weights{0.5, 0.3, 0.2};
  for (const std::string form : {"sr", "cusum"}) {
    Detector detector = e_bernoulli().make(
        {{"p0", p0}, {"p1", p1}, {"weights", weights}, {"form", form}, {"log_threshold", 1e6}, {"latch", false}});
    EXPECT_EQ(detector.value(), -INFINITY);
    std::vector<long double> r(p1.size(), 0);
    std::uint64_t at = 0;
    for (const Row& row : rows(300, 0.11, 7)) {
      (void)detector.feed({row.passes, row.trials}, at++);
      long double sum = 0;
      for (std::size_t i = 0; i < p1.size(); ++i) {
        const long double ratio =
            std::pow(p1[i] / p0, row.passes) * std::pow((1 - p1[i]) / (1 - p0), row.trials - row.passes);
        r[i] = (form == "sr" ? 1 + r[i] : std::max(1.0L, r[i])) * ratio;
        sum += weights[i] * r[i];
      }
      ASSERT_NEAR(detector.value(), static_cast<double>(std::log(sum)),
                  1e-9 * std::max(1.0, std::abs(detector.value())));
    }
  }
}

TEST(EBernoulli, AlarmsOnceAnEpisodeAndDatesTheChange) {
  Detector detector = e_bernoulli().make({{"p0", 0.1}});
  std::vector<std::uint64_t> alarms;
  std::uint64_t at = 0, change = 0;
  for (const auto& [p, n, seed] : std::vector<std::tuple<double, std::size_t, unsigned>>{
           {0.1, 2000, 1}, {0.25, 300, 2}, {0.1, 2000, 3}, {0.25, 300, 4}}) {
    for (const Row& row : rows(n, p, seed)) {
      if (detector.feed({row.passes, row.trials}, at)) {
        alarms.push_back(at);
        change = detector.change_point();
      }
      EXPECT_LE(detector.value(), 1.5 * detector.limit() + 1e-9);
      ++at;
    }
    if (alarms.size() == 1) {
      EXPECT_NEAR(static_cast<double>(change), 2000, 12);
    }
  }
  ASSERT_EQ(alarms.size(), 2u);
  EXPECT_GE(alarms[0], 2000u);
  EXPECT_LT(alarms[0], 2040u);
  EXPECT_GE(alarms[1], 4300u);
  EXPECT_LT(alarms[1], 4340u);
}

// While p is p0 the mean run length is e^limit at least: hardly ever an alarm in a thousandth of it.
TEST(EBernoulli, IsQuietWhileNothingChanges) {
  int alarms = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    Detector detector = e_bernoulli().make({{"p0", 0.1}, {"log_threshold", std::log(1e4)}});
    std::uint64_t at = 0;
    for (const Row& row : rows(100, 0.1, 100 + seed)) alarms += detector.feed({row.passes, row.trials}, at++);
  }
  EXPECT_LE(alarms, 6);  // 2 expected at most
}

// U and D as the page says, the cap and the new start included.
TEST(Cusum, FollowsTheDefinition) {
  for (const bool latch : {true, false}) {
    for (const std::string side : {"both", "up", "down"}) {
      Detector detector = find_detector("cusum")->make(
          {{"mean", 1.0}, {"sd", 2.0}, {"k", 0.25}, {"h", 4.0}, {"latch", latch}, {"side", side}});
      std::mt19937 random(2);
      double up = 0, down = 0;
      bool open = false;
      int alarms = 0;
      for (std::uint64_t at = 0; at < 4000; ++at) {
        const double x = std::normal_distribution<double>(at / 400 % 3 == 1 ? 2 : at / 400 % 3 == 2 ? 0 : 1, 2)(random);
        const double z = (x - 1) / 2;
        up = side == "down" ? 0 : std::max(0.0, up + z - 0.25);
        down = side == "up" ? 0 : std::max(0.0, down - z - 0.25);
        if (latch) up = std::min(up, 6.0), down = std::min(down, 6.0);
        const double s = std::max(up, down);
        const bool alarm = s >= 4 && !(latch && open);
        open = s >= 4 || (open && s > 2);
        ASSERT_EQ(detector.feed({x}, at), alarm) << at;
        ASSERT_NEAR(detector.value(), s, 1e-12);
        if (alarm && !latch) up = down = 0;
        alarms += alarm;
      }
      EXPECT_GT(alarms, 3);
    }
  }
}

TEST(Cusum, OfCountsFollowsTheRatio) {
  Detector poisson = find_detector("cusum_poisson")->make({{"rate", 0.5}, {"rho_up", 1.3}, {"rho_down", 0.8}});
  Detector binomial = find_detector("cusum_binomial")->make({{"p0", 0.1}});
  double up = 0, down = 0, p_up = 0, p_down = 0;
  std::uint64_t at = 0;
  for (const Row& row : rows(500, 0.1, 9)) {
    (void)poisson.feed({row.passes, row.trials / 5}, at);
    (void)binomial.feed({row.passes, row.trials}, at++);
    const auto ratio = [&](double p) {
      return row.passes * std::log(p / 0.1) + (row.trials - row.passes) * std::log((1 - p) / 0.9);
    };
    up = std::max(0.0, up + row.passes * std::log(1.3) - 0.3 * 0.5 * row.trials / 5);
    down = std::max(0.0, down + row.passes * std::log(0.8) + 0.2 * 0.5 * row.trials / 5);
    p_up = std::max(0.0, p_up + ratio(0.15));
    p_down = std::max(0.0, p_down + ratio(0.1 / 1.5));
    const double cap = 1.5 * std::log(1e6);
    up = std::min(up, cap), down = std::min(down, cap), p_up = std::min(p_up, cap), p_down = std::min(p_down, cap);
    ASSERT_NEAR(poisson.value(), std::max(up, down), 1e-9);
    ASSERT_NEAR(binomial.value(), std::max(p_up, p_down), 1e-9);
  }
}

TEST(Ewma, FollowsTheDefinition) {
  Detector detector = find_detector("ewma")->make({{"mean", 1.0}, {"sd", 2.0}, {"lambda", 0.1}, {"L", 3.0}});
  std::mt19937 random(4);
  double average = 0;
  for (int n = 1; n < 3000; ++n) {
    const double x = std::normal_distribution<double>(1, 2)(random);
    (void)detector.feed({x}, static_cast<std::uint64_t>(n));
    average = 0.1 * (x - 1) / 2 + 0.9 * average;
    ASSERT_NEAR(detector.value(), std::abs(average) / (3 * std::sqrt(0.1 / 1.9 * (1 - std::pow(0.9, 2 * n)))), 1e-10);
  }
}

TEST(Glr, IsTheLargestOfAllStartsInTheWindow) {
  for (const std::size_t window : {1u, 7u, 50u, 1000u}) {
    Detector detector =
        find_detector("glr")->make({{"mean", 0.0}, {"sd", 1.0}, {"window", double(window)}, {"h", 9.0}});
    std::mt19937 random(6);
    std::vector<double> z;
    for (std::uint64_t at = 0; at < 1500; ++at) {
      z.push_back(std::normal_distribution<double>(at > 700 ? 0.6 : 0, 1)(random));
      const bool alarm = detector.feed({z.back()}, at);
      double sum = 0, most = 0;
      std::uint64_t change = 0;
      for (std::size_t m = 1; m <= std::min(window, z.size()); ++m) {
        sum += z[z.size() - m];
        if (sum * sum / (2.0 * double(m)) <= most) continue;
        most = sum * sum / (2.0 * double(m));
        change = z.size() - m;
      }
      ASSERT_NEAR(detector.value(), most, 1e-9 * std::max(1.0, most)) << at;
      if (alarm) {
        EXPECT_EQ(detector.change_point(), change);
      }
    }
  }
}

// One alarm while the statistic stays above half the limit; without latch every value at the limit or above is one.
TEST(Episode, EndsAtHalfTheLimit) {
  const std::vector<double> z{1, 4, 5, 3.9, 2.1, 4, 2, 4, 1.9, -4, 0};
  std::vector<std::uint64_t> latched, each;
  Detector with = find_detector("shewhart")->make({{"mean", 0.0}, {"sd", 1.0}, {"L", 4.0}});
  Detector without = find_detector("shewhart")->make({{"mean", 0.0}, {"sd", 1.0}, {"L", 4.0}, {"latch", false}});
  for (std::uint64_t at = 0; at < z.size(); ++at) {
    if (with.feed({z[at]}, at)) latched.push_back(at);
    if (without.feed({z[at]}, at)) each.push_back(at);
  }
  EXPECT_EQ(latched, (std::vector<std::uint64_t>{1, 7, 9}));
  EXPECT_EQ(each, (std::vector<std::uint64_t>{1, 2, 5, 7, 9}));
}

TEST(EBernoulli, RefusesWrongParametersByName) {
  const auto refused = [](const Parameters& parameters, const std::string& named) {
    try {
      (void)e_bernoulli().make(parameters);
      ADD_FAILURE() << named;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  refused({}, "'p0': missing");
  refused({{"p0", 0.0}}, "'p0'");
  refused({{"p0", 1.0}}, "'p0'");
  refused({{"p0", std::string("x")}}, "'p0'");
  refused({{"p0", 0.1}, {"p1", std::vector<double>{0.5, 1.5}}}, "'p1'");
  refused({{"p0", 0.1}, {"p1", std::vector<double>{}}}, "'p1'");
  refused({{"p0", 0.1}, {"weights", std::vector<double>{1, 2}}}, "'weights'");
  refused({{"p0", 0.1}, {"p1", std::vector<double>{0.2, 0.3}}, {"weights", std::vector<double>{1}}}, "'weights'");
  refused({{"p0", 0.1}, {"form", std::string("sprt")}}, "'form'");
  refused({{"p0", 0.1}, {"rho", 2.0}}, "unknown parameter 'rho'");
  refused({{"p0", 0.85}, {"log_threshold", 0.1}}, "'p1'");
}

}  // namespace
}  // namespace vigil::monitors
