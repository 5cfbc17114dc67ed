// Weighted samples: what of the statistics is defined for them, and how weights count.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "monitors/sample_statistics.h"
#include "monitors/weighted_chi_squared.h"

namespace vigil::monitors {
namespace {

using Values = std::vector<double>;

const NamedReading& named(const SampleComparison& comparison, std::string_view name) {
  return *std::find_if(comparison.readings.begin(), comparison.readings.end(),
                       [&](const NamedReading& r) { return r.name == name; });
}

SampleComparison compare(const Values& reference, const Values& sample, const Values* v, const Values* w) {
  const auto weights = [](const Values* given) { return given != nullptr ? Weights(*given) : Weights(); };
  return compare_weighted(std::span<const double>(reference), std::span<const double>(sample), weights(v), weights(w));
}

struct Drawn {
  Values reference, sample, reference_weights, sample_weights;
  explicit Drawn(unsigned seed, std::size_t n = 400, std::size_t m = 300) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> weight(0.2, 3);
    for (std::size_t i = 0; i < n; ++i) reference.push_back(std::round(2 * normal(random)));
    for (std::size_t i = 0; i < m; ++i) sample.push_back(std::round(2 * normal(random) + 0.2));
    for (std::size_t i = 0; i < n; ++i) reference_weights.push_back(weight(random));
    for (std::size_t i = 0; i < m; ++i) sample_weights.push_back(weight(random));
  }
};

TEST(Weighted, DefinedAreTheStatisticsOfFractions) {
  const std::set<std::string_view> defined = {"ks", "chi2", "js", "hellinger", "tv", "linf", "wasserstein", "energy"};
  const Drawn d(1);
  for (const NamedReading& r : compare(d.reference, d.sample, nullptr, &d.sample_weights).readings) {
    EXPECT_EQ(r.value.has_value(), defined.contains(r.name)) << r.name;
    EXPECT_EQ(r.reason.empty(), r.value.has_value());
    EXPECT_EQ(r.p_value.has_value(), r.name == "ks" || r.name == "chi2") << r.name;
  }
}

// A weight of k is k events, for all that reads fractions alone.
TEST(Weighted, WholeWeightsAreRepeatedEvents) {
  std::mt19937 random(2);
  const Drawn d(2);
  Values weights, repeated;
  for (const double v : d.sample) {
    weights.push_back(static_cast<double>(random() % 4));
    repeated.insert(repeated.end(), static_cast<std::size_t>(weights.back()), v);
  }
  const SampleComparison weighted = compare(d.reference, d.sample, nullptr, &weights);
  const SampleComparison counted =
      compare_samples(std::span<const double>(d.reference), std::span<const double>(repeated));
  EXPECT_EQ(weighted.sample.n,
            static_cast<std::uint64_t>(std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; })));
  EXPECT_EQ(weighted.cells, counted.cells);
  for (const char* name : {"ks", "js", "hellinger", "tv", "linf", "wasserstein", "energy"}) {
    EXPECT_NEAR(*named(weighted, name).value, *named(counted, name).value, 1e-12) << name;
  }
}

// But for cells without weighted events, which are given the mean weight as their variance.
TEST(Weighted, TheUnitOfWeightsIsNothing) {
  Drawn d(3);
  for (Values* values : {&d.reference, &d.sample}) {
    for (double& x : *values) x = std::clamp(x, -3.0, 3.0);
  }
  Values v = d.reference_weights, w = d.sample_weights;
  for (double& x : v) x *= 8;
  for (double& x : w) x /= 1024;
  for (const bool both : {false, true}) {
    const SampleComparison plain =
        compare(d.reference, d.sample, both ? &d.reference_weights : nullptr, &d.sample_weights);
    const SampleComparison scaled = compare(d.reference, d.sample, both ? &v : nullptr, &w);
    for (std::size_t i = 0; i < plain.readings.size(); ++i) {
      if (!plain.readings[i].value) continue;
      EXPECT_NEAR(*scaled.readings[i].value, *plain.readings[i].value, 1e-12 * *plain.readings[i].value)
          << plain.readings[i].name;
    }
  }
}

// Residuals change their sign with the sides, and their squares add up to X^2 where both are weighted.
TEST(Weighted, ResidualsPointToTheSampleAbove) {
  const Drawn d(4);
  const SampleComparison one = compare(d.reference, d.sample, nullptr, &d.sample_weights);
  const SampleComparison back = compare(d.sample, d.reference, &d.sample_weights, nullptr);
  const auto& r = named(one, "chi2").residuals;
  ASSERT_EQ(r.size(), one.cells);
  EXPECT_NEAR(*named(one, "chi2").value, *named(back, "chi2").value, 1e-11);
  for (std::size_t i = 0; i < r.size(); ++i) EXPECT_NEAR(r[i], -named(back, "chi2").residuals[i], 1e-11);
  EXPECT_LT(r.front(), 0);  // the sample lies higher
  EXPECT_GT(r.back(), 0);
  const SampleComparison both = compare(d.reference, d.sample, &d.reference_weights, &d.sample_weights);
  double sum = 0;
  for (const double x : named(both, "chi2").residuals) sum += x * x;
  EXPECT_NEAR(*named(both, "chi2").value, sum, 1e-12 * sum);
}

// NaN takes its weight along; a weight of 0 is no event, whatever its value.
TEST(Weighted, WhatIsNoEventLeavesNoTrace) {
  Drawn d(5);
  const SampleComparison before = compare(d.reference, d.sample, nullptr, &d.sample_weights);
  d.sample.insert(d.sample.begin(), {std::nan(""), 1e9, INFINITY});
  d.sample_weights.insert(d.sample_weights.begin(), {5, 0, 0});
  const SampleComparison after = compare(d.reference, d.sample, nullptr, &d.sample_weights);
  EXPECT_EQ(after.sample.nan, 1u);
  EXPECT_EQ(after.sample.n, before.sample.n);
  EXPECT_EQ(after.cells, before.cells);
  for (std::size_t i = 0; i < before.readings.size(); ++i) EXPECT_EQ(after.readings[i].value, before.readings[i].value);
  const Values zero(d.sample.size(), 0);
  for (const NamedReading& r : compare(d.reference, d.sample, nullptr, &zero).readings) EXPECT_FALSE(r.value) << r.name;
}

// Poisson counts against weighted ones of the same parent: chi-squared is chi-squared.
TEST(Weighted, ChiSquaredFollowsItsDistributionWhereNothingMoved) {
  for (const bool both : {false, true}) {
    int below = 0;
    double sum = 0, degrees = 0;
    constexpr int kRounds = 400;
    for (unsigned round = 0; round < kRounds; ++round) {
      Drawn d(1000 + round, 3000, 2000);
      std::mt19937_64 random(round);
      std::normal_distribution<double> normal;
      for (double& v : d.sample) v = std::round(2 * normal(random));
      for (Values* values : {&d.reference, &d.sample}) {
        for (double& v : *values) v = std::clamp(v, -3.0, 3.0);
      }
      const SampleComparison c =
          compare(d.reference, d.sample, both ? &d.reference_weights : nullptr, &d.sample_weights);
      const NamedReading& reading = named(c, "chi2");
      below += *reading.p_value < 0.05;
      sum += *reading.value;
      degrees = reading.extra.value;
    }
    EXPECT_EQ(degrees, 6);
    EXPECT_NEAR(sum / kRounds, degrees, 5 * std::sqrt(2 * degrees / kRounds));
    EXPECT_NEAR(below, 0.05 * kRounds, 5 * std::sqrt(0.05 * kRounds));
  }
}

TEST(Weighted, OneCellIsNoDifference) {
  const Values a{3, 3, 3}, b{3, 3}, w{0.5, 2};
  const SampleComparison c = compare(a, b, nullptr, &w);
  EXPECT_EQ(*named(c, "chi2").value, 0);
  EXPECT_EQ(*named(c, "chi2").p_value, 1);
  EXPECT_EQ(*named(c, "ks").value, 0);
  EXPECT_EQ(*named(c, "energy").value, 0);
}

}  // namespace
}  // namespace vigil::monitors
