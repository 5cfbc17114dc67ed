#include "alerting/alarms.h"

#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/json_text.h"

namespace vigil::alerting {
namespace {

using enum Severity;

// A leaf that one statistic of sequential rules speaks of, lumisection after lumisection.
class AlarmTest : public ::testing::Test {
 protected:
  void close(Quality quality) {
    const Said said{"ks", quality};
    alarm_.take("sequential", {&said, 1});
    ++now_;
    alarm_.close(now_, 7, static_cast<std::uint32_t>(now_), rule_);
  }
  void close(std::initializer_list<Quality> qualities) {
    for (const Quality q : qualities) close(q);
  }
  Alarm alarm_;
  AlarmRule rule_;
  std::uint64_t now_ = 0;
};

constexpr Quality kGood = Quality::good, kMedium = Quality::medium, kBad = Quality::bad, kUnknown = Quality::unknown;

TEST_F(AlarmTest, BadIsMajorMediumIsMinorAndUnknownChangesNothingButKnown) {
  close(kMedium);
  EXPECT_EQ(alarm_.severity, minor);
  close(kBad);
  EXPECT_EQ(alarm_.severity, major);
  EXPECT_EQ(alarm_.ls, 2u);
  EXPECT_TRUE(alarm_.known);
  const Alarm before = alarm_;
  close(kUnknown);
  EXPECT_FALSE(alarm_.known);
  EXPECT_EQ(alarm_.severity, before.severity);
  EXPECT_EQ(alarm_.latched, before.latched);
  EXPECT_EQ(alarm_.ls, before.ls);
}

TEST_F(AlarmTest, TheWorstOfTheNewestOfEachWindowAndStatisticCounts) {
  const Said bad{"ks", kBad}, good{"ks", kGood};
  const std::array<Said, 2> both{{{"ks", kGood}, {"psi", kMedium}}};
  alarm_.take("10ls", {&bad, 1});
  alarm_.take("sequential", both);
  alarm_.close(1, 7, 1, rule_);
  EXPECT_EQ(alarm_.severity, major);
  alarm_.take("10ls", {&good, 1});
  alarm_.close(2, 7, 2, rule_);
  EXPECT_EQ(alarm_.severity, minor);
  // A statistic that its window does not name any more is judged no more.
  alarm_.take("sequential", {&good, 1});
  alarm_.close(3, 7, 3, rule_);
  EXPECT_EQ(alarm_.severity, ok);
}

TEST_F(AlarmTest, AMonitorNobodyJudgesAnyMoreIsOkAndStaysLatched) {
  close(kBad);
  alarm_.take("sequential", {});
  alarm_.close(2, 7, 2, rule_);
  EXPECT_EQ(alarm_.severity, ok);
  EXPECT_EQ(alarm_.latched, major);
}

TEST_F(AlarmTest, GoneOnlyWhenRecoveredAndAcknowledgedInEitherOrder) {
  close({kBad, kGood});
  EXPECT_EQ(alarm_.latched, major);
  EXPECT_FALSE(alarm_.acknowledged);
  EXPECT_TRUE(alarm_.acknowledge());
  EXPECT_EQ(alarm_.latched, ok);

  close(kBad);
  EXPECT_TRUE(alarm_.acknowledge());
  EXPECT_EQ(alarm_.latched, major);
  EXPECT_TRUE(alarm_.acknowledged);
  EXPECT_FALSE(alarm_.acknowledge()) << "twice is once";
  close(kGood);
  EXPECT_EQ(alarm_.latched, ok);
  EXPECT_FALSE(alarm_.acknowledged);
}

TEST_F(AlarmTest, WhatWasAcknowledgedComesBackOnlyWhenItGetsWorse) {
  close({kBad, kMedium});
  EXPECT_EQ(alarm_.latched, major) << "the worst stays until somebody has seen it";
  alarm_.acknowledge();
  EXPECT_EQ(alarm_.latched, minor) << "what is acknowledged is what there is now";
  close(kMedium);
  EXPECT_TRUE(alarm_.acknowledged);
  close(kBad);
  EXPECT_EQ(alarm_.latched, major);
  EXPECT_FALSE(alarm_.acknowledged);
}

TEST_F(AlarmTest, WithoutLatchItGoesByItself) {
  rule_.latching = false;
  close({kBad, kMedium});
  EXPECT_EQ(alarm_.latched, major);
  close(kGood);
  EXPECT_EQ(alarm_.latched, ok);
}

TEST_F(AlarmTest, AcknowledgingNothingChangesNothing) {
  close(kGood);
  EXPECT_FALSE(alarm_.acknowledge());
  EXPECT_EQ(alarm_.latched, ok);
  EXPECT_FALSE(alarm_.acknowledged);
}

TEST_F(AlarmTest, ADelayIsCountedFromTheLumisectionThatLeftOk) {
  rule_.delay_ls = 3;
  close({kGood, kBad, kBad, kBad});
  EXPECT_EQ(alarm_.severity, major);
  EXPECT_EQ(alarm_.latched, ok) << "two after it";
  close(kMedium);
  EXPECT_EQ(alarm_.latched, minor) << "three after it, and as bad as it is then";
}

TEST_F(AlarmTest, ADelayStartsAnewAfterOk) {
  rule_.delay_ls = 2;
  close({kBad, kBad, kGood, kBad, kBad});
  EXPECT_EQ(alarm_.latched, ok);
  close(kBad);
  EXPECT_EQ(alarm_.latched, major);
}

TEST_F(AlarmTest, UnknownLumisectionsPassInADelay) {
  rule_.delay_ls = 2;
  close({kBad, kUnknown, kUnknown});
  EXPECT_EQ(alarm_.latched, major);
}

TEST_F(AlarmTest, ACountRaisesAtOnceWhereItLeavesOkOftenEnough) {
  rule_.delay_ls = 4;
  rule_.count = 3;
  close({kBad, kGood, kBad, kGood});
  EXPECT_EQ(alarm_.latched, ok);
  close(kBad);  // the third time, 4 after the first
  EXPECT_EQ(alarm_.latched, major);
}

TEST_F(AlarmTest, ACountForgetsWhatIsOlderThanTheDelay) {
  rule_.delay_ls = 4;
  rule_.count = 3;
  close({kBad, kGood, kBad, kGood, kGood, kBad});  // 5 after the first
  EXPECT_EQ(alarm_.latched, ok);
}

TEST_F(AlarmTest, WorseWithinTheDelayWaitsForIt) {
  rule_.delay_ls = 3;
  rule_.count = 1;
  close(kMedium);
  EXPECT_EQ(alarm_.latched, minor) << "the first time is enough";
  close(kBad);
  EXPECT_EQ(alarm_.latched, minor) << "it does not leave ok here, and it is one after";
  close({kBad, kBad});
  EXPECT_EQ(alarm_.latched, major);
}

TEST(AlarmNodes, ANodeStandsForItselfAndAllBelowIt) {
  EXPECT_TRUE(covers("m/s", "m/s/input/x[0]"));
  EXPECT_TRUE(covers("m/s/input", "m/s/input/x[0]"));
  EXPECT_TRUE(covers("m/s/input/x[0]", "m/s/input/x[0]"));
  EXPECT_FALSE(covers("m/s/input/x", "m/s/input/x[0]"));
  EXPECT_FALSE(covers("m/s2", "m/s/score"));
  EXPECT_TRUE(covers("", "m/s/score"));
}

TEST(AlarmSettings, LaterEntriesOverrideKeyByKeyAndPatternsNameNodesAbove) {
  AlarmSettings settings;
  settings.alarms.push_back({.node = "*", .delay_ls = 5, .guidance = "call"});
  settings.alarms.push_back({.node = "m/*/input", .latching = false});
  settings.alarms.push_back({.node = "*/score", .delay_ls = 0, .essential = true, .contact = "me"});
  const AlarmRule input = settings.of("m/s/input/x[0]");
  EXPECT_EQ(input.delay_ls, 5u);
  EXPECT_FALSE(input.latching);
  EXPECT_EQ(input.guidance, "call");
  const AlarmRule score = settings.of("m/s/score");
  EXPECT_EQ(score.delay_ls, 0u);
  EXPECT_TRUE(score.latching);
  EXPECT_TRUE(score.essential);
  EXPECT_EQ(score.guidance, "call");
  EXPECT_EQ(score.contact, "me");
}

TEST(AlarmSettings, GoThroughTheJournalUnchanged) {
  AlarmSettings settings;
  settings.alarms.push_back({.node = "*/\"x", .latching = false, .delay_ls = 5, .count = 2, .essential = true});
  settings.alarms.push_back({.node = "b", .guidance = "g", .contact = "c"});
  settings.flood_alarms = 9;
  settings.windows = {"10ls", "sequential"};
  EXPECT_EQ(alarm_settings(json_text(to_json(settings))), settings);
  EXPECT_EQ(alarm_settings("nonsense"), AlarmSettings{});
}

}  // namespace
}  // namespace vigil::alerting
