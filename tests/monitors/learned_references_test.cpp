#include "monitors/learned_references.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::closed;
using fixtures::falling;
using fixtures::Shape;

Summary lumisection(const ModelInfo& m, std::uint64_t n, unsigned seed, double scale = 30) {
  std::mt19937_64 random(seed);
  const Shape input = falling(scale, 0.3), score = falling(40, 0.1, 1000, 1);
  return fixtures::drawn(
      m, n, n * 1000, [&](bool in, std::size_t) -> const Shape& { return in ? input : score; }, random);
}

// Windows of two lumisections, four to learn, of 500 events each unless told otherwise.
class LearnedReferencesTest : public ::testing::Test {
 protected:
  LearnedReferencesTest() {
    settings_.windows = {{"2ls", 2, 1}};
    settings_.learn_ls = 4;
    settings_.judge_beam_modes.clear();
  }
  // Reason of the newest window that closed.
  std::string close(std::uint32_t run, std::uint32_t ls, const Conditions& conditions = {}, std::uint64_t events = 500,
                    double scale = 30, bool hold = false) {
    ClosedLumisection c = closed(run, ls, lumisection(model_, events, run * 100 + ls, scale));
    c.conditions = conditions;
    c.conditions.model_hash = model_.hash;
    c.hold_learning = hold;
    judged_ = monitor_.close(std::move(c));
    for (const std::string& fact : judged_.facts) facts_.push_back(fact);
    return judged_.windows.empty() ? std::string("none") : judged_.windows.back().window.reason;
  }
  static Conditions mode(const char* beam_mode) {
    Conditions c;
    c.beam_mode = beam_mode;
    return c;
  }
  const ModelInfo model_ = fixtures::model();
  MonitorSettings settings_;
  StreamMonitor monitor_{model_, "scouting",
                         [] {
                           MonitorSettings s;
                           s.windows = {{"2ls", 2, 1}};
                           s.judge_beam_modes.clear();
                           s.learn_ls = 4;
                           return s;
                         }(),
                         std::nullopt};
  Judgements judged_;
  std::vector<std::string> facts_;
};

TEST_F(LearnedReferencesTest, TakesCompleteLumisectionsOverARunChange) {
  EXPECT_EQ(close(1, 1), "none");
  EXPECT_EQ(close(1, 2), "learning 2 of 4");
  ClosedLumisection c = closed(1, 3, lumisection(model_, 500, 3));
  c.conditions = {};
  c.conditions.model_hash = model_.hash;
  c.lumisection.covered_orbits = c.lumisection.expected_orbits * 4 / 10;  // incomplete: not learned
  EXPECT_EQ(monitor_.close(std::move(c)).windows.back().window.reason, "learning 2 of 4");
  EXPECT_EQ(close(2, 1), "none");
  EXPECT_EQ(close(2, 2), "learning 4 of 4, 2000 of 2000 events");  // its last lumisection is the last learned one
  EXPECT_EQ(monitor_.reference()->ranges, (std::vector<ReferenceRange>{{1, 1, 2}, {2, 1, 2}}));
  EXPECT_EQ(facts_, std::vector<std::string>{"reference learned for selection zero_bias, no beam mode: 4 lumisections, "
                                             "2000 events, run 1 LS 1-2, run 2 LS 1-2"});
  EXPECT_EQ(close(2, 3), "12 of 16 monitors good, 4 unknown");
}

TEST_F(LearnedReferencesTest, AMenuOrPrescaleChangeCutsAndKeepsIt) {
  Conditions conditions;
  for (std::uint32_t ls = 1; ls <= 5; ++ls) (void)close(1, ls, conditions);
  conditions.menu = "v2";
  EXPECT_EQ(close(1, 6, conditions), "none");
  EXPECT_EQ(close(1, 7, conditions), "12 of 16 monitors good, 4 unknown");
  conditions.prescale_column = 3;
  EXPECT_EQ(close(1, 8, conditions), "none");
  EXPECT_EQ(close(1, 9, conditions), "12 of 16 monitors good, 4 unknown");
}

TEST_F(LearnedReferencesTest, AnotherBeamModeLearnsItsOwnAndTheFirstIsTakenUpAgain) {
  for (std::uint32_t ls = 1; ls <= 6; ++ls) (void)close(1, ls, mode("STABLE BEAMS"));
  (void)close(1, 7, mode("ADJUST"), 500, 60);
  EXPECT_EQ(monitor_.reference(), nullptr);
  EXPECT_EQ(close(1, 8, mode("ADJUST"), 500, 60), "learning 2 of 4");
  (void)close(1, 9, mode("STABLE BEAMS"));
  EXPECT_EQ(close(1, 10, mode("STABLE BEAMS")), "12 of 16 monitors good, 4 unknown");
  (void)close(1, 11, mode("ADJUST"), 500, 60);  // goes on where it stopped
  EXPECT_EQ(close(1, 12, mode("ADJUST"), 500, 60), "learning 4 of 4, 2000 of 2000 events");
  EXPECT_EQ(close(1, 13, mode("ADJUST"), 500, 60), "12 of 16 monitors good, 4 unknown");
  EXPECT_EQ(judged_.windows.back().verdicts.front().reference, 2u);
  ASSERT_EQ(facts_.size(), 5u);
  EXPECT_EQ(facts_[1], "no reference yet for selection zero_bias, beam mode ADJUST: learning 0 of 4");
  EXPECT_EQ(facts_[2],
            "reference taken up for selection zero_bias, beam mode STABLE BEAMS: 4 lumisections, 2000 events, run 1 LS "
            "1-4");
}

TEST_F(LearnedReferencesTest, ABiasedSelectionIsNotJudgedByAZeroBiasReference) {
  for (std::uint32_t ls = 1; ls <= 6; ++ls) (void)close(1, ls);
  Conditions biased;
  biased.selection = "HLT_Jet";
  (void)close(2, 1, biased);
  EXPECT_EQ(close(2, 2, biased), "learning 2 of 4");
  (void)close(3, 1);
  EXPECT_EQ(close(3, 2), "12 of 16 monitors good, 4 unknown");
}

TEST_F(LearnedReferencesTest, AThinOneGoesOn) {
  for (std::uint32_t ls = 1; ls <= 8; ++ls) (void)close(1, ls, {}, 210);
  EXPECT_EQ(judged_.windows.back().window.reason, "learning 4 of 4, 1680 of 2000 events");
  (void)close(1, 9, {}, 210);
  (void)close(1, 10, {}, 210);
  EXPECT_EQ(close(1, 11, {}, 210), "12 of 16 monitors good, 4 unknown");
  EXPECT_EQ(monitor_.reference()->summary.all.events, 2100u);
}

TEST_F(LearnedReferencesTest, NothingIsLearnedWhileAFaultIsOpen) {
  (void)close(1, 1);
  (void)close(1, 2, {}, 500, 30, true);
  (void)close(1, 3, {}, 500, 30, true);
  EXPECT_EQ(close(1, 4), "learning 2 of 4");
  // Nor from a lumisection that shows a mismatch itself.
  ClosedLumisection c = closed(1, 5, lumisection(model_, 500, 5));
  c.conditions = {};
  c.conditions.model_hash = model_.hash;
  c.summary.outputs[1].mismatches = c.summary.outputs[1].hardware_above = 10;
  judged_ = monitor_.close(std::move(c));
  EXPECT_EQ(judged_.sequential.verdicts[9].quality, Quality::bad);
  EXPECT_EQ(judged_.windows.back().window.quality, Quality::bad);  // mismatches need no reference
  EXPECT_EQ(judged_.windows.back().verdicts.front().reason, "learning 2 of 4");
}

TEST_F(LearnedReferencesTest, OnlyTheNewestAreKept) {
  const ModelInfo m = fixtures::model(1);
  LearnedReferences references(1, 1);
  const Summary s = lumisection(m, 10, 1);
  for (int i = 0; i < 12; ++i) {
    (void)references.select({"zero_bias", "mode " + std::to_string(i)});
    (void)references.learn(1, static_cast<std::uint32_t>(1 + i), s);
  }
  EXPECT_EQ(references.ordinal(), 12u);
  (void)references.select({"zero_bias", "mode 6"});
  EXPECT_EQ(references.ordinal(), 7u);
  (void)references.select({"zero_bias", "mode 2"});
  EXPECT_EQ(references.ordinal(), 0u);  // given up
  LearnedReferences read(1, 1);
  EXPECT_TRUE(read.load(references.save(), m, "test").empty());
  EXPECT_EQ(read.save(), references.save());
  (void)read.select({"zero_bias", "mode 6"});
  EXPECT_EQ(read.ordinal(), 7u);
  for (const char* text : {"", "{}", "{\"completed\":1,\"entries\":[]}"}) {
    EXPECT_THROW((void)read.load(text, m, "test"), Error) << text;
  }
  EXPECT_EQ(read.ordinal(), 7u);
}

TEST_F(LearnedReferencesTest, AStateOfOtherSettingsGoesOnWithWhatFits) {
  for (std::uint32_t ls = 1; ls <= 7; ++ls) (void)close(1, ls, {}, 500, ls > 5 ? 90 : 30);
  const std::string state = monitor_.save();
  const auto resumed = [&](auto change) {
    MonitorSettings s = settings_;
    change(s);
    StreamMonitor monitor(model_, "scouting", s, std::nullopt);
    std::string all;
    for (const std::string& words : monitor.load(state)) all += words + "; ";
    return std::pair(all, monitor.reference() != nullptr);
  };
  EXPECT_EQ(resumed([](auto&) {}), std::pair(std::string(), true));
  EXPECT_EQ(resumed([](auto& s) {
              s.windows = {{"3ls", 3, 3}};
            }),
            std::pair(std::string("window 2ls of 2 lumisections every 1 as it was open; "), true));
  EXPECT_EQ(resumed([](auto& s) {
              s.rules = {{"input/*", {"psi"}, {}, {}, {}, {}}};
            }),
            std::pair(std::string("readings of 3 rules; "), true));
  EXPECT_EQ(resumed([](auto& s) { s.sequential = false; }), std::pair(std::string("14 sequential rules; "), true));
  EXPECT_EQ(resumed([](auto& s) { s.learn_ls = 2; }), std::pair(std::string(), true));
  EXPECT_EQ(
      resumed([](auto& s) { s.learn_ls = 9; }),
      std::pair(std::string("the reference for selection zero_bias, no beam mode is learned on: learning 4 of 9; "),
                false));
}

TEST_F(LearnedReferencesTest, NoWindowWithASilentSourceIsGood) {
  for (std::uint32_t ls = 1; ls <= 6; ++ls) (void)close(1, ls);
  ClosedLumisection c = closed(1, 7, lumisection(model_, 500, 7));
  c.conditions = {};
  c.conditions.model_hash = model_.hash;
  c.silent = {{"link2", 1, 4}};
  judged_ = monitor_.close(std::move(c));
  EXPECT_EQ(judged_.windows.back().window.quality, Quality::medium);
  EXPECT_EQ(judged_.windows.back().window.reason, "source link2 silent since run 1 LS 4");
  EXPECT_EQ(close(1, 8), "source link2 silent since run 1 LS 4");  // still in the window
  EXPECT_EQ(close(1, 9), "12 of 16 monitors good, 4 unknown");
}

}  // namespace
}  // namespace vigil::monitors
