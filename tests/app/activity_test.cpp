#include "app/activity.h"

#include <gtest/gtest.h>

#include <thread>

namespace vigil::app {
namespace {

TEST(Activity, CountsOfTheRunStartAnewThoseOfTheProgramGoOn) {
  Activity activity;
  StreamActivity& stream = activity.add("m", "hash", "scouting");
  stream.begin_run(1);
  SourceActivity& source = stream.of("link0");
  for (Tally* tally : {&source.in_run, &source.in_program}) {
    tally->add(Tally::batches, 3);
    tally->add_rejected(Rejection::clock_jump);
  }
  stream.begin_run(2);
  source.in_run.add(Tally::batches);
  source.in_program.add(Tally::batches);
  EXPECT_EQ(source.in_run.counts().batches, 1u);
  EXPECT_EQ(source.in_run.counts().rejected, 0u);
  EXPECT_TRUE(source.in_run.counts().rejected_by.empty());
  EXPECT_EQ(source.in_program.counts().batches, 4u);
  EXPECT_EQ(source.in_program.counts().rejected, 1u);
  EXPECT_EQ(source.in_program.counts().rejected_by.at("clock jump"), 1u);
}

TEST(Activity, SourcesAndStreamsAreBoundedAndReadWhileTheyGrow) {
  Activity activity;
  StreamActivity& stream = activity.add("m", "hash", "scouting");
  std::atomic<bool> done{false};
  std::size_t most = 0;
  std::thread reader([&] {
    while (!done) {
      const auto streams = activity.streams();
      for (const auto& s : *streams) {
        std::uint64_t sum = 0;
        const auto sources = s->sources();
        for (const auto& source : *sources) sum += source->in_program.counts().batches;
        most = std::max<std::size_t>(most, sum);
      }
    }
  });
  for (int i = 0; i < 4200; ++i) {
    SourceActivity& source = stream.of("s" + std::to_string(i));
    source.newest_batch_ns = i + 1;
    source.in_program.add(Tally::batches);
  }
  done = true;
  reader.join();
  EXPECT_LE(most, 4200u);
  EXPECT_EQ(stream.sources()->size(), 4096u);
  EXPECT_FALSE(stream.knows("s0"));  // the oldest left
  EXPECT_TRUE(stream.knows("s4199"));
  activity.remove(stream);
  EXPECT_TRUE(activity.streams()->empty());
}

}  // namespace
}  // namespace vigil::app
