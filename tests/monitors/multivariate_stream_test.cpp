// All inputs, and all output words, together: in windows and at every lumisection of a StreamMonitor.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "monitors/sequential_multivariate.h"
#include "monitors/stream_monitor.h"
#include "vectors.h"

namespace vigil::monitors {
namespace {

using fixtures::Rows;
using ::testing::HasSubstr;

class MultivariateStream : public ::testing::Test {
 protected:
  MultivariateStream() : monitor_(model_, "s", MonitorSettings(), std::nullopt) {}

  Judgements close(std::uint32_t ls, Summary summary) {
    return monitor_.close(fixtures::closed(1, ls, std::move(summary)));
  }
  void learn() {
    for (std::uint32_t ls = 1; ls <= 20; ++ls) (void)close(ls, source_.summary(model_, kEvents));
  }
  static const Verdict* find(const std::vector<Verdict>& verdicts, const std::string& monitor,
                             const std::string& statistic) {
    const auto found = std::find_if(verdicts.begin(), verdicts.end(),
                                    [&](const Verdict& v) { return v.monitor == monitor && v.statistic == statistic; });
    return found == verdicts.end() ? nullptr : &*found;
  }

  static constexpr std::size_t kEvents = 400;
  const ModelInfo model_ = fixtures::model(6);
  fixtures::VectorSource source_{.loading = 0.95};
  StreamMonitor monitor_;
};

TEST_F(MultivariateStream, VerdictsComeLastAndAreGoodWhileNothingMoves) {
  learn();
  for (std::uint32_t ls = 21; ls <= 60; ++ls) {
    const Judgements judged = close(ls, source_.summary(model_, kEvents));
    const auto& sequential = judged.sequential.verdicts;
    ASSERT_EQ(sequential.size(), 3u + 6 + 2 + 4 + 2);
    EXPECT_EQ(sequential[15].monitor, "multivariate/inputs");
    EXPECT_EQ(sequential[16].monitor, "multivariate/outputs");
    EXPECT_EQ(sequential[15].statistic, "mewma");
    EXPECT_EQ(sequential[15].quality, ls <= 30 ? Quality::unknown : Quality::good) << sequential[15].reason;
    if (ls > 30) {
      EXPECT_FALSE(sequential[15].p_value);
    }
    for (const JudgedWindow& w : judged.windows) {
      ASSERT_EQ(w.verdicts.size(), 15u + 4);
      const char* const names[] = {"hotelling", "pca"};
      for (std::size_t i = 15; i < 19; ++i) {
        const Verdict& v = w.verdicts[i];
        EXPECT_EQ(v.monitor, i < 17 ? "multivariate/inputs" : "multivariate/outputs");
        EXPECT_EQ(v.statistic, names[(i - 15) % 2]);
        if (w.window.first_ls <= 20) continue;
        if (i == 18) {
          EXPECT_EQ(v.reason, "no variance outside the components");
        } else {
          EXPECT_EQ(v.quality, Quality::good) << v.reason;
          EXPECT_TRUE(v.value && v.p_value && v.limit);
        }
        EXPECT_TRUE(v.attribution.empty());
      }
    }
  }
}

TEST_F(MultivariateStream, AShiftOfOneInputIsFoundAndNamed) {
  learn();
  for (std::uint32_t ls = 21; ls <= 40; ++ls) (void)close(ls, source_.summary(model_, kEvents));
  source_.shift[3] = 30;  // 0.3 of its spread
  bool in_windows = false, sequential = false;
  for (std::uint32_t ls = 41; ls <= 65; ++ls) {
    const Judgements judged = close(ls, source_.summary(model_, kEvents));
    const Verdict* v = find(judged.sequential.verdicts, "multivariate/inputs", "mewma");
    if (v->quality == Quality::bad) {
      if (!sequential) {
        EXPECT_GE(v->first_ls, 39u);
        EXPECT_LE(v->first_ls, 43u);
      }
      sequential = true;
      EXPECT_GE(*v->value, *v->limit / 2);
      EXPECT_THAT(v->reason, HasSubstr("multivariate/inputs moved: means by"));
      for (const MovedInput& moved : v->attribution) {
        EXPECT_EQ(moved.monitor, "input/x[3]");
        EXPECT_GE(*moved.e_value, std::log(6 / 0.1));
        EXPECT_FALSE(moved.p_value);
        EXPECT_GT(moved.effect, 0.02);
      }
      EXPECT_TRUE(ls < 60 || v->attribution.size() == 1) << ls;
    }
    for (const JudgedWindow& w : judged.windows) {
      v = find(w.verdicts, "multivariate/inputs", "hotelling");
      if (w.window.first_ls < 41) continue;
      EXPECT_LT(*v->p_value, 1e-10);
      EXPECT_GT(*v->value, *v->limit);
      if (v->quality != Quality::bad) continue;
      in_windows = true;
      ASSERT_EQ(v->attribution.size(), 1u);
      EXPECT_EQ(v->attribution[0].monitor, "input/x[3]");
      const Verdict* input = find(w.verdicts, "input/x[3]", "chi2");
      EXPECT_EQ(v->attribution[0].p_value, input->p_value);
      EXPECT_EQ(w.moved, v->attribution);
    }
  }
  EXPECT_TRUE(in_windows);
  EXPECT_TRUE(sequential);
  EXPECT_EQ(find(close(66, source_.summary(model_, kEvents)).sequential.verdicts, "score", "e_multinomial")->quality,
            Quality::good);
  // It ends when the fault does.
  source_.shift[3] = 0;
  std::uint32_t ls = 67;
  while (
      find(close(ls, source_.summary(model_, kEvents)).sequential.verdicts, "multivariate/inputs", "mewma")->quality ==
      Quality::bad) {
    ASSERT_LT(ls++, 90u);
  }
}

// Every column keeps its distribution: only what they have in common goes.
TEST_F(MultivariateStream, AChangeOfCorrelationsAloneIsFoundByTheResidual) {
  learn();
  source_.loading = 0.8;
  bool found = false;
  for (std::uint32_t ls = 21; ls <= 50; ++ls) {
    for (const JudgedWindow& w : close(ls, source_.summary(model_, kEvents)).windows) {
      if (w.window.first_ls <= 20) continue;
      for (std::size_t i = 0; i < 15; ++i) EXPECT_NE(w.verdicts[i].quality, Quality::bad) << w.verdicts[i].reason;
      EXPECT_NE(find(w.verdicts, "multivariate/inputs", "hotelling")->quality, Quality::bad);
      const Verdict* v = find(w.verdicts, "multivariate/inputs", "pca");
      EXPECT_GT(*v->value, 0.5);
      if (v->quality != Quality::bad) continue;
      found = true;
      EXPECT_GE(v->attribution.size(), 2u);
      for (const MovedInput& moved : v->attribution) EXPECT_FALSE(moved.p_value || moved.e_value);
      EXPECT_EQ(w.moved.size(), 0u) << "no input's own distribution moved";
    }
  }
  EXPECT_TRUE(found);
}

// The recursion written out: standardised means by elimination of nothing (columns without correlation), exact
// variance.
TEST_F(MultivariateStream, ValuesOfTheAverageAreThoseOfItsDefinition) {
  source_.loading = 0;
  Summary reference(model_);
  std::vector<Summary> lumisections;
  for (std::uint32_t ls = 1; ls <= 20; ++ls) {
    Summary one = source_.summary(model_, kEvents);
    reference += one;
    (void)close(ls, std::move(one));
  }
  const Together first = together(reference, reference, {&model_, Target::multivariate, 0});
  ASSERT_EQ(first.regular.size(), 6u);
  const Spectrum& spectrum = first.reference->spectrum();
  std::vector<double> z(6);
  double own = 0, shared = 0;
  for (std::uint32_t ls = 21; ls <= 45; ++ls) {
    Summary one = source_.summary(model_, kEvents + 10 * ls);
    const CrossMoments sums = one.all.input_products;
    const Verdict v = *find(close(ls, std::move(one)).sequential.verdicts, "multivariate/inputs", "mewma");
    const double n = static_cast<double>(sums.n);
    std::vector<double> d(6), y(6);
    for (std::size_t i = 0; i < 6; ++i) {
      const auto at = static_cast<Eigen::Index>(i);
      d[i] =
          (static_cast<double>(sums.sums[i]) / n - first.reference->moments.mean[at]) / first.reference->deviations[at];
    }
    for (Eigen::Index k = 0; k < 6; ++k) {  // R^(-1/2) d
      double along = 0;
      for (std::size_t i = 0; i < 6; ++i) along += spectrum.vectors(static_cast<Eigen::Index>(i), k) * d[i];
      for (std::size_t i = 0; i < 6; ++i)
        y[i] += spectrum.vectors(static_cast<Eigen::Index>(i), k) * along / std::sqrt(spectrum.values[k]);
    }
    double norm = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      z[i] = 0.1 * y[i] + 0.9 * z[i];
      norm += z[i] * z[i];
    }
    own = 0.01 / n + 0.81 * own;
    shared = 0.1 + 0.9 * shared;
    if (ls > 30) {
      EXPECT_NEAR(*v.value, norm / (own + shared * shared / (20.0 * kEvents)), 1e-9 * *v.value) << ls;
      EXPECT_LT(*v.limit, 100);
    }
  }
}

TEST_F(MultivariateStream, GoesOnFromWhatWasSaved) {
  StreamMonitor other(model_, "s", MonitorSettings(), std::nullopt);
  for (std::uint32_t ls = 1; ls <= 70; ++ls) {
    if (ls == 50) source_.shift[1] = 40;
    const Summary one = source_.summary(model_, kEvents);
    const Judgements a = close(ls, one), b = other.close(fixtures::closed(1, ls, one));
    ASSERT_EQ(a.sequential.verdicts.size(), b.sequential.verdicts.size());
    for (std::size_t i = 0; i < a.sequential.verdicts.size(); ++i) {
      const Verdict &v = a.sequential.verdicts[i], &w = b.sequential.verdicts[i];
      ASSERT_TRUE(v.value == w.value && v.quality == w.quality && v.reason == w.reason && v.first_ls == w.first_ls &&
                  v.limit == w.limit && v.attribution == w.attribution && a.printed[i] == b.printed[i])
          << ls << " " << v.monitor << ": " << v.reason << " / " << w.reason;
    }
    ASSERT_EQ(a.windows.size(), b.windows.size());
    for (std::size_t k = 0; k < a.windows.size(); ++k) {
      for (std::size_t i = 0; i < a.windows[k].verdicts.size(); ++i) {
        const Verdict &v = a.windows[k].verdicts[i], &w = b.windows[k].verdicts[i];
        ASSERT_TRUE(v.value == w.value && v.p_value == w.p_value && v.quality == w.quality && v.reason == w.reason);
      }
    }
    const std::string saved = other.save();
    EXPECT_EQ(saved, monitor_.save());
    StreamMonitor next(model_, "s", MonitorSettings(), std::nullopt);
    ASSERT_TRUE(next.load(saved).empty());
    other = std::move(next);
  }
  EXPECT_EQ(
      find(close(71, source_.summary(model_, kEvents)).sequential.verdicts, "multivariate/inputs", "mewma")->quality,
      Quality::bad);
}

TEST_F(MultivariateStream, OffThereAreNone) {
  MonitorSettings off;
  off.multivariate.statistics.clear();
  EXPECT_EQ(off.multivariate.sampling(), 0u);
  const StreamMonitor without(model_, "s", off, std::nullopt);
  for (const Verdict& v : without.rules()) EXPECT_NE(v.subject.target, Target::multivariate);
  EXPECT_EQ(monitor_.rules().size(), without.rules().size() + 4 + 2);
  MonitorSettings one;
  one.multivariate.statistics = {"pca"};
  EXPECT_EQ(StreamMonitor(model_, "s", one, std::nullopt).rules().size(), without.rules().size() + 2 + 2);
  one.multivariate.statistics = {"ks"};
  EXPECT_ANY_THROW(StreamMonitor(model_, "s", one, std::nullopt));
  // One output word has nothing beside it.
  ModelInfo single = fixtures::model(6);
  single.outputs = {{"score", fixtures::fixed(18, 14, false), 0, 1}};
  single.seeds.clear();
  std::set<std::string> monitors;
  const StreamMonitor of_single(single, "s", MonitorSettings(), std::nullopt);
  for (const Verdict& v : of_single.rules()) {
    if (v.subject.target == Target::multivariate) monitors.insert(v.monitor);
  }
  EXPECT_EQ(monitors, std::set<std::string>{"multivariate/inputs"});
}

TEST_F(MultivariateStream, AReferenceWithoutScatterLeavesTheResidualUnknown) {
  Reference reference;
  for (std::uint32_t ls = 1; ls <= 20; ++ls) reference.add(1, ls, source_.summary(model_, kEvents));
  reference.model = model_.name;
  const Reference loaded = references_from_json(to_json(reference), model_, "test").entries.front();
  EXPECT_EQ(loaded.scatter, reference.scatter) << "while it is built";
  reference.scatter.complete(reference.summary);
  EXPECT_EQ(references_from_json(to_json(reference), model_, "test").entries.front().scatter, reference.scatter);
  Reference old = reference;
  old.scatter = {};
  for (const Reference& given : {reference, old}) {
    StreamMonitor monitor(model_, "s", MonitorSettings(), given);
    Judgements judged;
    for (std::uint32_t ls = 1; ls <= 10; ++ls)
      judged = monitor.close(fixtures::closed(2, ls, source_.summary(model_, kEvents)));
    ASSERT_EQ(judged.windows.size(), 1u);
    const Verdict* v = find(judged.windows[0].verdicts, "multivariate/inputs", "pca");
    EXPECT_EQ(v->quality, given.scatter.empty() ? Quality::unknown : Quality::good) << v->reason;
    if (given.scatter.empty()) {
      EXPECT_EQ(v->reason, "no scatter over lumisections in the reference");
    }
    EXPECT_EQ(find(judged.windows[0].verdicts, "multivariate/inputs", "hotelling")->quality, Quality::good);
  }
}

// Certainty alone decides, all of the budget is theirs: as many pages as it allows at most, and not none.
TEST_F(MultivariateStream, KeepsTheFalseAlarmBudget) {
  MonitorSettings settings;
  settings.budget = {500, 2000, {0, 0, 0, 0, 1}};
  RuleOverride any;
  any.monitor = "multivariate/*";
  any.medium = any.bad = 0;
  settings.rules = {any};
  double pages = 0, expected = 0;
  for (std::uint32_t stream = 0; stream < 8; ++stream) {
    StreamMonitor monitor(model_, "s", settings, std::nullopt);
    std::map<std::string, Quality> last;
    const auto count = [&](const JudgedWindow& judged) {
      for (const Verdict& v : judged.verdicts) {
        if (v.subject.target != Target::multivariate || v.quality == Quality::unknown) continue;
        Quality& before = last[v.window + v.monitor + v.statistic];
        pages += v.quality == Quality::bad && before != Quality::bad;
        before = v.quality;
      }
    };
    for (std::uint32_t ls = 1; ls <= 520; ++ls) {
      const Judgements judged = monitor.close(fixtures::closed(1, ls, source_.summary(model_, 200)));
      count(judged.sequential);
      for (const JudgedWindow& w : judged.windows) count(w);
    }
    expected += monitor.budget()->expected_pages;
  }
  EXPECT_GT(expected, 100);
  EXPECT_LE(pages, expected + 3 * std::sqrt(expected)) << expected;
  EXPECT_GE(pages, expected / 30) << expected;
  RecordProperty("pages", static_cast<int>(pages));
  RecordProperty("expected", static_cast<int>(expected));
}

}  // namespace
}  // namespace vigil::monitors
