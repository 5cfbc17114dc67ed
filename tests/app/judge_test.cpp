#include "app/judge.h"

#include <gmock/gmock.h>

#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

constexpr const char* kJudgeScenario = R"(
seed: 7
lumisections: 5
sources: [a]
batches_per_ls: 2
events_per_ls: 50
)";

class JudgeTest : public ::testing::Test {
 protected:
  const Configuration c_ = fixtures::demo_configuration();
  const ModelSet models_{c_.models};
  const std::vector<Frame> frames_ = fixtures::frames_of(kJudgeScenario);
};

TEST_F(JudgeTest, EachLumisectionClosesOnceInOrderWithTheStateToGoOn) {
  Judge judge(models_, c_, {}, KeepState::always, {});
  std::vector<Closing> closings;
  for (const Frame& frame : frames_) {
    for (Closing& closing : judge.take(fixtures::item_of(frame, models_))) closings.push_back(std::move(closing));
  }
  EXPECT_EQ(closings.size(), 4u);  // the last is open
  for (Closing& closing : judge.end()) closings.push_back(std::move(closing));
  ASSERT_EQ(closings.size(), 5u);
  for (std::size_t i = 0; i < closings.size(); ++i) {
    EXPECT_EQ(closings[i].lumisection.ls, i + 1);
    EXPECT_FALSE(closings[i].commit.state.empty());
    EXPECT_FALSE(closings[i].commit.position.empty());
  }
  EXPECT_EQ(judge.totals().lumisections, 5u);
  const auto snapshot = judge.snapshot();
  ASSERT_EQ(snapshot->streams.size(), 1u);
  EXPECT_EQ(snapshot->streams[0].ls, 5u);
}

TEST_F(JudgeTest, WithoutAJournalNoStateIsMade) {
  Judge judge(models_, c_, {}, KeepState::never, {});
  for (const Frame& frame : frames_) {
    for (const Closing& closing : judge.take(fixtures::item_of(frame, models_)))
      EXPECT_TRUE(closing.commit.state.empty());
  }
  for (const Closing& closing : judge.end()) EXPECT_TRUE(closing.commit.state.empty());
}

TEST_F(JudgeTest, WhatIsRejectedIsLoggedAndCounted) {
  std::vector<std::string> log;
  Judge judge(models_, c_, {}, KeepState::never, [&](const std::string& fact) { log.push_back(fact); });
  std::vector<Closing> closings;
  const auto take = [&](const Frame& frame) {
    for (Closing& closing : judge.take(fixtures::item_of(frame, models_))) closings.push_back(std::move(closing));
  };
  take(frames_.at(0));
  Frame damaged = frames_.at(1);
  damaged.parts[1].resize(damaged.parts[1].size() - 1);
  take(damaged);
  for (std::size_t i = 2; i < frames_.size(); ++i) take(frames_[i]);
  for (Closing& closing : judge.end()) closings.push_back(std::move(closing));
  std::uint64_t rejected = 0, missing = 0;
  for (const Closing& closing : closings) {
    for (const auto& [source, counts] : closing.lumisection.sources) {
      rejected += counts.rejected;
      missing += counts.missing;
    }
  }
  EXPECT_EQ(rejected, 1u);
  EXPECT_EQ(missing, 0u);
  ASSERT_EQ(log.size(), 1u);
}

TEST_F(JudgeTest, WhatNoLineCanTakeIsUnplaced) {
  Judge judge(models_, c_, {}, KeepState::never, {});
  Frame nothing;
  nothing.parts = {"one part"};
  (void)judge.take(fixtures::item_of(nothing, models_));
  EXPECT_TRUE(judge.end().empty());
  EXPECT_EQ(judge.totals().unplaced.rejected, 1u);
}

// Refused batches close nothing; they are seen all the same, in log and live counts.
TEST_F(JudgeTest, WhatIsRefusedIsSeenWithoutAClosing) {
  std::vector<std::string> log;
  Judge judge(models_, c_, {}, KeepState::never, [&](const std::string& fact) { log.push_back(fact); });
  for (const Frame& frame : frames_) (void)judge.take(fixtures::item_of(frame, models_));
  std::size_t closings = 0;
  for (std::int64_t i = 0; i < 4; ++i) {
    auto item = fixtures::item_of(frames_.at(0), models_);  // again
    item->arrived_ns = (100 + i) * 1'000'000'000;
    closings += judge.take(std::move(item)).size();
  }
  EXPECT_EQ(closings, 0u);
  ASSERT_EQ(log.size(), 1u) << log.back();
  EXPECT_THAT(log[0], ::testing::HasSubstr("duplicate: "));
  EXPECT_THAT(log[0], ::testing::HasSubstr("source 'a'"));
  const auto streams = judge.activity().streams();
  ASSERT_EQ(streams->size(), 1u);
  const StreamActivity& stream = *streams->front();
  EXPECT_EQ(stream.newest_frame_ns, 103'000'000'000);
  ASSERT_EQ(stream.sources()->size(), 1u);
  const SourceActivity& source = *stream.sources()->front();
  EXPECT_EQ(source.in_run.counts().duplicate, 4u);
  EXPECT_EQ(source.in_run.counts().batches, frames_.size());
  EXPECT_EQ(source.in_program.counts().duplicate, 4u);
}

TEST_F(JudgeTest, LagIsArrivalMinusDataTimeWhereTheStartOfTheRunIsKnown) {
  Judge judge(models_, c_, {}, KeepState::never, {});
  auto item = fixtures::item_of(frames_.at(0), models_);
  item->batch.context.run_start_ns = 1'000'000'000'000;
  const double data_s = item->batch.last_orbit / 11245.5;
  item->arrived_ns = 1'000'000'000'000 + static_cast<std::int64_t>((data_s + 2.5) * 1e9);
  (void)judge.take(std::move(item));
  const auto& stream = *judge.activity().streams()->front();
  ASSERT_TRUE(stream.lag_is_known);
  EXPECT_NEAR(static_cast<double>(stream.lag_ns), 2.5e9, 1e3);
}

}  // namespace
}  // namespace vigil::app
