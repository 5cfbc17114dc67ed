#include "monitors/sorted_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "monitors/radix_sort.h"

namespace vigil::monitors {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(RadixSort, SortsWhateverTheSpread) {
  std::mt19937_64 random(7);
  const auto check = [](std::vector<std::uint64_t> keys) {
    std::vector<std::uint64_t> expected = keys, scratch;
    std::sort(expected.begin(), expected.end());
    radix_sort(keys, scratch);
    EXPECT_EQ(keys, expected);
  };
  for (const std::size_t n : {0u, 1u, 2u, 511u, 512u, 513u, 5000u, 70000u}) {
    for (const int bits : {0, 1, 10, 11, 12, 22, 33, 34, 45, 64}) {
      std::vector<std::uint64_t> keys(n);
      const std::uint64_t offset = random();
      for (auto& key : keys) key = bits == 0 ? offset : (random() >> (64 - bits)) + (bits < 63 ? offset / 4 : 0);
      check(keys);
    }
    // Long runs that agree in their leading bits, beside one far away.
    std::vector<std::uint64_t> keys(n);
    for (auto& key : keys) key = random() % 1000;
    if (n > 0) keys.back() = ~std::uint64_t{0};
    check(keys);
  }
}

TEST(SortedSample, KeysCompareAsValues) {
  const std::vector<double> ascending{-kInfinity, -1e300, -1, -5e-324, 0, 5e-324, 1, 1e300, kInfinity};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    EXPECT_EQ(real_of_key(key_of(ascending[i])), ascending[i]);
    if (i == 0) continue;
    EXPECT_LT(key_of(ascending[i - 1]), key_of(ascending[i]));
  }
  EXPECT_EQ(key_of(-0.0), key_of(0.0));
  EXPECT_LT(key_of(std::int64_t{INT64_MIN}), key_of(std::int64_t{-1}));
  EXPECT_EQ(integer_of_key(key_of(std::int64_t{INT64_MIN})), INT64_MIN);
}

TEST(SortedSample, CountsWhatIsNoNumber) {
  const std::vector<double> values{2, std::nan(""), -0.0, kInfinity, -kInfinity, 0.0, -std::nan(""), kInfinity};
  const SortedSample sample{std::span(values)};
  EXPECT_EQ(sample.counts().n, 6u);
  EXPECT_EQ(sample.counts().nan, 2u);
  EXPECT_EQ(sample.counts().minus_infinity, 1u);
  EXPECT_EQ(sample.counts().plus_infinity, 2u);
  std::size_t cells = 0;
  for_each_cell(sample.keys(), {}, [&](std::uint64_t, std::int64_t, std::int64_t) { ++cells; });
  EXPECT_EQ(cells, 4u);
}

TEST(SortedSample, EveryValueIsInOneCell) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> a(random() % 30), b(random() % 30);
    for (auto* values : {&a, &b}) {
      for (auto& v : *values) v = static_cast<std::int64_t>(random() % 12) - 5;
    }
    const SortedSample x{std::span<const std::int64_t>(a)}, y{std::span<const std::int64_t>(b)};
    std::int64_t last = INT64_MIN;
    std::size_t in_a = 0, in_b = 0;
    for_each_cell(x.keys(), y.keys(), [&](std::uint64_t key, std::int64_t c, std::int64_t d) {
      const std::int64_t value = integer_of_key(key);
      EXPECT_GT(value, last);
      EXPECT_EQ(c, std::count(a.begin(), a.end(), value));
      EXPECT_EQ(d, std::count(b.begin(), b.end(), value));
      EXPECT_GT(c + d, 0);
      in_a += static_cast<std::size_t>(c);
      in_b += static_cast<std::size_t>(d);
      last = value;
    });
    EXPECT_EQ(in_a, a.size());
    EXPECT_EQ(in_b, b.size());
  }
}

}  // namespace
}  // namespace vigil::monitors
