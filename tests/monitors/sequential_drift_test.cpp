// The sequential rules of inputs, outputs and seeds, at every lumisection of a StreamMonitor.
#include "monitors/sequential_drift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

class SequentialDriftTest : public ::testing::Test {
 protected:
  SequentialDriftTest() : model_(fixtures::model(2)), monitor_(model_, "s", settings(), std::nullopt) {}

  static MonitorSettings settings() {
    MonitorSettings s;
    s.learn_ls = 20;
    return s;
  }
  // A lumisection of `events`; input x[0] of `first`.
  ClosedLumisection lumisection(std::uint32_t ls, const Shape& first, std::uint64_t events = 2000,
                                std::uint32_t run = 1) {
    const auto shape_of = [&](bool input, std::size_t i) -> const Shape& {
      return input ? (i == 0 ? first : other_) : score_;
    };
    return fixtures::closed(run, ls, fixtures::drawn(model_, events, events * 1000, shape_of, random_));
  }
  // Judges it; returns the sequential verdict of `monitor`.
  Verdict judge(ClosedLumisection&& closed, const std::string& monitor = "input/x[0]") {
    judged_ = monitor_.close(std::move(closed));
    for (std::size_t i = 0; i < judged_.sequential.verdicts.size(); ++i) {
      const Verdict& v = judged_.sequential.verdicts[i];
      if (v.monitor != monitor) continue;
      printed_ = judged_.printed[i];
      return v;
    }
    throw std::runtime_error(monitor);
  }
  void learn(std::uint64_t events = 2000) {
    for (std::uint32_t ls = 1; ls <= 20; ++ls) (void)judge(lumisection(ls, good_, events));
  }

  const Shape good_ = falling(40, 0.01, 400), other_ = falling(5, 0, 60), score_ = falling(40, 0.1, 1000, 1);
  const Shape dead_{{{0, 1.0}}};
  std::mt19937_64 random_{11};
  ModelInfo model_;
  StreamMonitor monitor_;
  Judgements judged_;
  bool printed_ = false;
};

TEST_F(SequentialDriftTest, IsUnknownWhileLearningAndForTenLumisections) {
  Verdict v = judge(lumisection(1, good_));
  EXPECT_EQ(v.quality, Quality::unknown);
  EXPECT_EQ(v.reason, "learning 0 of 20");
  EXPECT_TRUE(printed_) << "the first unknown one";
  for (std::uint32_t ls = 2; ls <= 20; ++ls) {
    EXPECT_EQ(judge(lumisection(ls, good_)).quality, Quality::unknown);
    EXPECT_EQ(printed_, ls % 10 == 0) << ls;
  }
  for (std::uint32_t ls = 21; ls <= 30; ++ls) {
    v = judge(lumisection(ls, good_));
    EXPECT_EQ(v.quality, Quality::unknown);
    EXPECT_EQ(v.reason, std::to_string(ls - 20) + " of 10 lumisections judged");
    EXPECT_FALSE(v.value);
  }
  v = judge(lumisection(31, good_));
  EXPECT_EQ(v.quality, Quality::good);
  EXPECT_TRUE(printed_);
  EXPECT_EQ(v.statistic, "e_multinomial");
  EXPECT_EQ(v.first_ls, 21u) << "the detector's start";
  EXPECT_EQ(v.last_ls, 31u);
  EXPECT_FALSE(v.p_value);
  EXPECT_GT(*v.limit, 10);
  EXPECT_LT(*v.value, *v.limit / 2);
  EXPECT_THAT(v.reason, ::testing::HasSubstr("follows the reference since LS 21"));
  EXPECT_EQ(judge(lumisection(32, good_), "seed/L1_Loose").statistic, "e_poisson");
}

TEST_F(SequentialDriftTest, AGrossFaultIsBadAtTheLumisectionThatShowsIt) {
  learn();
  for (std::uint32_t ls = 21; ls <= 22; ++ls) (void)judge(lumisection(ls, good_));
  Verdict v = judge(lumisection(23, dead_));  // within the first ten too
  EXPECT_EQ(v.quality, Quality::bad);
  EXPECT_EQ(v.reading, Quality::bad);
  EXPECT_EQ(v.first_ls, 23u);
  EXPECT_NEAR(*v.value, 1.5 * *v.limit, 1e-9) << "capped";
  ASSERT_TRUE(std::holds_alternative<InputChange>(v.evidence));
  EXPECT_EQ(std::get<InputChange>(v.evidence).kind, InputChange::Kind::dead);
  EXPECT_THAT(v.reason, ::testing::StartsWith("input/x[0] dead"));
  for (std::uint32_t ls = 24; ls <= 26; ++ls) {
    v = judge(lumisection(ls, dead_));
    EXPECT_EQ(v.quality, Quality::bad);
    EXPECT_EQ(v.first_ls, 23u);
  }
  std::uint32_t ls = 27;
  while (judge(lumisection(ls, good_)).quality == Quality::bad) ASSERT_LT(ls++, 40u);
  EXPECT_LE(ls, 30u) << "good again soon after it is over";
}

TEST_F(SequentialDriftTest, ACertainChangeThatIsSmallIsGood) {
  learn(20000);
  const Shape moved = falling(42, 0.01, 400);
  Verdict v;
  for (std::uint32_t ls = 21; ls <= 50; ++ls) v = judge(lumisection(ls, moved, 200000));
  EXPECT_EQ(v.quality, Quality::good) << v.reason;
  EXPECT_GE(*v.value, *v.limit) << "there is a change";
  EXPECT_EQ(v.reading, Quality::medium) << "off";
  EXPECT_THAT(v.reason, ::testing::HasSubstr("but by little"));
  // It does not hide a large one.
  v = judge(lumisection(51, dead_, 200000));
  EXPECT_EQ(v.quality, Quality::bad) << v.reason;
  EXPECT_EQ(v.first_ls, 51u);
}

TEST_F(SequentialDriftTest, WhatIsNotJudgedIsNotFed) {
  learn();
  for (std::uint32_t ls = 21; ls <= 31; ++ls) (void)judge(lumisection(ls, good_));
  ClosedLumisection thin = lumisection(32, dead_);
  thin.lumisection.covered_orbits /= 3;
  Verdict v = judge(std::move(thin));
  EXPECT_EQ(v.quality, Quality::unknown);
  EXPECT_THAT(v.reason, ::testing::StartsWith("coverage 0.33, 0.5 needed"));
  ClosedLumisection foreign = lumisection(33, dead_);
  foreign.summary.wrong_model_events = 5;
  v = judge(std::move(foreign));
  EXPECT_EQ(v.quality, Quality::unknown);
  EXPECT_THAT(v.reason, ::testing::StartsWith("wrong emulator"));
  EXPECT_EQ(v.reason.find("thresholds"), std::string::npos);  // an input has none
  ClosedLumisection mixed = lumisection(34, dead_);
  mixed.mixed_context = true;
  v = judge(std::move(mixed));
  EXPECT_EQ(v.quality, Quality::unknown);
  EXPECT_EQ(v.reason, "conditions changed within the lumisection");
  v = judge(lumisection(35, good_));  // a cut: all starts anew
  EXPECT_EQ(v.reason, "1 of 10 lumisections judged");
  v = judge(lumisection(1, good_, 2000, 2));  // a run change too
  EXPECT_EQ(v.reason, "1 of 10 lumisections judged");
  ASSERT_TRUE(judged_.ended);
  EXPECT_EQ(judged_.ended->run, 1u);
  EXPECT_EQ(judged_.ended->pages, 0u);
  EXPECT_GE(judged_.ended->judged_ls, 1u);
}

TEST_F(SequentialDriftTest, GoesOnFromItsState) {
  learn();
  StreamMonitor other(model_, "s", settings(), std::nullopt);
  for (std::uint32_t ls = 21; ls <= 60; ++ls) {
    const Shape& shape = ls >= 40 && ls < 50 ? dead_ : good_;
    ClosedLumisection closed = lumisection(ls, shape, 300);
    ClosedLumisection same = closed;
    EXPECT_TRUE(other.load(monitor_.save()).empty());
    (void)judge(std::move(closed));
    const Judgements again = other.close(std::move(same));
    ASSERT_EQ(other.save(), monitor_.save()) << ls;
    ASSERT_EQ(again.printed, judged_.printed) << ls;
    for (std::size_t i = 0; i < again.sequential.verdicts.size(); ++i) {
      EXPECT_EQ(again.sequential.verdicts[i].reason, judged_.sequential.verdicts[i].reason);
    }
  }
  EXPECT_EQ(monitor_.budget()->pages, other.budget()->pages);
  EXPECT_GT(monitor_.budget()->pages, 0u);
}

}  // namespace
}  // namespace vigil::monitors
