#include "core/lhc.h"

#include <gtest/gtest.h>

namespace vigil::lhc {
namespace {

TEST(Lhc, NumbersOfTheMachine) {
  EXPECT_EQ(kCrossingsPerOrbit, 3564u);
  EXPECT_DOUBLE_EQ(kCrossingHz, 40078962.0);
  EXPECT_EQ(kOrbitsPerLumisection, 262144u);
  EXPECT_NEAR(kLumisectionSeconds, 23.311, 0.001);
}

TEST(Lhc, LumisectionsCountFromOneAndMeetWithoutGap) {
  EXPECT_EQ(lumisection_of(0), 1u);
  EXPECT_EQ(lumisection_of(262143), 1u);
  EXPECT_EQ(lumisection_of(262144), 2u);
  EXPECT_EQ(lumisection_of(0xffffffffu), kLastLumisection);
  for (const std::uint32_t ls : {1u, 2u, 7u, 5000u, kLastLumisection}) {
    EXPECT_EQ(lumisection_of(first_orbit(ls)), ls);
    EXPECT_EQ(lumisection_of(last_orbit(ls)), ls);
    EXPECT_EQ(last_orbit(ls) - first_orbit(ls) + 1, kOrbitsPerLumisection);
  }
}

TEST(Lhc, BunchCrossingsAreOneTo3564) {
  EXPECT_FALSE(is_crossing(0));
  EXPECT_TRUE(is_crossing(1));
  EXPECT_TRUE(is_crossing(3564));
  EXPECT_FALSE(is_crossing(3565));
}

TEST(Lhc, RateIsPassesPerInspectedCrossing) {
  EXPECT_DOUBLE_EQ(rate_hz(1, 40078962), 1);
  EXPECT_DOUBLE_EQ(rate_hz(31, 9346000), 31.0 / 9346000 * 40078962);
  EXPECT_EQ(rate_hz(5, 0), 0);
}

}  // namespace
}  // namespace vigil::lhc
