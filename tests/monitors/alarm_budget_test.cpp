// The false-alarm budget becomes limits: shares, m-of-n of overlapping windows, what a small reference costs.
#include "monitors/alarm_budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "monitors/alarm_tally.h"

namespace vigil::monitors {
namespace {

constexpr std::size_t at(Family family) { return static_cast<std::size_t>(family); }

TEST(AlarmLimits, SpendNoMoreThanTheBudget) {
  MonitorSettings settings;
  settings.windows = {{"10ls", 10, 5}, {"60ls", 60, 20}};
  std::array<FamilyCounts, kFamilies> counts{};
  counts[at(Family::inputs)] = {57, 57};
  counts[at(Family::outputs)] = {2, 1};
  counts[at(Family::rates)] = {2, 2};
  counts[at(Family::mismatch)] = {3, 3};
  const auto limits = alarm_limits(settings, counts);
  double pages = 0, all = 0;
  for (std::size_t f = 0; f < kFamilies; ++f) {
    const double windows = settings.week_ls * (1.0 / 5 + 1.0 / 20);
    const double rules = static_cast<double>(counts[f].rules), sequential = static_cast<double>(counts[f].sequential);
    pages += windows * rules * limits[f].page + settings.week_ls * sequential * std::exp(-limits[f].sequential_page);
    all +=
        windows * rules * limits[f].warn +
        settings.week_ls * sequential * (std::exp(-limits[f].sequential_page) + std::exp(-limits[f].sequential_warn));
    EXPECT_LE(limits[f].page, limits[f].warn);
  }
  EXPECT_LE(pages, settings.budget.page);
  EXPECT_GT(pages, 0.9 * settings.budget.page);
  EXPECT_LE(all, settings.budget.page + settings.budget.warn);
}

TEST(AlarmLimits, AFamilyWithoutMonitorsLeavesItsShareToTheOthers) {
  MonitorSettings settings;
  std::array<FamilyCounts, kFamilies> counts{};
  counts[at(Family::inputs)] = {10, 0};
  counts[at(Family::outputs)] = {10, 0};
  const auto limits = alarm_limits(settings, counts);
  EXPECT_NEAR(limits[at(Family::inputs)].page / limits[at(Family::outputs)].page, 2, 1e-12);
  EXPECT_NEAR(settings.week_ls / 5.0 * 10 * (limits[at(Family::inputs)].page + limits[at(Family::outputs)].page),
              settings.budget.page, 1e-9);
}

TEST(BothAbove, IsTheOrthantOfTwoNormals) {
  for (const double p : {0.1, 1e-3, 1e-8, 1e-20}) {
    EXPECT_NEAR(both_above(p, 0) / (p * p), 1, 1e-9);
    EXPECT_EQ(both_above(p, 1), p);
    EXPECT_LT(both_above(p, 0.5), both_above(p, 0.75));
  }
  // Sheppard 1899: at the median 1/4 + asin(rho) / (2 pi).
  EXPECT_NEAR(both_above(0.5 - 1e-12, 0.5), 1.0 / 3, 1e-6);
}

TEST(BothAbove, OfChiSquaredFallsWithTheDegrees) {
  for (const double p : {1e-2, 1e-4, 1e-6}) {
    double before = both_above(p, 0.5);
    for (const double degrees : {2.0, 8.0, 32.0, 64.0}) {
      const double now = both_above(p, 0.5, degrees);
      EXPECT_LT(now, before) << p << ' ' << degrees;
      EXPECT_GT(now, p * p);
      before = now;
    }
    EXPECT_NEAR(both_above(p, 0, 16) / (p * p), 1, 1e-6);
    EXPECT_EQ(both_above(p, 1, 16), p);
  }
  // Simulated: sums of squares of 16 pairs.
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  const double q = 26.296;  // p = 0.05 of 16 degrees
  std::size_t both = 0;
  constexpr std::size_t kDraws = 200000;
  for (std::size_t i = 0; i < kDraws; ++i) {
    double a = 0, b = 0;
    for (int k = 0; k < 16; ++k) {
      const double x = normal(random), y = 0.7 * x + std::sqrt(0.51) * normal(random);
      a += x * x;
      b += y * y;
    }
    both += a > q && b > q;
  }
  EXPECT_NEAR(static_cast<double>(both) / kDraws, both_above(0.05, 0.7, 16), 0.001);
}

TEST(Hysteresis, TurnsBadInSoManyWindows) {
  // Windows of ten lumisections every five, of Gaussian sums: 2 of 3.
  const std::vector<double> correlations = overlap_correlations({"10ls", 10, 5}, 3, 1000, 1e12);
  ASSERT_EQ(correlations.size(), 2u);
  EXPECT_NEAR(correlations[0], 0.5, 1e-6);
  EXPECT_NEAR(correlations[1], 0, 1e-6);
  const double onset = 1e-3;
  const double p = reading_limit(onset, 0.1, 2, correlations, 1);
  EXPECT_GT(p, 3 * onset);
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const double z = -[&] {  // quantile by bisection of erfc
    double low = -10, high = 0;
    for (int i = 0; i < 100; ++i) {
      const double middle = (low + high) / 2;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
    }
    return low;
  }();
  double before = normal(random);
  bool bad[3] = {};
  std::size_t turned = 0, windows = 400000;
  bool was = false;
  for (std::size_t w = 0; w < windows; ++w) {
    const double now = normal(random);
    bad[w % 3] = (before + now) / std::sqrt(2.0) > z;
    before = now;
    const bool is = bad[0] + bad[1] + bad[2] >= 2;
    turned += is && !was;
    was = is;
  }
  const double expected = onset * static_cast<double>(windows);
  EXPECT_LT(static_cast<double>(turned), expected + 4 * std::sqrt(expected));
  EXPECT_GT(static_cast<double>(turned), expected / 2);
}

TEST(Hysteresis, NeverAboveTheMostAndNeverBelowTheOnset) {
  EXPECT_EQ(reading_limit(1e-5, 1e-4, 1, {}, 1), 1e-5);  // no m-of-n
  const std::vector<double> alike{1.0, 1.0};
  EXPECT_NEAR(reading_limit(1e-5, 1e-2, 2, alike, 1) / 1e-5, 1, 1e-9);  // one bad reading is all of them
  const std::vector<double> apart{0.0, 0.0};
  EXPECT_EQ(reading_limit(1e-5, 1e-4, 2, apart, 1), 1e-4);
  // A reference that is small beside the windows makes them alike.
  EXPECT_GT(overlap_correlations({"10ls", 10, 10}, 2, 1e6, 1e3)[0], 0.99);
  EXPECT_EQ(overlap_correlations({"10ls", 10, 10}, 2, 1e6, 0)[0], 0);
}

TEST(AlarmTally, CountsTurnsAndSkipsTheUnknown) {
  AlarmTally tally(2);
  using enum Quality;
  for (const Quality q : {good, unknown, good, medium, unknown, medium, bad, unknown, bad, medium, good, bad}) {
    tally.take(0, q);
  }
  EXPECT_EQ(tally.pages(), 2u);
  EXPECT_EQ(tally.warnings(), 2u);
  tally.take(1, bad);
  tally.judged();
  EXPECT_EQ(tally.pages(), 3u);
  AlarmTally read(2), other(5);
  read.load(tally.save());
  EXPECT_EQ(read.save(), tally.save());
  other.load(tally.save());
  EXPECT_EQ(other.pages(), 3u);  // of other rules the counts go on
  tally.restart();
  EXPECT_EQ(tally.save(), AlarmTally(2).save());
}

}  // namespace
}  // namespace vigil::monitors
