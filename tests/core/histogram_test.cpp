#include "core/histogram.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace vigil {
namespace {

TEST(BinOf, ExactBelow32ThenSixteenAnOctave) {
  for (std::int64_t w = -31; w <= 31; ++w) EXPECT_EQ(bin_of(w), w);
  EXPECT_EQ(bin_of(32), 32);
  EXPECT_EQ(bin_of(33), 32);
  EXPECT_EQ(bin_of(34), 33);
  EXPECT_EQ(bin_of(63), 47);
  EXPECT_EQ(bin_of(64), 48);
  EXPECT_EQ(bin_of(1 << 17), 32 + 16 * 12);
  EXPECT_EQ(bin_of((1 << 17) - 1), 32 + 16 * 12 - 1);
  EXPECT_EQ(bin_of(INT64_MAX), 32 + 16 * 58 - 1);
  EXPECT_EQ(bin_of(INT64_MIN), -(32 + 16 * 58));
  EXPECT_EQ(bin_of(-(1 << 17)), -bin_of(1 << 17));
}

TEST(BinOf, MagnitudesAreTheEdges) {
  for (std::int32_t b = 0; b < 32 + 16 * 57; ++b) {
    const auto low = static_cast<std::int64_t>(bin_magnitude(b));
    const auto next = static_cast<std::int64_t>(bin_magnitude(b + 1));
    ASSERT_LT(low, next);
    EXPECT_EQ(bin_of(low), b);
    EXPECT_EQ(bin_of(next - 1), b);
    EXPECT_EQ(bin_of(-low), -b);
  }
}

TEST(Histogram, HoldsEveryWordOfItsType) {
  for (const int width : {1, 2, 5, 6, 8, 18, 33, 63, 64}) {
    for (const bool is_signed : {true, false}) {
      if (!is_signed && width == 64) continue;
      FixedPoint type;
      type.width = width;
      type.is_signed = is_signed;
      Histogram h(type);
      h.fill(type.lowest());
      h.fill(type.highest());
      h.fill(0);
      EXPECT_EQ(h.total(), 3u);
      EXPECT_EQ(h.first_bin(), bin_of(type.lowest()));
      EXPECT_EQ(h.last_bin(), bin_of(type.highest()));
    }
  }
}

TEST(Histogram, MergingIsAdditionAndTheEmptyOneIsNeutral) {
  FixedPoint type;
  type.width = 10;
  Histogram a(type), b(type), empty;
  for (int w = -500; w < 500; w += 3) a.fill(w);
  for (int w = 0; w < 200; ++w) b.fill(w);
  Histogram ab = a, ba = b;
  ab += b;
  ba += a;
  EXPECT_EQ(ab, ba);
  EXPECT_EQ(ab.total(), a.total() + b.total());
  Histogram copy = empty;
  copy += a;
  EXPECT_EQ(copy, a);
  copy += empty;
  EXPECT_EQ(copy, a);
}

}  // namespace
}  // namespace vigil
