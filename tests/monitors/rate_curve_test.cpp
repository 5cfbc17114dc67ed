#include "monitors/rate_curve.h"

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "core/error.h"
#include "core/lhc.h"
#include "monitors/intervals.h"

namespace vigil::monitors {
namespace {

const FixedPoint kType{.width = 10, .integer = 6};

WordCounts words_of(const std::map<std::int64_t, std::uint64_t>& counts) {
  WordCounts out;
  for (const auto& [word, count] : counts) out.append(word, count);
  return out;
}

// All thresholds of the type, one by one, by the definitions of the contract.
TEST(RateCurve, SaysOfEveryThresholdWhatCountingSays) {
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    std::map<std::int64_t, std::uint64_t> counts;
    std::uint64_t events = 0;
    for (unsigned i = random() % 12; i > 0; --i) {
      const std::int64_t word = kType.lowest() + static_cast<std::int64_t>(random() % 1024);
      const std::uint64_t n = 1 + random() % 50;
      events += n;
      counts[round % 3 == 0 && i == 1 ? kType.highest() : word] += n;
    }
    const std::uint64_t crossings = events + 1 + random() % 4000;
    const RateCurve curve(words_of(counts), kType, crossings);
    const double target_hz = (1 + random() % 200) * lhc::kCrossingHz / static_cast<double>(crossings) / 2;
    const TargetThresholds found = curve.meet(target_hz);

    double closest = 1e300;
    std::optional<std::int64_t> nearest, not_above, low, high;
    for (std::int64_t t = kType.lowest(); t <= kType.highest(); ++t) {
      std::uint64_t passes = 0;
      for (const auto& [word, n] : counts) passes += word >= t ? n : 0;
      ASSERT_EQ(curve.passes(t), passes) << t;
      const double rate_hz = static_cast<double>(passes) / static_cast<double>(crossings) * lhc::kCrossingHz;
      const Interval cp = clopper_pearson(passes, crossings, 1 - 0.95);
      EXPECT_DOUBLE_EQ(curve.at(t).rate_hz, rate_hz);
      EXPECT_DOUBLE_EQ(curve.at(t).low_hz, cp.low * lhc::kCrossingHz);
      const double distance = std::abs(rate_hz - target_hz);
      if (distance <= closest + 1e-9) nearest = t;
      closest = std::min(closest, distance);
      if (!not_above && rate_hz <= target_hz + 1e-9) not_above = t;
      const double x = target_hz / lhc::kCrossingHz;
      if (cp.low <= x && x <= cp.high) {
        if (!low) low = t;
        high = t;
      }
    }
    EXPECT_EQ(found.nearest.threshold, nearest) << round;
    EXPECT_EQ(found.not_above, not_above) << round;
    ASSERT_EQ(found.compatible.has_value(), low.has_value()) << round;
    if (low) {
      EXPECT_THAT(*found.compatible, testing::ElementsAre(*low, *high)) << round;
    }
    EXPECT_EQ(found.tie.has_value(), !low && not_above && *not_above > kType.lowest()) << round;
  }
}

TEST(RateCurve, NamesTheWordThatHoldsTooMuch) {
  const RateCurve curve(words_of({{5, 10}, {40, 900}, {60, 90}}), kType, 10'000);
  const double target_hz = 500 / 10'000.0 * lhc::kCrossingHz;
  const TargetThresholds found = curve.meet(target_hz);
  EXPECT_FALSE(found.compatible);
  EXPECT_EQ(found.not_above, 41);
  ASSERT_TRUE(found.tie);
  EXPECT_EQ(found.tie->threshold, 40);
  EXPECT_NEAR(found.tie->fraction, (500.0 - 90) / 900, 1e-12);
  EXPECT_NEAR(found.tie->prescale, 990.0 / 500, 1e-12);
}

TEST(RateCurve, PointsAreFewExactAndHoldWhatWasAskedFor) {
  WordCounts words;
  for (std::int64_t word = -512; word < 512; ++word) words.append(word, 1 + static_cast<std::uint64_t>(word + 512) % 3);
  const RateCurve curve(words, kType, 100'000);
  const auto points = curve.points(64, {-512, 7, 100, 511, 100'000});
  EXPECT_LE(points.size(), 64u);
  EXPECT_GT(points.size(), 55u);
  std::vector<std::int64_t> thresholds;
  for (const CurvePoint& point : points) {
    thresholds.push_back(point.threshold);
    EXPECT_EQ(point.rate_hz, curve.at(point.threshold).rate_hz);
  }
  EXPECT_TRUE(std::is_sorted(thresholds.begin(), thresholds.end()));
  EXPECT_THAT(thresholds, testing::IsSupersetOf({-512, 7, 100, 511}));
  EXPECT_THAT(RateCurve(words_of({}), kType, 10).points(512, {3}), testing::SizeIs(1));
}

TEST(RateCurve, WantsCrossings) {
  EXPECT_THROW(RateCurve(words_of({{1, 2}}), kType, 1), Error);
  EXPECT_THROW(RateCurve(words_of({}), kType, 0), Error);
}

}  // namespace
}  // namespace vigil::monitors
