// Which thresholds meet a target: peers' values (shared/data/drift/thresholds.json) and every threshold counted.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "core/lhc.h"
#include "monitors/intervals.h"
#include "monitors/rate_curve.h"

namespace vigil::monitors::threshold_peers {
namespace {

using Spectrum = std::map<std::int64_t, std::uint64_t>;

WordCounts words_of(const Spectrum& counts) {
  WordCounts out;
  for (const auto& [word, count] : counts) {
    if (count > 0) out.append(word, count);
  }
  return out;
}

TEST(RateCurvePeers, ThresholdsOfAllSpectra) {
  std::ifstream file(VIGIL_SHARED "/data/drift/thresholds.json");
  if (!file) GTEST_SKIP() << "no golden values";
  const auto cases = nlohmann::json::parse(file);
  ASSERT_GE(cases.size(), 60u);
  std::size_t empty = 0;
  for (const auto& c : cases) {
    Spectrum spectrum;
    std::uint64_t events = 0;
    for (const auto& count : c["counts"]) {
      events += count.get<std::uint64_t>();
      spectrum[static_cast<std::int64_t>(spectrum.size())] = count.get<std::uint64_t>();
    }
    const ThresholdRange range{0, static_cast<std::int64_t>(spectrum.size())};
    const RateCurve curve(words_of(spectrum), range, events, c["confidence"].get<double>());
    const double target_hz = c["target"].get<double>() * lhc::kCrossingHz;
    const TargetThresholds found = curve.meet(target_hz);
    EXPECT_EQ(found.not_above, c["threshold_not_above"].get<std::int64_t>());
    const auto& compatible = c["thresholds_compatible"];
    ASSERT_EQ(found.compatible.has_value(), !compatible.empty());
    if (found.compatible) {
      EXPECT_THAT(*found.compatible, testing::ElementsAre(compatible[0], compatible[1]));
    }
    // The peer names the first of equal distances or the last, as its rounding has it.
    const auto distance = [&](std::int64_t t) { return std::abs(curve.at(t).rate_hz - target_hz); };
    const auto nearest = c["nearest"].get<std::int64_t>();
    EXPECT_NEAR(distance(found.nearest.threshold), distance(nearest), 1e-6);
    EXPECT_GE(found.nearest.threshold, nearest);
    EXPECT_EQ(found.tie.has_value(), compatible.empty());
    if (found.tie) {
      ++empty;
      EXPECT_NEAR(found.tie->fraction, c["fraction"].get<double>(), 1e-9);
      EXPECT_EQ(found.tie->threshold, *found.not_above - 1);
      const auto above = static_cast<double>(curve.passes(found.tie->threshold));
      EXPECT_NEAR(above / found.tie->prescale, c["target"].get<double>() * static_cast<double>(events), 1e-6 * above);
    }
  }
  EXPECT_GT(empty, 10u);
}

// 10,000 spectra of every kind: sparse, heavy in one word, words outside the range, none at all.
TEST(RateCurvePeers, MeetsATargetAsEveryThresholdCountedDoes) {
  std::mt19937_64 random(20);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  std::size_t empty = 0, ties = 0, none_below = 0;
  for (int round = 0; round < 10'000; ++round) {
    Spectrum spectrum;
    const auto width = static_cast<std::int64_t>(1 + below(24));
    const std::int64_t offset = static_cast<std::int64_t>(below(40)) - 20;
    for (std::uint64_t i = below(12); i > 0; --i) {
      spectrum[offset + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(width)))] +=
          1 + below(round % 3 == 0 ? 5 : 2000);
    }
    std::uint64_t events = 0;
    for (const auto& [word, n] : spectrum) events += n;
    const std::uint64_t n_bx = events + below(4000) + 1;
    ThresholdRange range{offset - static_cast<std::int64_t>(below(3)), offset + width};
    if (round % 5 == 0) range.lowest += static_cast<std::int64_t>(below(static_cast<std::uint64_t>(width)));
    if (round % 7 == 0) range.highest = range.lowest + static_cast<std::int64_t>(below(4));
    const double confidence = round % 2 == 0 ? 0.95 : 0.68;
    // In half passes, so that distances are equal in places.
    const double passes_wanted = static_cast<double>(1 + below(2 * events + 4)) / 2;
    const double x = passes_wanted / static_cast<double>(n_bx);
    const RateCurve curve(words_of(spectrum), range, n_bx, confidence);
    const TargetThresholds found = curve.meet(x * lhc::kCrossingHz);

    const auto passes = [&](std::int64_t t) {
      std::uint64_t sum = 0;
      for (const auto& [word, n] : spectrum) sum += word >= t ? n : 0;
      return sum;
    };
    std::optional<std::int64_t> nearest, not_above, low, high;
    double closest = 0;
    for (std::int64_t t = range.lowest; t <= range.highest; ++t) {
      const std::uint64_t n = passes(t);
      const double distance = std::abs(static_cast<double>(n) - passes_wanted);  // exact: halves
      if (!nearest || distance <= closest) {
        nearest = t;
        closest = distance;
      }
      if (!not_above && static_cast<double>(n) <= passes_wanted) not_above = t;
      const Interval cp = clopper_pearson(n, n_bx, 1 - confidence);
      if (cp.low <= x && x <= cp.high) {
        if (!low) low = t;
        high = t;
      }
    }
    ASSERT_EQ(found.nearest.threshold, *nearest) << round;
    ASSERT_EQ(passes(found.nearest_from), passes(*nearest)) << round;
    ASSERT_TRUE(found.nearest_from == range.lowest || passes(found.nearest_from - 1) > passes(*nearest)) << round;
    ASSERT_EQ(found.not_above, not_above) << round;
    ASSERT_EQ(found.compatible.has_value(), low.has_value()) << round;
    if (low) {
      ASSERT_THAT(*found.compatible, testing::ElementsAre(*low, *high)) << round;
    }
    ASSERT_EQ(found.tie.has_value(), !low && not_above && *not_above > range.lowest) << round;
    none_below += !not_above;
    empty += !low;
    if (!found.tie) continue;
    ++ties;
    const std::int64_t t = *not_above - 1;
    ASSERT_EQ(found.tie->threshold, t) << round;
    const double here = static_cast<double>(passes(t) - passes(t + 1));
    ASSERT_NEAR(found.tie->fraction, (passes_wanted - static_cast<double>(passes(t + 1))) / here, 1e-9) << round;
    ASSERT_NEAR(found.tie->prescale, static_cast<double>(passes(t)) / passes_wanted, 1e-9) << round;
    ASSERT_GT(found.tie->prescale, 1) << round;
  }
  EXPECT_GT(ties, 1000u);
  EXPECT_GT(empty, ties);
  EXPECT_GT(none_below, 100u);
}

TEST(RateCurvePeers, PointsAreAtEveryWordOfTheRangeAndItsEnd) {
  const RateCurve curve(words_of({{-3, 1}, {0, 5}, {7, 2}, {9, 4}}), ThresholdRange{-1, 8}, 100);
  std::vector<std::int64_t> thresholds;
  for (const CurvePoint& point : curve.every_point()) {
    thresholds.push_back(point.threshold);
    EXPECT_DOUBLE_EQ(point.rate_hz, curve.at(point.threshold).rate_hz);
  }
  EXPECT_THAT(thresholds, testing::ElementsAre(0, 7, 8));
  EXPECT_EQ(curve.passes(8), 4u);
  EXPECT_THAT(RateCurve(words_of({{5, 1}}), ThresholdRange{0, 5}, 10).every_point(), testing::SizeIs(1));
}

}  // namespace
}  // namespace vigil::monitors::threshold_peers
