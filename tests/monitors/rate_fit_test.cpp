#include "monitors/rate_fit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "monitors/reference_builder.h"
#include "monitors/rule.h"
#include "monitors/subject.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

std::vector<RatePoint> drawn_points(const std::array<double, 3>& a, std::uint64_t crossings, int n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<RatePoint> points;
  for (int i = 0; i < n; ++i) {
    const double mu = 60 - 30.0 * i / (n - 1);
    const double mean = (a[0] + a[1] * mu + a[2] * mu * mu) * static_cast<double>(crossings);
    points.push_back({std::poisson_distribution<std::uint64_t>(mean)(random), crossings, mu});
  }
  return points;
}

TEST(RateFit, FindsExactCoefficients) {
  const std::array<double, 3> a{1e-4, 2e-6, 3e-7};
  std::vector<RatePoint> points;
  for (int mu = 30; mu <= 60; ++mu) {
    const std::uint64_t crossings = 10'000'000'000;
    points.push_back({static_cast<std::uint64_t>(std::llround((a[0] + a[1] * mu + a[2] * mu * mu) * 1e10)), crossings,
                      static_cast<double>(mu)});
  }
  const auto fit = fit_rate(points, 4);
  ASSERT_TRUE(fit);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(fit->coefficients[i], a[i], 1e-5 * a[i]) << i;
  EXPECT_EQ(fit->low, 30);
  EXPECT_EQ(fit->high, 60);
}

// The pull of the expectation at a pile-up is standard normal.
TEST(RateFit, CovarianceCoversTheScatter) {
  const std::array<double, 3> a{1e-4, 2e-6, 3e-7};
  for (const double mu : {30.0, 45.0, 60.0}) {
    double sum = 0;
    constexpr int kTrials = 300;
    for (unsigned trial = 0; trial < kTrials; ++trial) {
      const auto fit = fit_rate(drawn_points(a, 2'000'000, 40, trial), 4);
      ASSERT_TRUE(fit);
      Summary s;
      s.crossings = 1'000'000;
      s.crossings_pileup = static_cast<Wide>(1e6 * 100 * mu);
      s.crossings_pileup_squared = static_cast<Wide>(1e6 * 1e4 * mu * mu);
      const ExpectedPasses e = expected_passes(*fit, s);
      const double pull = (e.passes - 1e6 * (a[0] + a[1] * mu + a[2] * mu * mu)) / std::sqrt(e.variance);
      sum += pull * pull;
    }
    // At most 1 on average: the variance is never scaled below that of counting.
    EXPECT_LT(sum / kTrials, 1.2) << mu;
    EXPECT_GT(sum / kTrials, 0.6) << mu;
  }
}

TEST(RateFit, IsNotMadeOfWhatDoesNotDetermineIt) {
  const std::array<double, 3> a{1e-4, 2e-6, 3e-7};
  const auto points = drawn_points(a, 1'000'000, 40, 1);
  EXPECT_TRUE(fit_rate(points, 4));
  EXPECT_FALSE(fit_rate(points, 30));  // spans 30 and no more
  EXPECT_FALSE(fit_rate({points.begin(), points.begin() + 3}, 0));
  std::vector<RatePoint> two_values;
  for (int i = 0; i < 10; ++i) two_values.push_back({100, 1'000'000, i % 2 == 0 ? 30.0 : 60.0});
  EXPECT_FALSE(fit_rate(two_values, 4));
  std::vector<RatePoint> none = points;
  for (RatePoint& p : none) p.passes = 0;
  EXPECT_FALSE(fit_rate(none, 4));
}

// Lumisections of a fill: passes of the looser seed grow with the square of pile-up, at `factor` of the reference.
class Fill {
 public:
  static constexpr std::uint32_t kWidth = 200;
  explicit Fill(unsigned seed) : random_(seed) {}

  ClosedLumisection at(std::uint32_t ls, double pileup, double factor = 1) {
    Summary s(m_);
    s.pileup_width = kWidth;
    const std::uint64_t n = 4000;
    s.events = n;
    s.n_bx = s.n_bx_own = 1'000'000;
    s.add_crossings(s.n_bx, pileup_hundredths(pileup));
    Stratum& stratum = s.strata.emplace_back(m_);
    const std::uint32_t low = pileup_hundredths(pileup) / kWidth * kWidth;
    stratum.pileup = {low, low + kWidth};
    stratum.events = n;
    const double fraction = 0.02 * factor * (pileup / 60) * (pileup / 60);
    const fixtures::Shape plain{{{32, 1}}}, score{{{0, 1 - fraction}, {200, 0.8 * fraction}, {500, 0.2 * fraction}}};
    for (WordSummary& word : stratum.inputs) fixtures::draw(word, plain, n, false, random_);
    for (std::size_t w = 0; w < stratum.outputs.size(); ++w) {
      fixtures::draw(stratum.outputs[w], w == 2 ? score : plain, n, w == 2, random_);
    }
    s.add_up(m_);
    for (std::size_t i = 0; i < m_.seeds.size(); ++i) {
      s.seeds[i].emulator = stratum_passes(stratum, m_, i);
      s.seeds[i].compared = n;
      s.seeds[i].hardware = s.seeds[i].emulator;
    }
    for (OutputSummary& output : s.outputs) output.compared = n;
    return fixtures::closed(1, ls, std::move(s));
  }

  References reference() {
    MonitorSettings settings;
    settings.pileup_width = kWidth;
    ReferenceBuilder builder(m_, {}, settings, "reference");
    for (std::uint32_t ls = 1; ls <= 60; ++ls) builder.add(at(ls, 60 - 0.5 * ls));
    return builder.finish();
  }
  const ModelInfo& model() const { return m_; }

 private:
  ModelInfo m_ = fixtures::model();
  std::mt19937_64 random_;
};

const Verdict* find(const JudgedWindow& w, const std::string& monitor, const std::string& statistic) {
  for (const Verdict& v : w.verdicts) {
    if (v.monitor == monitor && v.statistic == statistic) return &v;
  }
  return nullptr;
}

TEST(RateVersusPileup, FollowsADecayAndSeesAStepOnTopOfIt) {
  Fill fill(7);
  const References reference = fill.reference();
  ASSERT_EQ(reference.entries.size(), 1u);
  ASSERT_EQ(reference.entries[0].rates.size(), 2u);
  EXPECT_EQ(references_from_json(to_json(reference), fill.model(), "r").entries[0].rates, reference.entries[0].rates);
  StreamMonitor monitor(fill.model(), "scouting", {}, reference);
  std::vector<JudgedWindow> windows;
  const auto close = [&](ClosedLumisection&& c) {
    Judgements judged = monitor.close(std::move(c));
    for (JudgedWindow& w : judged.windows) windows.push_back(std::move(w));
  };
  for (std::uint32_t ls = 1; ls <= 50; ++ls) close(fill.at(ls, 55 - 0.4 * ls));
  for (const JudgedWindow& w : windows) {
    const Verdict* v = find(w, "seed/L1_Loose", "rate_vs_pileup");
    ASSERT_NE(v, nullptr);
    EXPECT_EQ(v->quality, Quality::good) << v->reason;
    EXPECT_NEAR(*v->value, 1, 0.25);
    const Verdict* rate = find(w, "seed/L1_Loose", "rate");
    ASSERT_NE(rate, nullptr);
    EXPECT_EQ(rate->quality, Quality::good) << rate->reason;
  }
  windows.clear();
  for (std::uint32_t ls = 51; ls <= 80; ++ls) close(fill.at(ls, 40, 1.6));
  const Verdict* v = find(windows.back(), "seed/L1_Loose", "rate_vs_pileup");
  EXPECT_EQ(v->quality, Quality::bad) << v->reason;
  EXPECT_NEAR(*v->value, 1.6, 0.2);
  EXPECT_LT(*v->p_value, 1e-6);
}

TEST(RateVersusPileup, SaysWhyItDoesNotKnow) {
  Fill fill(8);
  const References reference = fill.reference();
  StreamMonitor monitor(fill.model(), "scouting", {}, reference);
  std::vector<JudgedWindow> windows;
  for (std::uint32_t ls = 1; ls <= 20; ++ls) {
    Judgements judged = monitor.close(fill.at(ls, 20));
    for (JudgedWindow& w : judged.windows) windows.push_back(std::move(w));
  }
  ASSERT_FALSE(windows.empty());
  EXPECT_EQ(find(windows[0], "seed/L1_Loose", "rate_vs_pileup")->reason, "pile-up 20 outside the fit (30 to 59.5)");
  EXPECT_EQ(find(windows[0], "x", "ks"), nullptr);
  EXPECT_EQ(find(windows[0], "input/x[0]", "chi2")->reason, "pile-up 21 outside the reference (30 to 60)");
}

}  // namespace
}  // namespace vigil::monitors
