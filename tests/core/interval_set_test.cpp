#include "core/interval_set.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>

namespace vigil {
namespace {

using Intervals = std::map<std::uint64_t, std::uint64_t>;

TEST(IntervalSet, TouchingIntervalsJoin) {
  IntervalSet s;
  s.insert(10, 19);
  s.insert(30, 39);
  s.insert(20, 29);
  EXPECT_EQ(s.intervals(), (Intervals{{10, 39}}));
  s.insert(41, 41);
  EXPECT_EQ(s.intervals(), (Intervals{{10, 39}, {41, 41}}));
  s.insert(0, 100);
  EXPECT_EQ(s.intervals(), (Intervals{{0, 100}}));
}

TEST(IntervalSet, EndsOfTheRange) {
  IntervalSet s;
  s.insert(UINT64_MAX, UINT64_MAX);
  s.insert(0, 0);
  EXPECT_EQ(s.size(), 2u);
  EXPECT_TRUE(s.contains(0));
  EXPECT_TRUE(s.contains(UINT64_MAX));
  EXPECT_FALSE(s.contains(1));
  s.insert(1, UINT64_MAX - 1);
  EXPECT_EQ(s.intervals(), (Intervals{{0, UINT64_MAX}}));
  EXPECT_EQ(s.size(), 0u);  // 2^64 wraps
}

TEST(IntervalSet, ErasesWhatItHoldsAndSaysWhat) {
  std::mt19937 random(9);
  for (int round = 0; round < 500; ++round) {
    IntervalSet s;
    std::set<std::uint64_t> naive;
    for (int i = 0; i < 10; ++i) {
      const std::uint64_t first = random() % 60, last = first + random() % 6;
      s.insert(first, last);
      for (std::uint64_t v = first; v <= last; ++v) naive.insert(v);
      const std::uint64_t from = random() % 60, to = from + random() % 12;
      std::set<std::uint64_t> out;
      for (const auto& [a, b] : s.erase(from, to)) {
        for (std::uint64_t v = a; v <= b; ++v) ASSERT_TRUE(out.insert(v).second);
      }
      for (std::uint64_t v = from; v <= to; ++v) ASSERT_EQ(naive.erase(v) > 0, out.contains(v));
      for (std::uint64_t v = 0; v < 80; ++v) ASSERT_EQ(s.contains(v), naive.contains(v));
    }
  }
  IntervalSet all;
  all.insert(0, UINT64_MAX);
  EXPECT_EQ(all.erase(5, UINT64_MAX).size(), 1u);
  EXPECT_EQ(all.intervals(), (Intervals{{0, 4}}));
}

TEST(IntervalSet, AgreesWithASetOfIntegers) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    IntervalSet a, b;
    std::set<std::uint64_t> x, y;
    const auto fill = [&](IntervalSet& s, std::set<std::uint64_t>& naive) {
      for (int i = 0; i < 12; ++i) {
        const std::uint64_t first = random() % 120, last = first + random() % 9;
        s.insert(first, last);
        for (std::uint64_t v = first; v <= last; ++v) naive.insert(v);
      }
    };
    fill(a, x);
    fill(b, y);
    ASSERT_EQ(a.size(), x.size());
    for (std::uint64_t v = 0; v < 130; ++v) ASSERT_EQ(a.contains(v), x.contains(v));
    IntervalSet both = a, common = a;
    both |= b;
    common &= b;
    std::set<std::uint64_t> union_set = x, intersection;
    union_set.insert(y.begin(), y.end());
    for (const std::uint64_t v : x) {
      if (y.contains(v)) intersection.insert(v);
    }
    ASSERT_EQ(both.size(), union_set.size());
    ASSERT_EQ(common.size(), intersection.size());
    for (std::uint64_t v = 0; v < 130; ++v) ASSERT_EQ(common.contains(v), intersection.contains(v));
    // Canonical: no two intervals touch, so equal sets are equal maps whatever the order of insertion.
    IntervalSet again = b;
    again |= a;
    EXPECT_EQ(both, again);
  }
}

}  // namespace
}  // namespace vigil
