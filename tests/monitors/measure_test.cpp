// How every statistic of distributions stands to its limits in windows.
#include <gtest/gtest.h>

#include <cmath>

#include "monitors/statistics.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

class Measure : public ::testing::TestWithParam<std::string_view> {
 protected:
  const StatisticEntry& entry() const { return *find_statistic(GetParam()); }
  Summary window(const Shape& shape, std::uint64_t n, unsigned seed) const {
    std::mt19937_64 random(seed);
    return fixtures::drawn(
        model_, n, n * 1000, [&](bool, std::size_t) -> const Shape& { return shape; }, random);
  }
  Measured of(const Summary& window, const Summary& reference, const Limits& limits) const {
    return entry().measure(window, reference, subject_, limits);
  }
  Limits limits(double page = 1e-9) const { return {entry().medium, entry().bad, 10 * page, page}; }
  ModelInfo model_ = fixtures::model();
  Subject subject_{&model_, Target::output, 2};  // score: word by word
};

// A change beyond the limits is bad, and certain; none is neither; and what the limit says holds where it is certain.
TEST_P(Measure, SizeAndCertaintyGrowWithAChange) {
  const Summary reference = window(falling(30, 0.3), 40000, 1);
  double last = -1;
  for (const double scale : {30.0, 36.0, 42.0, 60.0, 90.0}) {
    const Measured m = of(window(falling(scale, 0.3 - (scale - 30) / 300), 30000, 7), reference, limits());
    EXPECT_GE(m.bad, m.medium) << scale;
    EXPECT_GT(m.medium, 0);
    EXPECT_FALSE(m.symbol.empty());
    EXPECT_GT(m.size, scale > 36 ? last : -1) << scale;
    last = m.size;
    if (scale == 30) {
      EXPECT_LT(m.value, m.medium);
      EXPECT_GT(m.certainty, 1e-4);
      EXPECT_LT(m.size, entry().medium / 2);
    }
    if (scale == 90) {
      EXPECT_GE(m.value, m.bad) << m.size;
      EXPECT_LT(m.certainty, 1e-9);
      EXPECT_GE(m.size, entry().bad);
    }
    // The size stands to its limit as the value to its own, where the change is certain however small.
    if (m.certainty < 1e-30) {
      EXPECT_EQ(m.value >= m.bad, m.size >= entry().bad) << scale << " " << m.size;
    }
  }
}

// The fall of a spectrum is as bad as its rise.
TEST_P(Measure, BothDirectionsCount) {
  const Summary reference = window(falling(30, 0.3), 40000, 1);
  const Measured less = of(window(falling(10, 0.5), 30000, 3), reference, limits());
  EXPECT_GE(less.value, less.bad);
  EXPECT_LT(less.certainty, 1e-9);
}

// With the noise taken off, the size is the same for few events as for many, where nothing moved as where something
// did.
TEST_P(Measure, SizeDoesNotDependOnTheEvents) {
  const Summary reference = window(falling(30, 0.3), 400000, 1);
  double sum = 0;
  constexpr int kRounds = 12;
  for (unsigned seed = 0; seed < kRounds; ++seed)
    sum += of(window(falling(55, 0.2), 1500, seed + 20), reference, limits()).size;
  const double many = of(window(falling(55, 0.2), 400000, 9), reference, limits()).size;
  EXPECT_NEAR(sum / kRounds, many, 0.2 * many);
  for (const std::uint64_t n : {300u, 3000u, 300000u}) {
    EXPECT_LT(of(window(falling(30, 0.3), n, 5), reference, limits()).size, n == 300 ? 2 * entry().bad : entry().bad);
  }
}

// Few events raise the limit to what is certain of them.
TEST_P(Measure, LimitsHoldTheCriticalValue) {
  const Summary reference = window(falling(30, 0.3), 40000, 1), few = window(falling(33, 0.25), 400, 5);
  if (GetParam() == "wasserstein") return;  // its limit is the physical distance alone; certainty is asked apart
  EXPECT_GT(of(few, reference, limits(1e-15)).bad, of(few, reference, {0, 0, 1, 1}).bad);
}

// Constants, single events and disjoint words: finite, and no NaN.
TEST_P(Measure, IsFiniteOnDegenerateWindows) {
  const Summary many = window(falling(30, 0.3), 1000, 1), constant = window(Shape{{{0, 1.0}}}, 1000, 1);
  const Summary one = window(falling(30, 0.3), 1, 1), far = window(falling(3, 0, 20, 3001), 1000, 1);
  for (const Summary* a : {&many, &constant, &one, &far}) {
    for (const Summary* b : {&many, &constant, &one, &far}) {
      const Measured m = of(*a, *b, limits());
      EXPECT_TRUE(std::isfinite(m.value) && m.value >= 0);
      EXPECT_TRUE(std::isfinite(m.size) && m.size >= 0);
      EXPECT_FALSE(std::isnan(m.bad) || std::isnan(m.medium));
      EXPECT_TRUE(m.certainty >= 0 && m.certainty <= 1);
      if (a == b) {
        EXPECT_EQ(m.certainty, 1);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, Measure, ::testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const StatisticEntry& s : statistics()) {
                             if (s.measure != nullptr) names.push_back(s.name);
                           }
                           return names;
                         }()),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace vigil::monitors
