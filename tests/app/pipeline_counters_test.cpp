#include "app/pipeline_counters.h"

#include <gtest/gtest.h>

#include <thread>

#include "app/judge.h"
#include "app/pipeline.h"
#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

using namespace std::chrono_literals;
constexpr std::int64_t kSecond = 1'000'000'000;

TEST(PipelineCounters, CountWhatThePipelineDid) {
  auto input = fixtures::frames_of("seed: 5\nlumisections: 4\nsources: [a, b]\nbatches_per_ls: 4\nevents_per_ls: 300\n");
  std::uint64_t bytes = 0;
  input[3].parts[1] = "\xc1";  // no msgpack
  input[5].dropped_before.resize(2);
  for (const Frame& frame : input) {
    for (const std::string& part : frame.parts) bytes += part.size();
  }
  const std::size_t frames = input.size();
  const Configuration c = fixtures::demo_configuration();
  const ModelSet models(c.models);
  Judge judge(models, c, {}, KeepState::never, {});
  fixtures::Memory source(std::move(input));
  PipelineCounters counters({models.all().front()->info().name, "never"});
  PipelineOutputs outputs;
  outputs.counters = &counters;
  run_pipeline(source, models, judge, outputs, 2);

  const PipelineSnapshot now = counters.snapshot(0);
  EXPECT_EQ(now.frames_received, frames + 2);
  EXPECT_EQ(now.received_bytes, bytes);
  EXPECT_EQ(now.frames_dropped, 2u);
  for (const char* stage : {"read", "emulate", "judge"}) {
    EXPECT_EQ(now.stages.at(stage).frames, frames) << stage;
    EXPECT_GT(now.stages.at(stage).busy_s, 0) << stage;
    EXPECT_LT(now.stages.at(stage).busy_s, 60) << stage;
  }
  EXPECT_EQ(now.stages.at("journal").frames, 0u);
  EXPECT_EQ(now.emulated_events.at(models.all().front()->info().name), judge.totals().events);
  EXPECT_EQ(now.emulated_events.at("never"), 0u);
  EXPECT_EQ(now.emulator_failures.at("never"), 0u);
  EXPECT_EQ(judge.rejections(), (std::map<std::string, std::uint64_t>{{"not msgpack", 1}}));
}

TEST(PipelineCounters, TheRateIsOverWholeSeconds) {
  PipelineCounters counters({});
  for (int s = 100; s < 110; ++s) counters.add_judged(s * kSecond + 1, 50);
  EXPECT_EQ(counters.snapshot(110 * kSecond).events_per_s, 50);
  counters.add_judged(110 * kSecond, 1000);  // a second that has not ended
  EXPECT_EQ(counters.snapshot(110 * kSecond + 1).events_per_s, 50);
  EXPECT_EQ(counters.snapshot(112 * kSecond).events_per_s, (3 * 50 + 1000) / 5.0);
  EXPECT_EQ(counters.snapshot(200 * kSecond).events_per_s, 0);
}

TEST(PipelineCounters, CommitsByTheirTime) {
  PipelineCounters counters({});
  for (const auto took : {1ms, 4ms, 4ms, 300ms, 60000ms}) counters.add_commit(took);
  const PipelineSnapshot now = counters.snapshot(0);
  EXPECT_EQ(now.commits, 5u);
  EXPECT_NEAR(now.commit_seconds_sum, 60.309, 1e-9);
  const std::map<double, std::uint64_t> below(now.commit_seconds.begin(), now.commit_seconds.end());
  EXPECT_EQ(below.at(0.001), 1u);  // at most
  EXPECT_EQ(below.at(0.0025), 1u);
  EXPECT_EQ(below.at(0.005), 3u);
  EXPECT_EQ(below.at(0.25), 3u);
  EXPECT_EQ(below.at(0.5), 4u);
  EXPECT_EQ(below.at(10), 4u);
}

TEST(PipelineCounters, AnIntakeSaysWhatArrivedAndItsLastWordStays) {
  PipelineCounters counters({});
  Frame frame;
  frame.parts = {"abc"};
  counters.add_frame(frame);
  counters.set_intake([] { return Intake{10, 1000, 3, 2, 64}; });
  EXPECT_EQ(counters.snapshot(0).frames_received, 10u);
  EXPECT_EQ(counters.snapshot(0).frames_dropped, 3u);
  EXPECT_EQ(counters.snapshot(0).queue_frames, 2u);
  counters.set_intake({});
  const PipelineSnapshot now = counters.snapshot(0);
  EXPECT_EQ(now.received_bytes, 1000u);
  EXPECT_EQ(now.queue_frames, 0u);
  EXPECT_EQ(now.queue_capacity, 64u);
}

TEST(PipelineCounters, OnlyWhatIsForGoodIsAReason) {
  PipelineCounters counters({});
  EXPECT_EQ(counters.snapshot(0).journal, "ok");
  counters.add_journal_error("busy", false);
  EXPECT_EQ(counters.snapshot(0).journal, "ok");
  counters.add_journal_error("disk full", true);
  EXPECT_EQ(counters.snapshot(0).journal, "disk full");
  EXPECT_EQ(counters.snapshot(0).journal_errors, 2u);
}

// What many threads add is all there; run under ThreadSanitizer, too.
TEST(PipelineCounters, ThreadsLoseNothing) {
  PipelineCounters counters({"m"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        const PipelineCounters::Busy busy(&counters, PipelineCounters::emulate);
        counters.add_emulated("m", 3, i % 10 == 0);
        if (i % 1000 == 0) (void)counters.snapshot(0);
        if (i % 100 == 0) counters.add_delivery("s", PipelineCounters::Delivery::retried);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const PipelineSnapshot now = counters.snapshot(0);
  EXPECT_EQ(now.stages.at("emulate").frames, 40'000u);
  EXPECT_EQ(now.emulated_events.at("m"), 4u * 9'000 * 3);
  EXPECT_EQ(now.emulator_failures.at("m"), 4'000u);
  EXPECT_EQ(now.sinks.at("s").retried, 400u);
}

}  // namespace
}  // namespace vigil::app
