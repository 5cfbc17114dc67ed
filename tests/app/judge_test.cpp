#include "app/judge.h"

#include <gmock/gmock.h>

#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

constexpr const char* kScenario = R"(
seed: 7
lumisections: 5
sources: [a]
batches_per_ls: 2
events_per_ls: 50
)";

class JudgeTest : public ::testing::Test {
 protected:
  const Configuration c_ = testing::demo_configuration();
  const ModelSet models_{c_.models};
  const std::vector<Frame> frames_ = testing::frames_of(kScenario);
};

TEST_F(JudgeTest, EachLumisectionClosesOnceInOrderWithTheStateToGoOn) {
  Judge judge(models_, c_, {}, true, {});
  std::vector<Closing> closings;
  for (const Frame& frame : frames_) {
    for (Closing& closing : judge.take(testing::item_of(frame, models_))) closings.push_back(std::move(closing));
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
  Judge judge(models_, c_, {}, false, {});
  for (const Frame& frame : frames_) {
    for (const Closing& closing : judge.take(testing::item_of(frame, models_)))
      EXPECT_TRUE(closing.commit.state.empty());
  }
  for (const Closing& closing : judge.end()) EXPECT_TRUE(closing.commit.state.empty());
}

TEST_F(JudgeTest, WhatIsRejectedIsLoggedAndCounted) {
  std::vector<std::string> log;
  Judge judge(models_, c_, {}, false, [&](const std::string& fact) { log.push_back(fact); });
  std::vector<Closing> closings;
  const auto take = [&](const Frame& frame) {
    for (Closing& closing : judge.take(testing::item_of(frame, models_))) closings.push_back(std::move(closing));
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
  Judge judge(models_, c_, {}, false, {});
  Frame nothing;
  nothing.parts = {"one part"};
  (void)judge.take(testing::item_of(nothing, models_));
  EXPECT_TRUE(judge.end().empty());
  EXPECT_EQ(judge.totals().unplaced.rejected, 1u);
}

}  // namespace
}  // namespace vigil::app
