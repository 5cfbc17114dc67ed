#include "app/refusal_log.h"

#include <gmock/gmock.h>

namespace vigil::app {
namespace {

using ::testing::HasSubstr;
constexpr std::int64_t kLogSecond = 1'000'000'000;

class RefusalLogTest : public ::testing::Test {
 protected:
  static Refusal late(const std::string& source, std::uint32_t ls) {
    return {.what = Refusal::What::late,
            .cause = Rejection::none,
            .stream = "axol1tl scouting",
            .source = source,
            .run = 1,
            .ls = ls};
  }
  void add(const Refusal& refusal, std::int64_t now_ns) {
    log_.add(refusal, now_ns, [&] {
      ++asked_;
      return "run 1 LS " + std::to_string(*refusal.ls) + ", expected LS 59 or later";
    });
  }
  int asked_ = 0;
  std::vector<std::string> lines_;
  RefusalLog log_{[this](const std::string& line) { lines_.push_back(line); }};
};

TEST_F(RefusalLogTest, SaysWhenItBeginsWithEverythingThatIsKnown) {
  add(late("link0", 5), 0);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0], "late: axol1tl scouting, source 'link0': run 1 LS 5, expected LS 59 or later");
  Refusal rejected = late("link1", 6);
  rejected.what = Refusal::What::rejected;
  rejected.cause = Rejection::clock_jump;
  add(rejected, 0);
  EXPECT_THAT(lines_.back(), HasSubstr("rejected (clock jump): axol1tl scouting, source 'link1': run 1 LS 6"));
}

TEST_F(RefusalLogTest, ThenAtMostOnceAMinuteWithCounts) {
  for (int i = 0; i < 600; ++i) add(late("link0", 5), i * kLogSecond / 2);  // 300 s
  ASSERT_EQ(lines_.size(), 5u);
  EXPECT_THAT(lines_[1], HasSubstr("120 more, 121 since it began; newest: run 1 LS 5, expected"));
  EXPECT_EQ(asked_, 5);
  log_.end();
  EXPECT_THAT(lines_.back(), HasSubstr("119 more, 600 since it began"));
  EXPECT_EQ(lines_.size(), 6u);
}

TEST_F(RefusalLogTest, WhatIsLeftIsSaidByTheClockAlone) {
  add(late("link0", 5), 0);
  add(late("link0", 6), kLogSecond);
  log_.tick(30 * kLogSecond);
  EXPECT_EQ(lines_.size(), 1u);
  log_.tick(61 * kLogSecond);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_THAT(lines_[1], HasSubstr("1 more, 2 since it began; newest run 1 LS 6"));
  log_.tick(300 * kLogSecond);
  EXPECT_EQ(lines_.size(), 2u);
  add(late("link0", 7), 301 * kLogSecond);  // it begins again
  EXPECT_EQ(lines_.back(), "late: axol1tl scouting, source 'link0': run 1 LS 7, expected LS 59 or later");
}

TEST_F(RefusalLogTest, ManySourcesDoNotFloodTheLogAndAreCounted) {
  for (int i = 0; i < 4096; ++i) add(late("s" + std::to_string(i), 1), 0);
  EXPECT_EQ(lines_.size(), RefusalLog::kMostBeginningsAPeriod);
  add(late("s0", 1), 61 * kLogSecond);
  bool said = false;
  for (const std::string& line : lines_) {
    said |= line == "refused besides, of further sources and causes: " +
                        std::to_string(4096 - RefusalLog::kMostBeginningsAPeriod) + " batches";
  }
  EXPECT_TRUE(said);
}

TEST_F(RefusalLogTest, AClockThatIsSetBackSilencesNothing) {
  add(late("link0", 5), 1000 * kLogSecond);
  add(late("link0", 6), 10 * kLogSecond);
  EXPECT_EQ(lines_.size(), 2u);
}

TEST_F(RefusalLogTest, NamesAreShownNotPrinted) {
  add(late("a\nb\x1b[31m", 5), 0);
  EXPECT_THAT(lines_[0], HasSubstr("source 'a\\nb\\x1b[31m'"));
}

}  // namespace
}  // namespace vigil::app
