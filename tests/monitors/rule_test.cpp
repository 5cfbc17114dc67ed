#include "monitors/rule.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/lhc.h"
#include "core/pattern.h"
#include "monitors/input_change.h"
#include "monitors/threshold.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

Summary summary_of(const ModelInfo& m, const Shape& input, const Shape& output, std::uint64_t n, std::uint64_t n_bx,
                   unsigned seed = 3) {
  std::mt19937_64 random(seed);
  return fixtures::drawn(
      m, n, n_bx, [&](bool in, std::size_t) -> const Shape& { return in ? input : output; }, random);
}

const Rule& named(const std::vector<Rule>& rules, const std::string& name) {
  for (const Rule& rule : rules) {
    if (rule.monitor == name) return rule;
  }
  throw std::runtime_error(name);
}

constexpr double kSignificance = 2e-8;

Judgement judge_one(const ModelInfo& m, const std::string& monitor, const Summary& window, const Summary& reference,
                    const MonitorSettings& settings = {}) {
  const auto rules = make_rules(m, settings);
  return judge(named(rules, monitor), {window, reference, kSignificance, kSignificance, "", "", {{1, 5, &window}}});
}

TEST(MakeRules, DefaultsInTheOrderOfTheResultLines) {
  const ModelInfo m = fixtures::model(2);
  std::vector<std::string> got;
  for (const Rule& rule : make_rules(m, {})) {
    got.push_back(rule.monitor + " " + std::string(rule.statistic->name) + " " + std::to_string(rule.m) + "/" +
                  std::to_string(rule.n));
  }
  EXPECT_EQ(got,
            (std::vector<std::string>{"latent[0] ks 2/3", "latent[1] ks 2/3", "score ks 2/3", "input/x[0] chi2 2/3",
                                      "input/x[1] chi2 2/3", "seed/L1_Loose rate 2/3", "seed/L1_Tight rate 2/3",
                                      "mismatch/latent rate 1/1", "mismatch/score rate 1/1",
                                      "mismatch/L1_Loose rate 1/1", "mismatch/L1_Tight rate 1/1",
                                      "multivariate/inputs hotelling 2/3", "multivariate/inputs pca 2/3",
                                      "multivariate/outputs hotelling 2/3", "multivariate/outputs pca 2/3"}));
}

TEST(MakeRules, OverridesByNameAndPatternTheLaterWins) {
  const ModelInfo m = fixtures::model(2);
  MonitorSettings settings;
  settings.rules = {{"*", {"psi"}, {}, {}, {}, {}},
                    {"input/*", {}, 0.3, 0.4, 3, 5},
                    {"input/x[1]", {"wasserstein"}, {}, 0.9, {}, {}}};
  const auto rules = make_rules(m, settings);
  EXPECT_EQ(named(rules, "score").statistic->name, "psi");
  EXPECT_EQ(named(rules, "seed/L1_Loose").statistic->name, "rate");  // a wildcard leaves out what has no psi
  EXPECT_EQ(named(rules, "input/x[0]").bad, 0.4);
  EXPECT_EQ(named(rules, "input/x[0]").n, 5u);
  EXPECT_EQ(named(rules, "input/x[1]").statistic->name, "wasserstein");
  EXPECT_EQ(named(rules, "input/x[1]").bad, 0.9);
  EXPECT_EQ(named(rules, "input/x[1]").medium, 0.1);
}

TEST(MakeRules, AMonitorMayHaveSeveral) {
  const ModelInfo m = fixtures::model(2);
  MonitorSettings settings;
  settings.rules = {{"input/x[1]", {"chi2", "psi", "ks"}, {}, {}, {}, {}}, {"input/x[1]", {}, {}, {}, 1, 2}};
  std::vector<std::string> got;
  for (const Rule& rule : make_rules(m, settings)) {
    if (rule.monitor == "input/x[1]") got.push_back(std::string(rule.statistic->name) + " " + in_words(rule.bad));
    EXPECT_TRUE(rule.monitor != "input/x[1]" || (rule.m == 1 && rule.n == 2));
  }
  EXPECT_EQ(got, (std::vector<std::string>{"chi2 0.1", "psi 0.25", "ks 0.1"}));
}

TEST(MakeRules, ImpossibleOnesAreRefused) {
  const ModelInfo m = fixtures::model(2);
  const auto refused = [&](RuleOverride o) {
    MonitorSettings settings;
    settings.rules = {std::move(o)};
    EXPECT_THROW(make_rules(m, settings), Error);
  };
  refused({"score", {"nonsense"}, {}, {}, {}, {}});
  refused({"score", {"rate"}, {}, {}, {}, {}});
  refused({"seed/L1_Loose", {"ks"}, {}, {}, {}, {}});
  refused({"score", {}, 0.5, 0.1, {}, {}});
  refused({"score", {}, -1.0, {}, {}, {}});
  refused({"score", {}, {}, {}, 4, 3});
  refused({"score", {}, {}, {}, 0, {}});
}

TEST(Matches, StarStandsForAnyRun) {
  EXPECT_TRUE(matches("input/*", "input/jet[0].pt"));
  EXPECT_TRUE(matches("*.pt", "input/jet[0].pt"));
  EXPECT_TRUE(matches("i*j*pt", "input/jet[0].pt"));
  EXPECT_TRUE(matches("score", "score"));
  EXPECT_FALSE(matches("score", "scores"));
  EXPECT_FALSE(matches("*.eta", "input/jet[0].pt"));
  EXPECT_TRUE(matches("*", ""));
}

TEST(Ring, BadNeedsMOfTheLastNKnownReadings) {
  Rule rule;
  rule.m = 2;
  rule.n = 3;
  Ring ring;
  EXPECT_EQ(ring.take(Quality::bad, rule), Quality::medium);
  EXPECT_EQ(ring.take(Quality::good, rule), Quality::good);
  EXPECT_EQ(ring.take(Quality::bad, rule), Quality::bad);
  EXPECT_EQ(ring.take(Quality::good, rule),
            Quality::good);  // bad, good, bad left the ring's newest three: good bad good
  EXPECT_EQ(ring.take(Quality::medium, rule), Quality::medium);
  EXPECT_EQ(ring.take(Quality::bad, rule), Quality::medium);
  EXPECT_EQ(ring.take(Quality::bad, rule), Quality::bad);
  EXPECT_EQ(ring.take(Quality::good, rule), Quality::bad);  // still two of three
  EXPECT_EQ(ring.take(Quality::good, rule), Quality::good);
}

// The printed limit decides: bad exactly from it on.
TEST(ShapeRule, LimitIsInUnitsOfTheValue) {
  const ModelInfo m = fixtures::model();
  const Summary reference = summary_of(m, falling(30, 0.3), falling(30, 0.3), 20000, 20000000);
  for (const char* statistic : {"ks", "chi2", "wasserstein", "psi", "js"}) {
    MonitorSettings settings;
    settings.rules = {{"*", {statistic}, {}, {}, {}, {}}};
    Quality last = Quality::good;
    for (const double scale : {30.0, 31.0, 33.0, 36.0, 40.0, 50.0, 80.0}) {
      const Summary window = summary_of(m, falling(scale, 0.3), falling(scale, 0.3), 10000, 10000000, 17);
      for (const char* monitor : {"score", "input/x[0]"}) {
        const Judgement j = judge_one(m, monitor, window, reference, settings);
        ASSERT_TRUE(j.value && j.limit) << statistic;
        EXPECT_EQ(j.level == Quality::bad, *j.value >= *j.limit) << statistic << " " << scale << " " << j.reason;
        EXPECT_TRUE(scale != 80 || j.level == Quality::bad) << statistic << " " << j.reason;
        EXPECT_TRUE(scale != 30 || j.level == Quality::good) << statistic << " " << j.reason;
        if (monitor == std::string("score")) {
          EXPECT_GE(j.level, last) << statistic << " " << scale;
          last = j.level;
        }
      }
    }
  }
}

// A few percent of total variation, as pile-up moves within a fill, is never bad however many events show it.
TEST(ShapeRule, ASmallCertainChangeIsNotBad) {
  const ModelInfo m = fixtures::model();
  const Summary reference = summary_of(m, falling(30, 0.3), falling(30, 0.3), 100000000, 1000000000);
  const Summary window = summary_of(m, falling(32.5, 0.29), falling(32.5, 0.29), 100000000, 1000000000, 5);
  for (const char* monitor : {"score", "input/x[0]"}) {
    const Judgement j = judge_one(m, monitor, window, reference);
    EXPECT_LT(*j.p_value, 1e-100);
    EXPECT_LT(j.level, Quality::bad) << j.reason;
  }
}

TEST(InputChange, IsNamedInWords) {
  const ModelInfo m = fixtures::model();
  const Summary reference = summary_of(m, falling(30, 0.12), falling(30, 0.3), 20000, 20000000);
  struct Case {
    Shape shape;
    InputChange::Kind kind;
    const char* words;
  };
  Shape extreme = falling(30, 0.08);
  for (auto& [word, p] : extreme.weights) p *= 0.6;
  extreme.weights.emplace_back(131071, 0.4);
  Shape shifted;
  for (const auto& [word, p] : falling(30, 0.12).weights)
    shifted.weights.emplace_back(word == 0 ? 0 : word + 32 * 40, p);
  const std::vector<Case> cases = {
      {Shape{{{0, 1.0}}}, InputChange::Kind::dead, "input/x[1] dead: 100% of words are 0, reference 1"},
      {Shape{{{0, 0.99}, {320, 0.01}}}, InputChange::Kind::dead, "dead: 9"},
      {Shape{{{131071, 1.0}}}, InputChange::Kind::hot, "hot: 100% of words are at the type's largest, reference 0%"},
      {Shape{{{10 * 32, 1.0}}}, InputChange::Kind::hot, "hot: 100% of words are near 10"},
      {extreme, InputChange::Kind::hot, "at the type's largest"},
      {falling(45, 0.12, 300, 32), InputChange::Kind::rescaled, "rescaled: words are 1."},
      {falling(30, 0.12, 200, 64), InputChange::Kind::rescaled, "rescaled: words are 2"},
      {falling(30, 0.12, 200, 16), InputChange::Kind::rescaled, "rescaled: words are 0.5"},
      {shifted, InputChange::Kind::shifted, "shifted"},
  };
  for (const Case& c : cases) {
    const Summary window = summary_of(m, c.shape, falling(30, 0.3), 5000, 5000000, 9);
    const Judgement j = judge_one(m, "input/x[1]", window, reference);
    ASSERT_TRUE(std::holds_alternative<InputChange>(j.evidence)) << j.reason;
    EXPECT_EQ(std::get<InputChange>(j.evidence).kind, c.kind) << c.words << ": " << j.reason;
    EXPECT_NE(j.reason.find(c.words), std::string::npos) << j.reason;
    EXPECT_EQ(j.level, Quality::bad) << j.reason;
  }
  const Summary window = summary_of(m, falling(30, 0.12, 200, 48), falling(30, 0.3), 50000, 5000000, 9);
  const Judgement j = judge_one(m, "input/x[1]", window, reference);
  EXPECT_NEAR(std::get<InputChange>(j.evidence).scale.value_or(0), 1.5, 0.03);
}

// Hot where the reference was mostly zero.
TEST(InputChange, OccupancyUpIsHot) {
  const ModelInfo m = fixtures::model();
  const Summary reference = summary_of(m, falling(30, 0.9), falling(30, 0.3), 20000, 20000000);
  const Summary window = summary_of(m, falling(30, 0.3), falling(30, 0.3), 5000, 5000000, 9);
  const Judgement j = judge_one(m, "input/x[1]", window, reference);
  EXPECT_EQ(std::get<InputChange>(j.evidence).kind, InputChange::Kind::hot) << j.reason;
}

// 1000 crossings an event, score falling with scale 40 words from 1: 6.6% pass 100.
TEST(RateRule, FollowsTheLuminosityAndNothingElse) {
  const ModelInfo plain = fixtures::model();
  ModelInfo with_target = plain;
  const Shape score = falling(40, 0.1, 1000, 1);
  const Summary reference = summary_of(plain, falling(30, 0.3), score, 50000, 50000000);
  const double rate = lhc::rate_hz(static_cast<double>(reference.seeds[0].emulator), 50000000);
  with_target.seeds[0].target_rate_hz = rate;
  for (const ModelInfo* m : {&plain, static_cast<const ModelInfo*>(&with_target)}) {
    SCOPED_TRACE(m == &plain ? "no target" : "target");
    const auto judged = [&](const Shape& shape, std::uint64_t n, std::uint64_t n_bx) {
      return judge_one(*m, "seed/L1_Loose", summary_of(*m, falling(30, 0.3), shape, n, n_bx, 77), reference);
    };
    // Value is the rate.
    const Judgement same = judged(score, 20000, 20000000);
    EXPECT_EQ(same.level, Quality::good) << same.reason;
    EXPECT_NEAR(*same.value, rate, 0.1 * rate);
    // Fewer events in as many crossings at one pass fraction: the luminosity fell. Nobody's fault.
    const Judgement decayed = judged(score, 20000, 200000000);
    EXPECT_EQ(decayed.level, Quality::good) << decayed.reason;
    EXPECT_NEAR(*decayed.value, rate / 10, 0.02 * rate);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(decayed.evidence));
    // Another pass fraction: too many and too few.
    const Judgement high = judged(falling(80, 0.1, 1000, 1), 20000, 20000000);
    EXPECT_EQ(high.level, Quality::bad) << high.reason;
    EXPECT_GT(*high.value, *high.limit);
    EXPECT_NE(high.reason.find("too high"), std::string::npos);
    const Judgement low = judged(falling(20, 0.1, 1000, 1), 20000, 20000000);
    EXPECT_EQ(low.level, Quality::bad) << low.reason;
    EXPECT_LT(*low.value, *low.limit);
    // The proposal brings the rate back.
    for (const Judgement* j : {&high, &low}) {
      const auto& proposal = std::get<ThresholdProposal>(j->evidence);
      EXPECT_EQ(proposal.seed, "L1_Loose");
      EXPECT_EQ(proposal.current_threshold, 100);
      EXPECT_EQ(proposal.proposed_threshold > 100, j == &high);
      EXPECT_NEAR(proposal.expected_rate_hz[1], proposal.target_rate_hz, 0.05 * proposal.target_rate_hz);
      EXPECT_LT(proposal.expected_rate_hz[0], proposal.expected_rate_hz[1]);
      EXPECT_GT(proposal.expected_rate_hz[2], proposal.expected_rate_hz[1]);
      ASSERT_TRUE(proposal.not_above && proposal.compatible);
      EXPECT_LE((*proposal.compatible)[0], proposal.proposed_threshold);
      EXPECT_GE((*proposal.compatible)[1], proposal.proposed_threshold);
      EXPECT_FALSE(proposal.tie);
    }
    // A few hundred events: half the rate is no evidence.
    EXPECT_EQ(judged(falling(30, 0.1, 1000, 1), 250, 250000).level, Quality::good);
  }
  // More events per crossing at one fraction: above its target only where there is one.
  const Summary busy = summary_of(plain, falling(30, 0.3), score, 50000, 15000000, 5);
  EXPECT_EQ(judge_one(plain, "seed/L1_Loose", busy, reference).level, Quality::good);
  EXPECT_EQ(judge_one(with_target, "seed/L1_Loose", busy, reference).level, Quality::bad);
}

TEST(RateRule, WithoutPassesAnywhereIsGood) {
  const ModelInfo m = fixtures::model();
  const Summary quiet = summary_of(m, falling(30, 0.3), falling(2, 0, 20, 1), 5000, 5000000);
  const Judgement j = judge_one(m, "seed/L1_Loose", quiet, quiet);
  EXPECT_EQ(*j.value, 0);
  EXPECT_EQ(j.level, Quality::good) << j.reason;
  Summary loud = summary_of(m, falling(30, 0.3), falling(40, 0, 1000, 1), 5000, 5000000);
  EXPECT_EQ(judge_one(m, "seed/L1_Loose", loud, quiet).level, Quality::bad);
}

// Every threshold tried: no other comes closer.
TEST(Threshold, IsTheClosestOfAll) {
  const ModelInfo m = fixtures::model(1, fixtures::fixed(18, 13), fixtures::fixed(8, 8));
  std::mt19937 random(8);
  for (int round = 0; round < 200; ++round) {
    Summary s(m);
    s.n_bx_own = 40078962;
    const int words = static_cast<int>(random() % 6);
    for (int i = 0; i < words; ++i) {
      const int word = round % 10 == 0 && i == 0 ? 127 : static_cast<int>(random() % 256) - 128;
      s.all.outputs[2].words[word] += 1 + random() % 20;
    }
    const auto passes = [&](std::int64_t threshold) {
      std::uint64_t n = 0;
      for (const auto& [word, count] : s.all.outputs[2].words) n += word >= threshold ? count : 0;
      return static_cast<double>(n);
    };
    const auto target = static_cast<double>(random() % 60);
    const ThresholdProposal p = solve_threshold(s, m, 0, target);
    ASSERT_TRUE(m.outputs[1].type.holds(p.proposed_threshold));
    EXPECT_DOUBLE_EQ(p.expected_rate_hz[1], passes(p.proposed_threshold));
    for (std::int64_t t = -128; t <= 127; ++t) {
      EXPECT_LE(std::abs(passes(p.proposed_threshold) - target), std::abs(passes(t) - target) + 1e-9) << t;
      if (p.not_above) {
        EXPECT_EQ(passes(t) <= target + 1e-9, t >= *p.not_above) << t;
      }
    }
    EXPECT_EQ(p.not_above.has_value(), passes(127) <= target);
  }
}

TEST(Threshold, NamesTheWordThatHoldsTooMuch) {
  const ModelInfo m = fixtures::model(1, fixtures::fixed(18, 13), fixtures::fixed(8, 8));
  Summary s(m);
  s.n_bx_own = 40078962;
  s.all.outputs[2].words[40] = 900;
  s.all.outputs[2].words[60] = 90;
  ThresholdProposal p = solve_threshold(s, m, 0, 500);
  EXPECT_FALSE(p.compatible);
  EXPECT_EQ(p.not_above, 41);
  ASSERT_TRUE(p.tie);
  EXPECT_EQ(p.tie->threshold, 40);
  EXPECT_NEAR(p.tie->fraction, (500.0 - 90) / 900, 1e-9);
  EXPECT_NEAR(p.tie->prescale, 990.0 / 500, 1e-9);
  // More events than crossings: the nearest stands, of intervals nothing is said.
  s.n_bx_own = 500;
  p = solve_threshold(s, m, 0, lhc::kCrossingHz * 91 / 500);
  EXPECT_EQ(p.proposed_threshold, 60);
  EXPECT_FALSE(p.not_above || p.compatible || p.tie);
}

TEST(MismatchRule, OneIsMediumTwoAreBad) {
  const ModelInfo m = fixtures::model();
  Summary s = summary_of(m, falling(30, 0.3), falling(30, 0.3), 1200, 1000000);
  const Summary reference = s;
  Judgement j = judge_one(m, "mismatch/score", s, reference);
  EXPECT_EQ(j.level, Quality::good);
  EXPECT_EQ(*j.value, 0);
  s.outputs[1].mismatches = s.outputs[1].hardware_above = 1;
  j = judge_one(m, "mismatch/score", s, reference);
  EXPECT_EQ(j.level, Quality::medium);
  EXPECT_DOUBLE_EQ(*j.value, 1.0 / 1200);
  EXPECT_EQ(*j.limit, 0);
  s.outputs[1].mismatches = 2;
  s.outputs[1].hardware_below = 1;
  KeptEvent e;
  e.run = 1;
  e.ls = 5;
  e.orbit = 1100000;
  e.bx = 99;
  e.disagreeing = {"score", "L1_Loose"};
  s.kept = {e};
  e.orbit = 1100001;
  e.disagreeing = {"latent"};
  s.kept.push_back(e);
  j = judge_one(m, "mismatch/score", s, reference);
  EXPECT_EQ(j.level, Quality::bad);
  EXPECT_EQ(
      j.reason,
      "mismatch/score: hardware and emulator differ in 2 of 1200 events (1 above, 1 below), first in run 1 LS 5 orbit "
      "1100000 BX 99");
  const auto& evidence = std::get<MismatchEvidence>(j.evidence);
  EXPECT_EQ(evidence.events, 2u);
  EXPECT_EQ(evidence.compared, 1200u);
  ASSERT_EQ(evidence.first.size(), 1u);
  EXPECT_EQ(evidence.first[0].orbit, 1100000u);
  // A limit of 1% tolerates what is not significantly above it.
  MonitorSettings settings;
  settings.rules = {{"mismatch/*", {}, 0.01, 0.01, {}, {}}};
  EXPECT_EQ(judge_one(m, "mismatch/score", s, reference, settings).level, Quality::good);
  s.outputs[1].mismatches = 30;
  EXPECT_EQ(judge_one(m, "mismatch/score", s, reference, settings).level, Quality::bad);
}

TEST(MismatchRule, NothingComparedIsUnknown) {
  const ModelInfo m = fixtures::model();
  Summary s = summary_of(m, falling(30, 0.3), falling(30, 0.3), 1200, 1000000);
  for (OutputSummary& o : s.outputs) o.compared = 0;
  for (SeedSummary& seed : s.seeds) seed.compared = 0;
  Judgement j = judge_one(m, "mismatch/score", s, s);
  EXPECT_EQ(j.level, Quality::unknown);
  EXPECT_FALSE(j.value);
  EXPECT_EQ(j.reason, "no hardware output in the window");
  EXPECT_EQ(judge_one(m, "mismatch/L1_Tight", s, s).reason, "no hardware decision in the window");
  // Decision bits are evidence of their own.
  s.outputs[1].bits_compared = 1200;
  s.outputs[1].bits_outside = 3;
  j = judge_one(m, "mismatch/score", s, s);
  EXPECT_EQ(j.level, Quality::bad);
  EXPECT_NE(j.reason.find("3 by decision bits"), std::string::npos) << j.reason;
}

TEST(MismatchRule, OppositeDecisionsAreNotNetted) {
  const ModelInfo m = fixtures::model();
  Summary s = summary_of(m, falling(30, 0.3), falling(30, 0.3), 1200, 1000000);
  s.seeds[0].hardware_only = s.seeds[0].emulator_only = 7;
  const Judgement j = judge_one(m, "mismatch/L1_Loose", s, s);
  EXPECT_DOUBLE_EQ(*j.value, 14.0 / 1200);
  EXPECT_EQ(j.level, Quality::bad);
}

}  // namespace
}  // namespace vigil::monitors
