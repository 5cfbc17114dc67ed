#include "app/stream_registry.h"

#include <gtest/gtest.h>

#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

using testing::demo_configuration;

EventBatch batch(const std::string& stream, const std::string& model) {
  EventBatch b;
  b.stream = stream;
  b.model = model;
  return b;
}

FrameHeader header(const std::string& topic, const std::string& stream, const std::string& model) {
  FrameHeader h;
  h.topic = topic;
  h.stream = stream;
  h.model = model;
  return h;
}

Item rejected(const FrameHeader& header, Rejection cause) {
  Item item;
  item.frame.header = header;
  item.frame.parts = {"topic", "body"};
  item.rejection = cause;
  return item;
}

class StreamRegistryTest : public ::testing::Test {
 protected:
  const Configuration c_ = demo_configuration();
  const ModelSet models_{c_.models};
  const std::string model_ = models_.all().front()->info().name;
  StreamRegistry registry_{models_, c_, std::nullopt};
};

TEST_F(StreamRegistryTest, AStreamIsMadeOnceAndKeptInOrder) {
  MonitoredStream& first = registry_.of(batch("scouting", model_));
  MonitoredStream& second = registry_.of(batch("express", model_));
  EXPECT_NE(&first, &second);
  EXPECT_EQ(&registry_.of(batch("scouting", model_)), &first);
  ASSERT_EQ(registry_.all().size(), 2u);
  EXPECT_EQ(registry_.all()[1]->name, "express");
  EXPECT_EQ(first.snapshot.stream, "scouting");
}

TEST_F(StreamRegistryTest, WhatIsLostCountsInItsOwnStreamByHeaderOrTopic) {
  MonitoredStream& scouting = registry_.of(batch("scouting", model_));
  MonitoredStream& express = registry_.of(batch("express", model_));
  registry_.reject(rejected(header("scouting/" + model_, "express", model_), Rejection::topic));  // its header decides
  registry_.reject(rejected(header("express/" + model_, "", ""), Rejection::not_msgpack));
  registry_.drop(header("express/" + model_, "", ""));
  EXPECT_EQ(express.sequencer.take_unplaced().rejected, 2u);
  EXPECT_EQ(scouting.sequencer.take_unplaced().rejected, 0u);
  EXPECT_EQ(registry_.take_unplaced().dropped, 0u);  // express was asked before and had it
}

TEST_F(StreamRegistryTest, WhatNamesNoStreamCountsInTheFirstOfTheFirstModel) {
  registry_.reject(rejected(header("", "", ""), Rejection::parts));
  registry_.reject(rejected(header("scouting/nobody", "scouting", "nobody"), Rejection::unknown_model));
  registry_.drop(header("", "", ""));
  MonitoredStream& first = registry_.of(batch("scouting", model_));  // takes what was homeless
  registry_.reject(rejected(header("scouting/nobody", "scouting", "nobody"), Rejection::unknown_model));
  const Unplaced own = first.sequencer.take_unplaced();
  EXPECT_EQ(own.rejected, 3u);
  EXPECT_EQ(own.dropped, 1u);
}

TEST_F(StreamRegistryTest, WhatNeverFoundAStreamIsUnplacedOnce) {
  registry_.reject(rejected(header("", "", ""), Rejection::parts));
  registry_.drop(header("", "", ""));
  const Unplaced unplaced = registry_.take_unplaced();
  EXPECT_EQ(unplaced.rejected, 1u);
  EXPECT_EQ(unplaced.dropped, 1u);
  EXPECT_EQ(registry_.take_unplaced().rejected, 0u);
}

// Seq 5 never decoded: it is rejected under its source, not missing as well.
TEST_F(StreamRegistryTest, ALumisectionThatContradictsItsOrbitsIsNotBelieved) {
  MonitoredStream& stream = registry_.of(batch("scouting", model_));
  ingest::BatchFacts facts;
  facts.source = "a";
  facts.run = 1;
  facts.ls = 1;
  facts.last_orbit = 1000;
  (void)stream.sequencer.offer(facts, nullptr);
  FrameHeader h = header("scouting/" + model_, "scouting", model_);
  h.source = "a";
  h.epoch = 0;
  h.seq = 1;
  h.run = 1;
  h.ls = 2;  // of orbits in lumisection 1
  h.first_orbit = 2000;
  h.last_orbit = 3000;
  registry_.reject(rejected(h, Rejection::lumisection));
  for (const ingest::Step& step : stream.sequencer.end()) {
    const auto* closed = std::get_if<ingest::Closed>(&step);
    if (closed == nullptr) continue;
    EXPECT_EQ(closed->ls, 1u);
    EXPECT_EQ(closed->sources.at("a").rejected, 1u);
    EXPECT_EQ(closed->sources.at("a").missing, 0u);
  }
}

TEST_F(StreamRegistryTest, WhatIsSavedIsLoaded) {
  registry_.of(batch("scouting", model_)).selection = "path";
  registry_.of(batch("express", model_));
  std::map<std::string, std::optional<std::string>> saved;
  for (const auto& stream : registry_.all()) registry_.save(*stream, saved);
  std::map<std::string, std::string> state;
  for (const auto& [key, value] : saved) state[key] = value.value();
  StreamRegistry again(models_, c_, std::nullopt);
  again.load(state);
  ASSERT_EQ(again.all().size(), 2u);
  EXPECT_EQ(again.all()[0]->name, "scouting");
  EXPECT_EQ(again.all()[0]->selection, "path");
  EXPECT_EQ(again.all()[1]->name, "express");
}

}  // namespace
}  // namespace vigil::app
