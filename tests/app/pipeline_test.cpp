#include "app/pipeline.h"

#include <gtest/gtest.h>

#include <thread>

#include "app/logging.h"
#include "app/results_writer.h"
#include "app/session.h"
#include "ingest/publisher.h"
#include "ingest/subscriber.h"
#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

constexpr const char* kScenario = R"(
seed: 5
lumisections: 12
sources: [a, b]
batches_per_ls: 4
events_per_ls: 300
faults: [{type: score_bit_flip, from_ls: 9}]
)";

std::vector<Frame> frames() { return fixtures::frames_of(kScenario); }

std::vector<std::string> lines_of(std::vector<Frame> input, unsigned jobs) {
  const Configuration c = fixtures::demo_configuration();
  const ModelSet models(c.models);
  Judge judge(models, c, {}, KeepState::always, {});
  fixtures::Memory source(std::move(input));
  std::vector<std::string> lines;
  run_pipeline(source, models, judge,
               {{}, [&](Closing&& closing) { lines.insert(lines.end(), closing.lines.begin(), closing.lines.end()); }},
               jobs);
  return lines;
}

TEST(Pipeline, LinesDoNotDependOnTheNumberOfThreads) {
  const auto input = frames();
  const auto one = lines_of(input, 1);
  ASSERT_GT(one.size(), 100u);
  EXPECT_EQ(lines_of(input, 2), one);
  EXPECT_EQ(lines_of(input, 8), one);
}

TEST(Pipeline, AFailureOfTheSourceLeavesItAfterTheStagesStopped) {
  const Configuration c = fixtures::demo_configuration();
  const ModelSet models(c.models);
  Judge judge(models, c, {}, KeepState::never, {});
  fixtures::Memory source(frames());
  source.fail_at_ = 20;
  EXPECT_THROW(run_pipeline(source, models, judge, {}, 4), std::runtime_error);
}

// After every lumisection the state is taken to a new judge, as after a kill: the lines stay the same.
TEST(Pipeline, StateGoesOnAfterEveryLumisection) {
  const auto input = frames();
  const auto whole = lines_of(input, 1);
  const Configuration c = fixtures::demo_configuration();
  const ModelSet models(c.models);
  std::vector<std::string> lines;
  std::map<std::string, std::string> state;
  auto judge = std::make_unique<Judge>(models, c, std::nullopt, KeepState::always, nullptr);
  const auto keep = [&](std::vector<Closing>&& closings) {
    for (Closing& closing : closings) {
      lines.insert(lines.end(), closing.lines.begin(), closing.lines.end());
      for (auto& [key, value] : closing.commit.state) {
        if (value) {
          state[key] = *value;
        } else {
          state.erase(key);
        }
      }
    }
    return !closings.empty();
  };
  for (const Frame& frame : input) {
    if (keep(judge->take(fixtures::item_of(frame, models)))) {
      judge = std::make_unique<Judge>(models, c, std::nullopt, KeepState::always, nullptr);
      judge->load(state);
    }
  }
  keep(judge->end());
  ASSERT_EQ(lines.size(), whole.size());
  for (std::size_t i = 0; i < whole.size(); ++i) ASSERT_EQ(lines[i], whole[i]) << i;
}

// Sockets, journal thread and dispatcher together: what the thread sanitizer has to see.
TEST(Pipeline, LiveSessionOverSockets) {
  log_to_stderr();
  ::testing::internal::CaptureStdout();
  ingest::Publisher publisher("tcp://127.0.0.1:*");
  Configuration c = fixtures::demo_configuration();
  c.subscribe = {publisher.last_endpoint()};
  c.jobs = 4;
  Session session(c, {.json = true, .live = true});
  ingest::Subscriber subscriber({.endpoints = c.subscribe, .topics = {}});
  const auto input = frames();
  std::thread publishing([&] {
    const std::atomic<bool> stop{false};
    ASSERT_TRUE(publisher.wait_for_subscriber(stop));
    for (const Frame& frame : input) ASSERT_TRUE(publisher.send(frame.parts, stop));
    while (subscriber.counters().frames < input.size()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    subscriber.request_stop();
  });
  session.run(subscriber, {});
  publishing.join();
  std::string expected;
  for (const std::string& line : lines_of(input, 1)) expected += line + "\n";
  const std::string printed = ::testing::internal::GetCapturedStdout();
  ASSERT_TRUE(printed.starts_with(expected)) << printed.size() << " bytes printed, " << expected.size() << " expected";
  EXPECT_EQ(printed.find("{\"type\":\"digest\"", expected.size()), expected.size());
  EXPECT_TRUE(session.failed({"action"}));
}

}  // namespace
}  // namespace vigil::app
