#include "monitors/sequential_mismatch.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

class SequentialMismatchTest : public ::testing::Test {
 protected:
  Rule rule_of(double bad = 0) const {
    Rule rule;
    rule.subject = {&model_, Target::mismatch, 1};  // output score
    rule.monitor = "mismatch/score";
    rule.medium = rule.bad = bad;
    return rule;
  }
  // A lumisection with `wrong` differing events of `compared`.
  SequentialResult close(std::uint32_t ls, std::uint64_t wrong, std::uint64_t compared = 1200,
                         const std::string& blind = "") {
    Summary s(model_);
    s.outputs[1].compared = compared;
    s.outputs[1].mismatches = s.outputs[1].hardware_above = wrong;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(compared, 3564); ++i) s.events_per_bx[i] = 1;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(wrong, 3564); ++i) s.disagreeing_per_bx[i] = 1;
    if (wrong > 0) {
      KeptEvent e;
      e.run = 1;
      e.ls = ls;
      e.orbit = ls * 1000;
      e.bx = 7;
      e.disagreeing = {"score"};
      s.kept = {e};
    }
    SequentialResult result = sequential_.judge({1, ls, s, blind});
    // Whatever is closed: a restart here changes nothing.
    SequentialMismatch resumed(rule_of(tolerated_), std::log(1e6));
    resumed.load(sequential_.save(), "test");
    EXPECT_EQ(resumed.save(), sequential_.save());
    sequential_ = resumed;
    return result;
  }
  Quality quality(std::uint32_t ls, std::uint64_t wrong, std::uint64_t compared = 1200) {
    return close(ls, wrong, compared).verdict.quality;
  }
  void tolerate(double bad) {
    tolerated_ = bad;
    sequential_ = SequentialMismatch(rule_of(bad), std::log(1e6));
  }
  const ModelInfo model_ = fixtures::model();
  double tolerated_ = 0;
  SequentialMismatch sequential_{rule_of(), std::log(1e6)};
};

TEST_F(SequentialMismatchTest, TwoAreBadAtOnceAndNameTheOnset) {
  auto r = close(1, 0);
  EXPECT_EQ(r.verdict.quality, Quality::good);
  EXPECT_TRUE(r.printed);  // the first known one
  EXPECT_EQ(r.verdict.first_ls, 1u);
  EXPECT_EQ(r.verdict.window, "sequential");
  EXPECT_EQ(r.verdict.statistic, "e_bernoulli");
  EXPECT_FALSE(r.verdict.p_value);
  EXPECT_LT(*r.verdict.value, *r.verdict.limit);
  EXPECT_FALSE(close(2, 0).printed);
  r = close(3, 24);
  EXPECT_EQ(r.verdict.quality, Quality::bad);
  EXPECT_EQ(r.verdict.reading, Quality::bad);
  EXPECT_TRUE(r.printed);
  EXPECT_EQ(r.verdict.first_ls, 3u);
  EXPECT_EQ(r.verdict.last_ls, 3u);
  EXPECT_GE(*r.verdict.value, *r.verdict.limit);
  EXPECT_EQ(
      r.verdict.reason,
      "mismatch/score: hardware and emulator differ in 24 of 1200 events (24 above, 0 below) since LS 3, first in "
      "run 1 LS 3 orbit 3000 BX 7");
  EXPECT_FALSE(close(4, 30).printed);
  r = close(5, 0);
  EXPECT_EQ(r.verdict.quality, Quality::bad);
  const auto& evidence = std::get<MismatchEvidence>(r.verdict.evidence);
  EXPECT_EQ(evidence.events, 54u);
  EXPECT_EQ(evidence.first.at(0).ls, 3u);
  EXPECT_EQ(evidence.first.size(), 2u);  // of LS 3 and 4
  EXPECT_EQ(evidence.crossings, (MismatchCrossings{30, 1200, {}}));  // since LS 3, through the journal
  for (std::uint32_t ls = 6; ls <= 20; ++ls) r = close(ls, 1);
  EXPECT_EQ(std::get<MismatchEvidence>(r.verdict.evidence).first.size(), kKeptEvents);
  EXPECT_EQ(std::get<MismatchEvidence>(r.verdict.evidence).first.back().ls, 11u);  // the first of them
}

TEST_F(SequentialMismatchTest, CrossingsOfAnEarlierVigilAreCountedFromHereOn) {
  EXPECT_EQ(quality(1, 5), Quality::bad);
  std::string saved = sequential_.save();
  const std::size_t from = saved.find("\"crossings\":["), to = saved.find(']', from);
  ASSERT_NE(from, std::string::npos);
  std::string damaged = saved;
  damaged.insert(saved.find('[', from) + 1, "0,");
  EXPECT_THROW(sequential_.load(damaged, "test"), Error);
  saved.erase(from, to - from + 2);  // and its comma
  sequential_.load(saved, "test");
  const auto evidence = std::get<MismatchEvidence>(close(2, 3).verdict.evidence);
  EXPECT_EQ(evidence.events, 8u);
  EXPECT_EQ(evidence.crossings, (MismatchCrossings{3, 1200, {}}));
}

TEST_F(SequentialMismatchTest, LinesAtEveryTenthLumisection) {
  std::vector<std::uint32_t> printed;
  for (std::uint32_t ls = 5; ls <= 41; ++ls) {
    if (close(ls, 0).printed) printed.push_back(ls);
  }
  EXPECT_EQ(printed, (std::vector<std::uint32_t>{5, 10, 20, 30, 40}));
}

TEST_F(SequentialMismatchTest, OneIsMediumAndTwoFarApartAreBadWhileTheDetectorRemembers) {
  EXPECT_EQ(quality(1, 0), Quality::good);
  EXPECT_EQ(quality(2, 1), Quality::medium);
  for (std::uint32_t ls = 3; ls <= 11; ++ls) EXPECT_EQ(quality(ls, 0), Quality::medium) << ls;
  EXPECT_EQ(quality(12, 0), Quality::good);
  EXPECT_EQ(quality(30, 1), Quality::bad);
}

TEST_F(SequentialMismatchTest, BadLastsUntilTenJudgedLumisectionsHadNone) {
  EXPECT_EQ(quality(1, 2), Quality::bad);
  EXPECT_EQ(quality(2, 0), Quality::bad);
  EXPECT_EQ(quality(3, 1), Quality::bad);
  for (std::uint32_t ls = 4; ls <= 12; ++ls) EXPECT_EQ(quality(ls, 0), Quality::bad) << ls;
  EXPECT_EQ(close(13, 0, 0).verdict.quality, Quality::unknown);  // nothing compared: not judged
  EXPECT_EQ(close(14, 7, 1200, "wrong emulator").verdict.reason, "wrong emulator");
  const auto r = close(15, 0);
  EXPECT_EQ(r.verdict.quality, Quality::good);
  EXPECT_TRUE(r.printed);
  EXPECT_LT(*r.verdict.value, *r.verdict.limit / 2);
  EXPECT_EQ(quality(16, 1), Quality::medium);  // nothing is left of it
}

TEST_F(SequentialMismatchTest, TwoAreBadInAnyNumberOfEvents) {
  for (const std::uint64_t compared : {2ull, 40ull, 1200ull, 300'000ull, 100'000'000ull}) {
    sequential_.restart();
    EXPECT_EQ(quality(1, 0, compared), Quality::good);
    EXPECT_EQ(quality(2, 1, compared), Quality::medium) << compared;
    EXPECT_EQ(quality(3, 1, compared), Quality::bad) << compared;
  }
}

TEST_F(SequentialMismatchTest, NothingComparedIsUnknownWithAReason) {
  const auto r = close(1, 0, 0);
  EXPECT_EQ(r.verdict.quality, Quality::unknown);
  EXPECT_FALSE(r.verdict.value);
  EXPECT_EQ(r.verdict.reason, "no hardware output in the lumisection");
  EXPECT_TRUE(r.printed);
  EXPECT_FALSE(close(2, 0, 0).printed);
}

TEST_F(SequentialMismatchTest, ToleratesUpToTheLimit) {
  tolerate(0.02);
  for (std::uint32_t ls = 1; ls <= 30; ++ls) EXPECT_EQ(quality(ls, 24), Quality::good) << ls;  // 2% of 1200
  for (std::uint32_t ls = 31; ls <= 2000; ++ls) (void)close(ls, 12);
  EXPECT_EQ(quality(2001, 120), Quality::bad);  // what was tolerated before does not dilute it
}

TEST_F(SequentialMismatchTest, AnythingToleratedIsStillARule) {
  for (const double bad : {1e-12, 0.4, 0.6, 0.95, 1.0, 1e18}) tolerate(bad);
  EXPECT_EQ(quality(1, 600), Quality::good);
}

TEST_F(SequentialMismatchTest, ACutStartsAnew) {
  EXPECT_EQ(quality(1, 5), Quality::bad);
  sequential_.restart();
  const auto r = close(2, 0);
  EXPECT_EQ(r.verdict.quality, Quality::good);
  EXPECT_TRUE(r.printed);
  EXPECT_EQ(r.verdict.first_ls, 2u);
}

TEST_F(SequentialMismatchTest, DamagedStateChangesNothing) {
  (void)close(1, 3);
  const std::string saved = sequential_.save();
  for (const std::string& text : {std::string(), std::string("{}"), saved.substr(0, saved.size() / 2)}) {
    EXPECT_THROW(sequential_.load(text, "test"), Error);
    EXPECT_EQ(sequential_.save(), saved);
  }
}

}  // namespace
}  // namespace vigil::monitors
