// The contract of every statistic in the catalogue, whatever it measures.
#include "monitors/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "monitors/cell_table.h"
#include "monitors/ordered_sums.h"
#include "monitors/subject.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

// Of every kind one subject; index 1 of the mismatches is output score.
std::vector<Subject> subjects(const ModelInfo& m) {
  return {{&m, Target::output, 2}, {&m, Target::output, 0},   {&m, Target::input, 1},
          {&m, Target::seed, 0},   {&m, Target::mismatch, 1}, {&m, Target::mismatch, 2}};
}

Summary summary_of(const ModelInfo& m, const Shape& shape, std::uint64_t n, unsigned seed = 3) {
  std::mt19937_64 random(seed);
  return fixtures::drawn(
      m, n, n * 1000, [&](bool, std::size_t) -> const Shape& { return shape; }, random);
}

class EveryStatistic : public ::testing::TestWithParam<std::string_view> {
 protected:
  const StatisticEntry& entry() const { return *find_statistic(GetParam()); }
  ModelInfo model_ = fixtures::model();
};

TEST_P(EveryStatistic, IsNullForWindowEqualReference) {
  const Summary s = summary_of(model_, falling(30, 0.3), 5000);
  for (const Subject& subject : subjects(model_)) {
    if (!applies(entry(), subject.target)) continue;
    const Reading r = entry().function(s, s, subject);
    ASSERT_TRUE(r.value) << r.reason;
    if (subject.target == Target::seed) {
      EXPECT_EQ(*r.p_value, 1);
    } else {
      // Of pairs of events half lie above; any other statistic is 0.
      EXPECT_NEAR(*r.value, GetParam() == "mann_whitney" ? 5000.0 * 5000 / 2 : 0, 1e-15);
      EXPECT_EQ(r.p_value.value_or(1), 1);
      EXPECT_EQ(r.p_value.has_value(), entry().has_p_value && subject.target != Target::mismatch);
    }
  }
}

TEST_P(EveryStatistic, IsFiniteOnEmptyBins) {
  // No common word at all, a single common one, and one event against many.
  const Summary low = summary_of(model_, falling(3, 0, 20, 1), 1000),
                high = summary_of(model_, falling(3, 0, 20, 3001), 1000);
  const Summary one = summary_of(model_, falling(30, 0.3), 1), constant = summary_of(model_, Shape{{{0, 1.0}}}, 5000);
  for (const Subject& subject : subjects(model_)) {
    if (!applies(entry(), subject.target)) continue;
    for (const Summary* a : {&low, &high, &one, &constant}) {
      for (const Summary* b : {&low, &high, &one, &constant}) {
        const Reading r = entry().function(*a, *b, subject);
        ASSERT_TRUE(r.value) << r.reason;
        EXPECT_TRUE(std::isfinite(*r.value));
        EXPECT_GE(*r.value, 0);
        if (r.p_value) {
          EXPECT_GE(*r.p_value, 0);
          EXPECT_LE(*r.p_value, 1);
        }
      }
    }
  }
}

TEST_P(EveryStatistic, IsUndefinedWithAReasonWithoutEvents) {
  const Summary some = summary_of(model_, falling(30, 0.3), 100), none(model_), nothing;
  for (const Subject& subject : subjects(model_)) {
    const Reading r = entry().function(none, some, subject);
    EXPECT_FALSE(r.value) << monitor_name(subject);
    EXPECT_FALSE(r.reason.empty());
    const Reading empty = entry().function(nothing, nothing, subject);
    EXPECT_FALSE(empty.value);
    EXPECT_FALSE(empty.reason.empty());
    EXPECT_EQ(entry().function(some, some, subject).value.has_value(), applies(entry(), subject.target));
  }
}

// Summaries of the same events cut into 1, 7, 4096 batches are equal as values; readings of them are equal to the last
// bit.
TEST_P(EveryStatistic, DoesNotDependOnHowTheEventsWereMerged) {
  const Shape shape = falling(30, 0.3), other = falling(33, 0.25);
  std::vector<Summary> parts;
  for (unsigned i = 0; i < 12; ++i) parts.push_back(summary_of(model_, other, 300, 100 + i));
  const Summary reference = summary_of(model_, shape, 4000);
  Summary forward, backward, pairs;
  for (const Summary& p : parts) forward += p;
  for (auto p = parts.rbegin(); p != parts.rend(); ++p) backward += *p;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    Summary pair = parts[i + 1];
    pair += parts[i];
    pairs += pair;
  }
  ASSERT_EQ(forward, backward);
  for (const Subject& subject : subjects(model_)) {
    const Reading a = entry().function(forward, reference, subject);
    for (const Summary* s : {&backward, &pairs}) {
      const Reading b = entry().function(*s, reference, subject);
      EXPECT_EQ(a.value, b.value);
      EXPECT_EQ(a.p_value, b.p_value);
    }
  }
}

TEST_P(EveryStatistic, GrowsWithAnInjectedShift) {
  const Summary reference = summary_of(model_, falling(30, 0.3), 50000);
  for (const Subject& subject : subjects(model_)) {
    if (!applies(entry(), subject.target)) continue;
    double last = -1;
    for (const double shift : {0.0, 0.05, 0.1, 0.2, 0.4, 0.8}) {
      Summary window = summary_of(model_, falling(30 * (1 + shift), 0.3), 50000);
      const auto wrong = static_cast<std::uint64_t>(shift * 1000);
      window.outputs[1].mismatches = window.outputs[1].hardware_above = wrong;
      window.seeds[0].hardware_only = wrong;
      const Reading r = entry().function(window, reference, subject);
      ASSERT_TRUE(r.value);
      if (GetParam() == "linf" && shift > 0 && shift < 0.4) continue;  // the bin of zeros alone fluctuates as much
      EXPECT_GT(*r.value, last) << monitor_name(subject) << " at " << shift;
      last = *r.value;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryStatistic, ::testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const StatisticEntry& s : statistics()) {
                             if (!s.of_fit) names.push_back(s.name);  // those are no functions of two summaries
                           }
                           return names;
                         }()),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(Statistics, TheCatalogueHasTheDefaultsAndNoDuplicate) {
  for (const char* name : {"ks", "cvm", "ad", "mann_whitney", "chi2", "g", "psi", "kl", "js", "hellinger", "tv", "linf",
                           "wasserstein", "energy", "rate", "rate_vs_pileup", "mismatch_rate", "hotelling", "pca"}) {
    ASSERT_NE(find_statistic(name), nullptr) << name;
    EXPECT_FALSE(find_statistic(name)->summary.empty());
  }
  EXPECT_EQ(find_statistic("nonsense"), nullptr);
  EXPECT_EQ(statistics().size(), 19u);
  EXPECT_EQ(multivariate_statistics(), (std::vector<std::string>{"hotelling", "pca"}));
  for (const StatisticEntry& entry : statistics()) {
    const bool of_shapes = applies(entry, Target::output) || applies(entry, Target::input);
    EXPECT_EQ(entry.measure != nullptr, of_shapes) << entry.name;
    EXPECT_EQ(entry.together != nullptr, applies(entry, Target::multivariate)) << entry.name;
    EXPECT_GE(entry.bad, entry.medium) << entry.name;
    EXPECT_FALSE(entry.limits_measure.empty()) << entry.name;
  }
}

TEST(Statistics, MonitorsHaveTheNamesOfTheResultLines) {
  const ModelInfo m = fixtures::model();
  EXPECT_EQ(monitor_name({&m, Target::output, 1}), "latent[1]");
  EXPECT_EQ(monitor_name({&m, Target::output, 2}), "score");
  EXPECT_EQ(monitor_name({&m, Target::input, 0}), "input/x[0]");
  EXPECT_EQ(monitor_name({&m, Target::seed, 1}), "seed/L1_Tight");
  EXPECT_EQ(monitor_name({&m, Target::mismatch, 0}), "mismatch/latent");
  EXPECT_EQ(monitor_name({&m, Target::mismatch, 3}), "mismatch/L1_Tight");
  EXPECT_EQ(monitor_name({&m, Target::multivariate, 0}), "multivariate/inputs");
  EXPECT_EQ(monitor_name({&m, Target::multivariate, 1}), "multivariate/outputs");
}

// By hand: two cells, 30 of 100 against 50 of 100. chi2 = 200 (30 50 - 70 50)^2 / (100 100 80 120).
TEST(Statistics, ByHand) {
  Cells cells;
  cells.add(0, 30, 50);
  cells.add(2, 70, 50);
  const CellTable table(cells);
  const OrderedSums sums = ordered_sums(cells);
  EXPECT_NEAR(sums.supremum, 0.2, 1e-15);
  EXPECT_NEAR(chi_squared(table), 200.0 * 2000 * 2000 / (100.0 * 100 * 80 * 120), 1e-12);
  EXPECT_NEAR(sums.area, 0.4, 1e-15);
  EXPECT_NEAR(sums.root_area, std::sqrt(0.04 * 2), 1e-15);
  const double p = 30.5 / 101, q = 50.5 / 101;
  EXPECT_NEAR(stability_index(table), (p - q) * std::log(p / q) + (q - p) * std::log((1 - p) / (1 - q)), 1e-15);
  EXPECT_NEAR(triangular(table), 0.5 * (0.04 / 0.8 + 0.04 / 1.2), 1e-15);
  Cells apart;
  apart.add(0, 10, 0);
  apart.add(1, 0, 20);
  EXPECT_EQ(jensen_shannon(CellTable(apart)), 1);
  EXPECT_EQ(triangular(CellTable(apart)), 1);
  EXPECT_TRUE(std::isfinite(stability_index(CellTable(apart))));
}

TEST(Statistics, PoolingKeepsTheTotalsAndTheNeed) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    Cells cells;
    for (int i = 0; i < 40; ++i) cells.add(i, random() % 4, random() % 30);
    const Cells p = pooled(cells);
    std::uint64_t a = 0, b = 0;
    for (const Cell& c : p.cells) {
      a += c.window;
      b += c.reference;
      const double n = static_cast<double>(c.window + c.reference), total = static_cast<double>(p.window + p.reference);
      EXPECT_GE(n * static_cast<double>(std::min(p.window, p.reference)) / total, 5);
    }
    EXPECT_EQ(a, cells.window);
    EXPECT_EQ(b, cells.reference);
  }
}

// W1 of words is in physical units: a shift of all words by 64 with 5 fractional bits is 2.
TEST(Statistics, WassersteinIsInPhysicalUnits) {
  ModelInfo m = fixtures::model(1, fixtures::fixed(18, 13), fixtures::fixed(18, 13));
  const Summary a = summary_of(m, Shape{{{0, 0.5}, {320, 0.5}}}, 1000),
                b = summary_of(m, Shape{{{64, 0.5}, {384, 0.5}}}, 1000);
  const Reading r = wasserstein(b, a, {&m, Target::output, 2});
  EXPECT_NEAR(*r.value, 2, 0.4);  // the halves fluctuate by a few events
  EXPECT_NEAR(deviation(a.all.outputs[2], m.outputs[1].type), 5, 0.05);
}

}  // namespace
}  // namespace vigil::monitors
