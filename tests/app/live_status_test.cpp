#include "app/live_status.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

using nlohmann::json;

constexpr const char* kLiveStatusScenario = R"(
seed: 7
lumisections: 4
sources: [a]
batches_per_ls: 2
events_per_ls: 50
)";

class LiveStatusTest : public ::testing::Test {
 protected:
  const Configuration c_ = fixtures::demo_configuration();
  const ModelSet models_{c_.models};
  const std::vector<Frame> frames_ = fixtures::frames_of(kLiveStatusScenario);
  alerting::Journal journal_{":memory:"};
  std::vector<std::string> log_;
  ProgramStatus program_{
      .mode = "watch", .records = true, .is_recording = false, .frames_not_recorded = 3, .lines_left_out = 2};

  json row(const std::string& model, const std::string& stream) {
    for (const alerting::LiveRow& row : journal_.live()) {
      if (row.model == model && row.stream == stream) return json::parse(row.line);
    }
    return nullptr;
  }
  std::unique_ptr<LiveStatus> live(const Judge& judge) {
    return std::make_unique<LiveStatus>(
        journal_, judge, [this] { return program_; }, [this](const std::string& fact) { log_.push_back(fact); });
  }
};

TEST_F(LiveStatusTest, TheTableSaysWhatHappenedThoughNothingClosed) {
  Judge judge(models_, c_, {}, KeepState::never, {});
  auto first = fixtures::item_of(frames_.at(0), models_);
  first->arrived_ns = 5'000'000'000;
  (void)judge.take(std::move(first));
  auto again = fixtures::item_of(frames_.at(0), models_);
  again->arrived_ns = 6'000'000'000;
  (void)judge.take(std::move(again));
  live(judge)->stop();
  const json stream = row(models_.all().front()->info().name, "scouting");
  ASSERT_TRUE(stream.is_object());
  EXPECT_EQ(stream["newest_frame_ns"], 6'000'000'000);
  EXPECT_EQ(stream["newest_batch_ns"], 5'000'000'000);
  EXPECT_TRUE(stream["newest_lumisection_ns"].is_null());
  EXPECT_EQ(stream["sources"]["a"]["in_run"]["batches"], 1);
  EXPECT_EQ(stream["sources"]["a"]["in_run"]["duplicate"], 1);
  const json program = row("", "");
  EXPECT_EQ(program["mode"], "watch");
  EXPECT_EQ(program["ended"], true);
  EXPECT_EQ(program["recording"]["stopped"], true);
  EXPECT_EQ(program["recording"]["frames_left_out"], 3);
  EXPECT_EQ(program["result_lines_left_out"], 2);
  EXPECT_TRUE(log_.empty());
}

TEST_F(LiveStatusTest, RatesAndSeedRatesOfTheNewestLumisection) {
  Judge judge(models_, c_, {}, KeepState::never, {});
  const auto status = live(judge);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  std::int64_t now = 1'000'000'000;
  for (const Frame& frame : frames_) {
    auto item = fixtures::item_of(frame, models_);
    item->arrived_ns = now += 1'000'000;
    (void)judge.take(std::move(item));
  }
  status->stop();
  const json stream = row(models_.all().front()->info().name, "scouting");
  ASSERT_TRUE(stream.is_object());
  EXPECT_EQ(stream["closed"]["ls"], 3);
  EXPECT_FALSE(stream["seed_rate_hz"].empty());
}

}  // namespace
}  // namespace vigil::app
