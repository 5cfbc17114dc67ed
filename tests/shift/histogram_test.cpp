#include "shift/documents/histogram.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "core/error.h"

namespace vigil::shift {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

ModelInfo model() {
  ModelInfo info;
  info.hash = "abc";
  info.inputs = {{.name = "jet[0].pt", .type = {.width = 16, .integer = 14}, .lsb = 0.5, .unit = "GeV"},
                 {.name = "jet[0].eta", .type = {.width = 12, .integer = 12}}};
  info.outputs = {{.name = "score", .type = {.width = 10, .integer = 6}, .first_word = 0, .words = 1},
                  {.name = "latent", .type = {.width = 8, .integer = 4}, .first_word = 1, .words = 2}};
  info.seeds = {{.name = "tight", .output = 0, .threshold = 40},
                {.name = "other", .output = 1, .word = 1, .threshold = 3},
                {.name = "loose", .output = 0, .threshold = 8}};
  return info;
}

Summary filled(const ModelInfo& info, const std::vector<std::int64_t>& words) {
  Summary summary(info);
  for (const std::int64_t word : words) {
    for (WordSummary& column : summary.all.outputs) column.histogram.fill(word);
    for (WordSummary& column : summary.all.inputs) column.histogram.fill(word);
    ++summary.all.events;
  }
  return summary;
}

// Every word of a small type: the first of its bin when they are counted upwards.
TEST(Histogram, EdgesAreTheSmallestWordsOfTheirBins) {
  std::int32_t bin = bin_of(-5001);
  for (std::int64_t word = -5000; word <= 5000; ++word) {
    if (bin_of(word) != bin) {
      EXPECT_EQ(smallest_word(bin_of(word)), word);
    }
    bin = bin_of(word);
  }
  EXPECT_EQ(smallest_word(bin_of(INT64_MIN)), INT64_MIN);
  EXPECT_EQ(smallest_word(bin_of(INT64_MAX) + 1), INT64_MAX);
  EXPECT_EQ(smallest_word(bin_of(std::int64_t{1} << 62)), std::int64_t{1} << 62);
}

TEST(Histogram, BinsGoFromTheFirstToTheLastThatHoldsAnythingInEither) {
  const ModelInfo info = model();
  const Summary window = filled(info, {3, 3, 5}), reference = filled(info, {-1, 3});
  const auto h = compare_histograms(info, "score", window, &reference);
  ASSERT_TRUE(h);
  EXPECT_THAT(h->edges_raw, ElementsAre(-1, 0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(h->edges, ElementsAre(-0.0625, 0, 0.0625, 0.125, 0.1875, 0.25, 0.3125, 0.375));
  EXPECT_THAT(h->window_counts, ElementsAre(0, 0, 0, 0, 2, 0, 1));
  EXPECT_THAT(h->reference_counts, ElementsAre(1, 0, 0, 0, 1, 0, 0));
  EXPECT_EQ(h->window_events, 3u);
  EXPECT_EQ(h->reference_events, 2u);
  EXPECT_DOUBLE_EQ(h->ratio[0].value(), 0);
  EXPECT_FALSE(h->ratio[1]);
  EXPECT_DOUBLE_EQ(h->ratio[4].value(), (2. / 3) / (1. / 2));
  EXPECT_FALSE(h->ratio[6]);
  EXPECT_DOUBLE_EQ(h->residual[4].value(), (2 * std::sqrt(2. / 3) - 1 * std::sqrt(3. / 2)) / std::sqrt(3.));
  EXPECT_DOUBLE_EQ(h->residual[6].value(), std::sqrt(2. / 3));
  EXPECT_FALSE(h->residual[1]);
}

TEST(Histogram, ThresholdsOfTheWordAndOfNoOther) {
  const ModelInfo info = model();
  const Summary window = filled(info, {1});
  const auto h = compare_histograms(info, "score", window, nullptr);
  ASSERT_EQ(h->thresholds.size(), 2u);
  EXPECT_EQ(h->thresholds[0].seed, "tight");
  EXPECT_EQ(h->thresholds[0].raw, 40);
  EXPECT_DOUBLE_EQ(h->thresholds[0].value, 2.5);
  EXPECT_EQ(h->thresholds[1].seed, "loose");
  EXPECT_THAT(compare_histograms(info, "latent[0]", window, nullptr)->thresholds, IsEmpty());
  EXPECT_EQ(compare_histograms(info, "latent[1]", window, nullptr)->thresholds[0].seed, "other");
}

TEST(Histogram, InputsHaveTheUnitAndLsbOfThePackage) {
  const ModelInfo info = model();
  const Summary window = filled(info, {4});
  const auto pt = compare_histograms(info, "input/jet[0].pt", window, nullptr);
  EXPECT_EQ(pt->unit, "GeV");
  EXPECT_THAT(pt->edges, ElementsAre(4 * 0.25 * 0.5, 5 * 0.25 * 0.5));
  const auto eta = compare_histograms(info, "input/jet[0].eta", window, nullptr);
  EXPECT_DOUBLE_EQ(eta->lsb, 1);
  EXPECT_THAT(eta->edges, ElementsAre(4, 5));
}

TEST(Histogram, DistancesAreInLsbAndHaveNoReference) {
  const ModelInfo info = model();
  Summary window(info);
  window.outputs[0].distance.fill(-2);
  window.outputs[0].distance.fill(1);
  const auto h = compare_histograms(info, "mismatch/score", window, &window);
  ASSERT_TRUE(h);
  EXPECT_TRUE(h->is_distance);
  EXPECT_THAT(h->edges, ElementsAre(-2, -1, 0, 1, 2));
  EXPECT_THAT(h->window_counts, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(h->reference_counts, IsEmpty());
  EXPECT_THAT(h->ratio, IsEmpty());
}

TEST(Histogram, NothingToShow) {
  const ModelInfo info = model();
  const Summary empty(info);
  const auto h = compare_histograms(info, "score", empty, nullptr);
  EXPECT_THAT(h->edges_raw, ElementsAre(0));
  EXPECT_THAT(h->window_counts, IsEmpty());
  for (const char* none :
       {"seed/tight", "mismatch/tight", "multivariate/inputs", "input/nothing", "latent", "latent[2]", "nothing", ""}) {
    EXPECT_FALSE(compare_histograms(info, none, empty, nullptr)) << none;
  }
}

// Of equal distributions residuals have mean 0 and variance 1; of window = reference all are 0 and the ratio is 1.
TEST(Histogram, ResidualsAreStandardDeviations) {
  const ModelInfo info = model();
  std::mt19937_64 random(8);
  double n = 0, sum = 0, squares = 0;
  for (int sample = 0; sample < 3000; ++sample) {
    std::vector<std::int64_t> a(2000), b(6000);
    for (auto* words : {&a, &b}) {
      for (std::int64_t& word : *words) word = static_cast<std::int64_t>(random() % 20);
    }
    const Summary window = filled(info, a), reference = filled(info, b);
    const auto h = compare_histograms(info, "score", window, &reference);
    for (const auto& residual : h->residual) {
      n += 1;
      sum += residual.value();
      squares += residual.value() * residual.value();
    }
  }
  EXPECT_NEAR(sum / n, 0, 0.05);
  EXPECT_NEAR(squares / n, 0.95, 0.02);  // 20 bins share one constraint: 19/20
  const Summary same = filled(info, {1, 2, 2, 7, -3});
  const auto h = compare_histograms(info, "score", same, &same);
  for (const auto& residual : h->residual) EXPECT_DOUBLE_EQ(residual.value_or(0), 0);
  for (const auto& ratio : h->ratio) EXPECT_DOUBLE_EQ(ratio.value_or(1), 1);
}

TEST(Histogram, ReferencesAreReadOrRefused) {
  const ModelInfo info = model();
  const Summary summary(info);
  const std::string text =
      "{\"format\":\"vigil-reference\",\"version\":1,\"ranges\":[[1,2,21]],\"summary\":" + to_json(summary) + "}";
  const RecordedReference reference = read_reference(text, info, "here");
  EXPECT_EQ(reference.summary, summary);
  EXPECT_THAT(reference.ranges, ElementsAre(std::array<std::uint32_t, 3>{1, 2, 21}));
  for (const std::string& bad : {std::string(), std::string("[]"), std::string("{}"), text.substr(0, text.size() / 2),
                                 std::string("{\"ranges\":[[1,2]],\"summary\":") + to_json(summary) + "}"}) {
    EXPECT_THROW((void)read_reference(bad, info, "here"), Error) << bad.substr(0, 40);
  }
  ModelInfo other = info;
  other.hash = "def";
  EXPECT_THROW((void)read_reference(text, other, "here"), Error);
}

}  // namespace
}  // namespace vigil::shift
