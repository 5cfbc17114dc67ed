#include "monitors/strata.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "monitors/intervals.h"
#include "monitors/open_summary.h"
#include "monitors/rate_alternatives.h"
#include "monitors/shape_alternatives.h"
#include "monitors/statistics.h"
#include "monitors/subject.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

constexpr std::uint32_t kWidth = 200;

// Events whose scale follows pile-up: `counts` of them in the strata that begin at these hundredths.
Summary divided(const ModelInfo& m, const std::vector<std::pair<std::uint32_t, std::uint64_t>>& counts, unsigned seed,
                double shift = 1) {
  std::mt19937_64 random(seed);
  Summary all(m);
  all.pileup_width = kWidth;
  for (const auto& [low, n] : counts) {
    const Shape shape = falling(shift * low / 200.0, 0.2, 400), score = falling(low / 100.0, 0.1, 1000, 1);
    Summary part = fixtures::drawn(
        m, n, n * 1000, [&](bool in, std::size_t) -> const Shape& { return in ? shape : score; }, random);
    Stratum stratum = part.all;
    stratum.pileup = {low, low + kWidth};
    part.pileup_width = kWidth;
    part.strata = {stratum};
    part.add_crossings(part.n_bx, low + kWidth / 2);
    all += part;
  }
  return all;
}

Subject input(const ModelInfo& m) { return {&m, Target::input, 0}; }

TEST(Strata, ARemixedReferenceShowsNoDriftWhereAPlainOneDoes) {
  const ModelInfo m = fixtures::model();
  const Summary reference = divided(m, {{3000, 20000}, {5000, 20000}, {7000, 20000}}, 1);
  const Summary window = divided(m, {{3000, 5000}}, 2);
  Summary plain_reference = reference, plain_window = window;
  for (Summary* s : {&plain_reference, &plain_window}) {
    s->pileup_width = 0;
    s->strata.clear();
  }
  for (const StatisticEntry& statistic : statistics()) {
    if (!applies(statistic, Target::input) || !statistic.has_p_value) continue;
    const Reading plain = statistic.function(plain_window, plain_reference, input(m));
    const Reading mixed = statistic.function(window, reference, input(m));
    ASSERT_TRUE(mixed.value && mixed.p_value) << statistic.name;
    EXPECT_LT(*plain.p_value, 1e-10) << statistic.name;
    EXPECT_GT(*mixed.p_value, 1e-4) << statistic.name;
    const Measured size = statistic.measure(window, reference, input(m), {statistic.medium, statistic.bad, 1e-4, 1e-6});
    EXPECT_LT(size.value, size.medium) << statistic.name;
  }
}

TEST(Strata, PValuesUnderTheNullAreNoSmallerThanTheyShouldBe) {
  const ModelInfo m = fixtures::model(1);
  const StatisticEntry& chi2 = *find_statistic("chi2");
  const StatisticEntry& ks = *find_statistic("ks");
  int chi2_below = 0, ks_below = 0;
  constexpr int kTrials = 400;
  for (int i = 0; i < kTrials; ++i) {
    // The mixes differ, and so do the weights: 0.1 and 3 reference events a window event.
    const Summary reference = divided(m, {{3000, 600}, {5000, 6000}}, 100 + 2 * static_cast<unsigned>(i));
    const Summary window = divided(m, {{3000, 2000}, {5000, 2000}}, 101 + 2 * static_cast<unsigned>(i));
    chi2_below += *chi2.function(window, reference, input(m)).p_value < 0.05;
    ks_below += *ks.function(window, reference, input(m)).p_value < 0.05;
  }
  EXPECT_LT(chi2_below, 0.08 * kTrials);
  EXPECT_GT(chi2_below, 0.01 * kTrials);
  EXPECT_LT(ks_below, 0.08 * kTrials);
}

TEST(Strata, WeightedFractionsAreThoseOfTheMix) {
  const ModelInfo m = fixtures::model(1);
  const Summary reference = divided(m, {{3000, 1000}, {5000, 9000}}, 5);
  const Summary window = divided(m, {{3000, 300}, {5000, 100}}, 6);
  const Cells cells = shape(window, reference, input(m), false);
  double total = 0, square = 0;
  for (const Cell& cell : cells.cells) {
    double expected = 0;
    for (std::size_t s = 0; s < 2; ++s) {
      const Histogram& h = reference.strata[s].inputs[0].histogram;
      const double weight = (s == 0 ? 0.75 : 0.25) / static_cast<double>(reference.strata[s].events);
      for (std::int32_t bin = h.first_bin(); bin <= h.last_bin(); ++bin) {
        if (bin_middle(bin) * m.inputs[0].type.to_real(1) != cell.value) continue;
        const auto at = static_cast<std::size_t>(bin - h.first_bin());
        const auto n = static_cast<double>(h.counts()[at]);
        expected += weight * n;
        const auto in_window = static_cast<double>(window.strata[s].inputs[0].histogram.counts()[at]);
        const auto a = static_cast<double>(reference.strata[s].events),
                   b = static_cast<double>(window.strata[s].events);
        square += weight * weight * (n + in_window) * a / (a + b);
      }
    }
    total += expected;
    EXPECT_NEAR(static_cast<double>(cell.reference) / static_cast<double>(cells.reference), expected, 1e-11);
  }
  EXPECT_NEAR(total, 1, 1e-12);
  EXPECT_NEAR(cells.squares, square, 1e-15);
  EXPECT_NEAR(cells.reference_events(), 1 / (0.75 * 0.75 / 1000 + 0.25 * 0.25 / 9000), 1e-6);
}

TEST(Strata, WhatLiesOutsideTheReferenceIsLeftOutUpToATenth) {
  const ModelInfo m = fixtures::model();
  const Summary reference = divided(m, {{5000, 5000}, {5200, 5000}, {6000, 5000}, {6200, 99}}, 1);
  const Summary nearly = divided(m, {{5000, 900}, {4200, 100}}, 2);
  EXPECT_EQ(why_no_strata(nearly, reference), "");
  EXPECT_EQ(shape(nearly, reference, input(m), false).window, 900u);
  const Summary outside = divided(m, {{5000, 890}, {4200, 110}}, 3);
  EXPECT_EQ(why_no_strata(outside, reference), "pile-up 43 outside the reference (50 to 62)");
  const Reading reading = find_statistic("ks")->function(outside, reference, input(m));
  EXPECT_FALSE(reading.value);
  EXPECT_EQ(reading.reason, "pile-up 43 outside the reference (50 to 62)");
  // A stratum with fewer than 100 events serves nobody.
  EXPECT_EQ(why_no_strata(divided(m, {{6200, 500}}, 4), reference), "pile-up 63 outside the reference (50 to 62)");
}

TEST(Strata, PassesOfASeedAreExpectedOfTheMix) {
  const ModelInfo m = fixtures::model();
  const Subject seed{&m, Target::seed, 0};
  const Summary reference = divided(m, {{3000, 100000}, {6000, 100000}}, 1);
  const Summary window = divided(m, {{3000, 20000}}, 2);
  const ComparedPasses both = compared_passes(window, reference, seed);
  const double at_low = static_cast<double>(stratum_passes(reference.strata[0], m, 0)) / 100000;
  EXPECT_NEAR(both.fraction(), at_low, 1e-3 * at_low);
  EXPECT_EQ(both.window.passes, window.seeds[0].emulator);
  EXPECT_NEAR(static_cast<double>(both.reference.passes), at_low * 100000, 1);
  const Reading reading = find_statistic("rate")->function(window, reference, seed);
  EXPECT_GT(*reading.p_value, 1e-4);
}

TEST(Strata, SummariesMergeAndReadBackByStratum) {
  const ModelInfo m = fixtures::model();
  const Summary a = divided(m, {{3000, 500}, {5000, 700}}, 1), b = divided(m, {{1000, 100}, {5000, 300}}, 2);
  Summary ab = a, ba = b;
  ab += b;
  ba += a;
  EXPECT_EQ(ab, ba);
  ASSERT_EQ(ab.strata.size(), 3u);
  EXPECT_EQ(ab.all.events, 1600u);
  EXPECT_EQ(summary_from_json(to_json(ab), m, "s"), ab);
  Summary undivided(m);  // without events it does not matter; with some all are of any pile-up
  Summary with = ab;
  with += undivided;
  EXPECT_EQ(with.strata.size(), 3u);
  undivided.all.events = 1;
  with += undivided;
  EXPECT_FALSE(with.is_divided());
  EXPECT_TRUE(with.strata.empty());
}

TEST(Strata, BatchesWithoutPileupTakeTheLumisections) {
  const ModelInfo m = fixtures::model();
  Summary s = divided(m, {{3000, 500}}, 1);
  Summary unknown = divided(m, {{5000, 200}}, 2);
  unknown.strata[0].pileup.reset();
  unknown.crossings = 0;
  unknown.crossings_pileup = unknown.crossings_pileup_squared = 0;
  s += unknown;
  ASSERT_EQ(s.strata.size(), 2u);
  EXPECT_FALSE(s.strata[0].pileup);
  s.assume_pileup(m, 3100);
  ASSERT_EQ(s.strata.size(), 1u);
  EXPECT_EQ(s.strata[0].events, 700u);
  EXPECT_EQ(s.crossings, s.n_bx_own);
}

TEST(Strata, AnOpenSummaryOfNothingHoldsNoStratum) {
  const ModelInfo m = fixtures::model();
  OpenSummary open(m, kWidth);
  EXPECT_TRUE(open.summary().strata.empty());
  EXPECT_EQ(open.take().pileup_width, kWidth);
}

double product(const std::vector<double>& steps, const std::vector<double>& weights) {
  double sum = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) sum += weights[i] * std::exp(steps[i]);
  return sum;
}

// Conditional on the strata every bet's mean is at most 1, whatever the mix of the data.
TEST(Strata, BetsOnShapesAreFairInEachStratum) {
  const ModelInfo m = fixtures::model(1);
  int unfair = 0;
  for (unsigned trial = 0; trial < 40; ++trial) {
    const Summary reference = divided(m, {{3000, 3000}, {5000, 150}}, trial);
    const std::vector<const Histogram*> strata{&reference.strata[0].inputs[0].histogram,
                                               &reference.strata[1].inputs[0].histogram};
    const ShapeAlternatives bets(strata, 1e-3);
    for (std::size_t s = 0; s < 2; ++s) {
      const double low = s == 0 ? 3000 : 5000;
      const Shape truth = falling(low / 200.0, 0.2, 400);
      std::vector<double> means(bets.weights().size());
      for (const auto& [word, p] : truth.weights) {
        Histogram one(m.inputs[0].type);
        one.add(bin_of(word), 1);
        const std::vector<double> steps = bets.steps(one, s);
        for (std::size_t i = 0; i < means.size(); ++i) means[i] += p * std::exp(steps[i]);
      }
      unfair += *std::max_element(means.begin(), means.end()) > 1 + 1e-9;
    }
  }
  EXPECT_LE(unfair, 1);
}

TEST(Strata, BetsSeeAShiftThatPileupHides) {
  const ModelInfo m = fixtures::model(1);
  const Summary reference = divided(m, {{3000, 20000}, {5000, 20000}}, 1);
  const ShapeAlternatives bets({&reference.strata[0].inputs[0].histogram, &reference.strata[1].inputs[0].histogram},
                               1e-6);
  const Summary shifted = divided(m, {{3000, 4000}}, 2, 1.3), same = divided(m, {{3000, 2000}}, 3);
  EXPECT_GT(std::log(product(bets.steps(shifted.strata[0].inputs[0].histogram, 0), bets.weights())), 5);
  EXPECT_LT(std::log(product(bets.steps(same.strata[0].inputs[0].histogram, 0), bets.weights())), 3);
}

TEST(Strata, BetsOnRatesKnowEachStratum) {
  const RateAlternatives bets({{100, 10000}, {1000, 10000}, {0, 500}}, 1e-3);
  EXPECT_LT(product(bets.steps(100, 1000, 1), bets.weights()) / static_cast<double>(bets.weights().size()), 1.5);
  EXPECT_GT(product(bets.steps(100, 1000, 0), bets.weights()), 1e6);
  // Without passes in the reference a fall cannot be bet on, and the rise costs what the interval allows.
  for (const double step : bets.steps(0, 100, 2)) EXPECT_LE(step, 1e-12);
}

}  // namespace
}  // namespace vigil::monitors
