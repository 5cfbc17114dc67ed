// The fast statistics against their formulas, on thousands of small random samples of every kind.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <random>

#include "monitors/cell_table.h"
#include "monitors/ordered_sums.h"
#include "monitors/sample_statistics.h"
#include "naive_statistics.h"

namespace vigil::monitors {
namespace {

// One of many kinds of value: ties, grids, reals, offsets, constants, tiny and huge numbers.
double value_of(int kind, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  switch (kind) {
    case 0:
      return static_cast<double>(random() % 2);
    case 1:
      return static_cast<double>(random() % 9) / 8 - 0.5;
    case 2:
      return normal(random);
    case 3:
      return 1e9 + normal(random);
    case 4:
      return 1e-300 * normal(random);
    case 5:
      return 1e300 * normal(random);
    case 6:
      return random() % 5 == 0 ? 0 : std::exp(5 * normal(random));
    default:
      return 7;
  }
}

TEST(Naive, EveryStatisticIsItsFormula) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 4000; ++round) {
    const int kind = round % 8, other = round % 24 < 8 ? kind : static_cast<int>(random() % 3);
    std::vector<double> a(1 + random() % (round % 3 == 0 ? 4 : 40)), b(1 + random() % 25);
    for (double& v : a) v = value_of(kind, random);
    for (double& v : b) v = value_of(kind < 4 ? other : kind, random);
    const auto naive = fixtures::Naive(a, b).all();
    const SampleComparison comparison = compare_samples(std::span<const double>(a), std::span<const double>(b));
    ASSERT_EQ(comparison.readings.size(), naive.size());
    const auto [low, high] = std::minmax_element(a.begin(), a.end());
    const auto [low_b, high_b] = std::minmax_element(b.begin(), b.end());
    const double range = std::max(*high, *high_b) - std::min(*low, *low_b);
    for (const NamedReading& reading : comparison.readings) {
      ASSERT_TRUE(reading.value) << reading.name << ": " << reading.reason;
      const double expected = static_cast<double>(naive.at(std::string(reading.name)));
      // The formula of the energy distance cancels, and loses half of its digits where it is 0.
      const double loss = reading.name == "energy"
                              ? std::sqrt(range * std::max(1e-18, 1e-18 * std::abs(a[0]) / std::max(range, 1e-308))) * 4
                              : (reading.name == "wasserstein" ? range : 1.0) * 1e-17;
      ASSERT_NEAR(*reading.value, expected, std::max(1e-11 * std::abs(expected), loss))
          << reading.name << " round " << round << " kind " << kind;
      if (!reading.p_value) continue;
      ASSERT_GE(*reading.p_value, 0) << reading.name;
      ASSERT_LE(*reading.p_value, 1) << reading.name;
      ASSERT_TRUE(std::isfinite(*reading.log_p_value)) << reading.name;
      ASSERT_NEAR(std::exp(*reading.log_p_value), *reading.p_value, 1e-12) << reading.name;
    }
  }
}

// What is nearly equal has small distances with all their digits: counts of 10^9 that differ by one in 10^4 and less.
TEST(Naive, NearlyEqualCountsKeepTheirDigits) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    Cells cells;
    std::vector<fixtures::Long> c, d;
    fixtures::Long n = 0, m = 0;
    for (int j = 0; j < 20; ++j) {
      const std::uint64_t many = random() % 1000000000 + 10000;
      cells.add(j, many + random() % 5, many + random() % (1 + many / 10000));
      c.push_back(static_cast<fixtures::Long>(cells.cells.back().reference));
      d.push_back(static_cast<fixtures::Long>(cells.cells.back().window));
      n += c.back();
      m += d.back();
    }
    fixtures::Long g = 0, kl = 0, js = 0, hellinger = 0;
    for (std::size_t j = 0; j < c.size(); ++j) {
      const fixtures::Long p = c[j] / n, q = d[j] / m, x = (c[j] * m - d[j] * n) / ((c[j] + d[j]) * n);
      const fixtures::Long y = (d[j] * n - c[j] * m) / ((c[j] + d[j]) * m);
      g += 2 * (c[j] * std::log1p(x) + d[j] * std::log1p(y));
      const fixtures::Long P = (c[j] + 0.5L) / (n + 10), Q = (d[j] + 0.5L) / (m + 10);
      kl += Q * std::log1p((Q - P) / P) + P - Q;
      js += (p * std::log1p((p - q) / (p + q)) + q * std::log1p((q - p) / (p + q))) / 2 / std::log(2.0L);
      hellinger += (std::sqrt(p) - std::sqrt(q)) * (std::sqrt(p) - std::sqrt(q)) / 2;
    }
    const CellTable table(cells);
    const auto expect = [&](double value, fixtures::Long expected, const char* name) {
      EXPECT_NEAR(value, static_cast<double>(expected), 1e-9 * std::abs(static_cast<double>(expected)))
          << name << round;
    };
    expect(likelihood_ratio(table), g, "G");
    expect(relative_entropy(table), kl, "KL");
    expect(jensen_shannon(table), js, "JS");
    expect(hellinger_distance(table), std::sqrt(hellinger), "H");
  }
}

// The kernels of every instruction set this machine has give the same bits.
TEST(Naive, EveryInstructionSetGivesTheSameBits) {
  std::mt19937_64 random(9);
  for (const std::size_t size : {1u, 7u, 8u, 127u, 128u, 1000u}) {
    Cells cells;
    for (std::size_t j = 0; j < size; ++j) {
      cells.add(static_cast<double>(j), 1 + random() % 1000, random() % (j % 3 == 0 ? 2 : 900));
    }
    const CellTable table(cells);
    const auto all = [&] {
      return std::vector<double>{chi_squared(table),      likelihood_ratio(table),   stability_index(table),
                                 relative_entropy(table), jensen_shannon(table),     hellinger_distance(table),
                                 total_variation(table),  largest_difference(table), triangular(table)};
    };
    const std::vector<double> expected = all();
    const std::int64_t targets = hwy::SupportedTargets();
    int tried = 0;
    for (int bit = 0; bit < 63; ++bit) {
      const std::int64_t target = std::int64_t{1} << bit;
      if ((targets & target) == 0) continue;
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      EXPECT_EQ(all(), expected) << hwy::TargetName(target) << " " << size;
      ++tried;
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    EXPECT_GT(tried, 0);
  }
}

// Integers far from 0 and far apart are as exact as small ones.
TEST(Naive, IntegersStayExactTo64Bits) {
  const std::vector<std::int64_t> a{3, 4, 4, 9}, b{4, 5, 11};
  const auto moved = [](std::vector<std::int64_t> values, std::int64_t by) {
    for (auto& v : values) v += by;
    return values;
  };
  const SampleComparison here = compare_samples(a, b);
  for (const std::int64_t by : {std::int64_t{1} << 53, INT64_MAX - 11, INT64_MIN}) {
    const SampleComparison there = compare_samples(moved(a, by), moved(b, by));
    EXPECT_EQ(there.cells, here.cells);
    for (std::size_t i = 0; i < here.readings.size(); ++i) {
      EXPECT_EQ(there.readings[i].value, here.readings[i].value) << here.readings[i].name;
    }
  }
  const std::vector<std::int64_t> least{INT64_MIN}, most{INT64_MAX};
  const SampleComparison far = compare_samples(least, most);
  const auto value = [&](std::string_view name) {
    return *std::find_if(far.readings.begin(), far.readings.end(), [&](const auto& r) {
              return r.name == name;
            })->value;
  };
  EXPECT_EQ(value("wasserstein"), 0x1p64);
  EXPECT_NEAR(value("energy"), std::sqrt(2.0) * 0x1p32, 1e-3);
}

TEST(Naive, BeyondTheLargestDoubleThereIsNoDistance) {
  const std::vector<double> low(3, -1.7e308), high(4, 1.7e308);
  for (const NamedReading& r : compare_samples(std::span<const double>(low), std::span<const double>(high)).readings) {
    if (r.name == "wasserstein") {
      EXPECT_FALSE(r.value);
      EXPECT_FALSE(r.reason.empty());
    } else {
      ASSERT_TRUE(r.value) << r.name;
      EXPECT_TRUE(std::isfinite(*r.value)) << r.name;
    }
  }
}

// A million events on each side: pairs are counted to the half.
TEST(Naive, PairsOfLargeSamplesAreExact) {
  std::vector<std::int64_t> a(1000000), b(1000000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<std::int64_t>(i);
    b[i] = static_cast<std::int64_t>(i + (i % 2));
  }
  const SortedSample x{std::span<const std::int64_t>(a)}, y{std::span<const std::int64_t>(b)};
  // Of an even i: i below, itself half. Of an odd i: i + 1 below, and a half but for the last.
  EXPECT_EQ(ordered_sums(x, y).above, 1e6 * 999999 / 2 + 5e5 * 0.5 + 5e5 * 1.5 - 0.5);
}

}  // namespace
}  // namespace vigil::monitors
