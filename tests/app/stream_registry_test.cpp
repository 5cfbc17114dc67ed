#include "app/stream_registry.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/app/demo_frames.h"

namespace vigil::app {
namespace {

using fixtures::demo_configuration;

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

// A batch of this selection; and what the stream's state says of it.
void take(StreamRegistry& registry, const std::string& stream, const std::string& model, const std::string& selection) {
  EventBatch b = batch(stream, model);
  b.selection = selection;
  registry.of(b).context.add(b, "");
}
std::string selection_of(const MonitoredStream& stream) {
  ingest::ContextTracker context = stream.context;
  const EventBatch b = batch(stream.name, stream.model->info().name);
  return context.close(b.run, b.ls).selection;
}

TEST_F(StreamRegistryTest, WhatIsSavedIsLoaded) {
  take(registry_, "scouting", model_, "path");
  registry_.of(batch("express", model_));
  std::map<std::string, std::optional<std::string>> saved;
  for (const auto& stream : registry_.all()) registry_.save(*stream, saved);
  std::map<std::string, std::string> state;
  for (const auto& [key, value] : saved) state[key] = value.value();
  StreamRegistry again(models_, c_, std::nullopt);
  EXPECT_TRUE(again.load(state).empty());
  ASSERT_EQ(again.all().size(), 2u);
  EXPECT_EQ(again.all()[0]->name, "scouting");
  EXPECT_EQ(selection_of(*again.all()[0]), "path");
  EXPECT_EQ(again.all()[1]->name, "express");
  // With other windows it goes on too, and says so.
  Configuration other = c_;
  other.monitors.windows = {{"other", 7, 7}};
  const std::vector<std::string> left_behind = StreamRegistry(models_, other, std::nullopt).load(state);
  ASSERT_EQ(left_behind.size(), 2u);
  for (const char* stream : {"express", "scouting"}) {
    EXPECT_TRUE(std::any_of(left_behind.begin(), left_behind.end(), [&](const std::string& line) {
      return line.find(std::string("vigil_demo ") + stream + " window") != std::string::npos;
    })) << stream;
  }
}

std::map<std::string, std::string> saved(StreamRegistry& registry, std::map<std::string, std::string> journal = {}) {
  StateChanges changes;
  for (const auto& stream : registry.all()) registry.save(*stream, changes);
  for (const auto& [key, value] : changes) {
    if (value) {
      journal[key] = *value;
    } else {
      journal.erase(key);
    }
  }
  return journal;
}

std::vector<std::string> names(const StreamRegistry& registry) {
  std::vector<std::string> out;
  for (const auto& stream : registry.all()) out.push_back(stream->model->info().name + " " + stream->name);
  return out;
}

// Names that end in one another: the open lumisections of one are not those of the other.
TEST_F(StreamRegistryTest, StreamsWhoseNamesMeetKeepTheirOwnState) {
  MonitoredStream& inner = registry_.of(batch("a", model_));
  MonitoredStream& outer = registry_.of(batch("x/a", model_));
  inner.open.try_emplace({1, 2}, inner.model->info(), 0u);
  outer.open.try_emplace({1, 3}, outer.model->info(), 0u);
  auto journal = saved(registry_);
  journal = saved(registry_, std::move(journal));
  inner.open.clear();
  journal = saved(registry_, std::move(journal));
  StreamRegistry again(models_, c_, std::nullopt);
  EXPECT_TRUE(again.load(journal).empty());
  ASSERT_EQ(again.all().size(), 2u);
  EXPECT_TRUE(again.all()[0]->open.empty());
  EXPECT_EQ(again.all()[1]->open.size(), 1u);
  EXPECT_TRUE(again.all()[1]->open.contains({1, 3}));
}

TEST_F(StreamRegistryTest, ATopicWithSlashesNamesItsStream) {
  MonitoredStream& stream = registry_.of(batch("x/a", model_));
  registry_.of(batch("x", model_));
  EXPECT_EQ(registry_.reject(rejected(header("x/a/" + model_, "", ""), Rejection::not_msgpack)), &stream);
}

// Watched with A and B, then B alone, then A again: nobody's state is lost.
TEST_F(StreamRegistryTest, StateOfModelsThatAreNotLoadedIsKept) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / ("vigil-renamed-" + std::to_string(getpid()));
  fs::copy(demo_model_folder(), folder, fs::copy_options::recursive);
  std::stringstream yaml;
  yaml << std::ifstream(folder / "model.yaml").rdbuf();
  std::string text = yaml.str();
  text.replace(text.find(model_), model_.size(), "renamed");
  std::ofstream(folder / "model.yaml") << text;
  Configuration both = c_, other = c_;
  other.models = {folder.string()};
  both.models.push_back(other.models[0]);
  const ModelSet two(both.models), second(other.models);
  const std::string second_name = second.all().front()->info().name;
  std::map<std::string, std::string> journal;
  {
    StreamRegistry registry(two, both, std::nullopt);
    take(registry, "scouting", model_, "of the first");
    take(registry, "scouting", second_name, "of the second");
    journal = saved(registry, journal);
  }
  {
    StreamRegistry registry(second, other, std::nullopt);
    registry.load(journal);
    ASSERT_EQ(registry.all().size(), 1u);
    registry.of(batch("express", second_name));
    journal = saved(registry, journal);
  }
  {
    StreamRegistry registry(models_, c_, std::nullopt);
    registry.load(journal);
    ASSERT_EQ(registry.all().size(), 1u);
    EXPECT_EQ(selection_of(*registry.all()[0]), "of the first");
    registry.of(batch("express", model_));
    journal = saved(registry, journal);
  }
  StreamRegistry registry(two, both, std::nullopt);
  registry.load(journal);
  EXPECT_EQ(names(registry), (std::vector<std::string>{model_ + " scouting", second_name + " scouting",
                                                       second_name + " express", model_ + " express"}));
  fs::remove_all(folder);
}

TEST_F(StreamRegistryTest, StreamsThatEarlierProgramsGaveOneNumberAreAllLoaded) {
  registry_.of(batch("a", model_));
  registry_.of(batch("b", model_));
  auto journal = saved(registry_);
  for (auto& [key, value] : journal) {
    if (key.find("/order/") != std::string::npos) value = "0";
  }
  StreamRegistry again(models_, c_, std::nullopt);
  again.load(journal);
  EXPECT_EQ(again.all().size(), 2u);
}

TEST_F(StreamRegistryTest, WhatDoesNotFitStartsAnewAndIsNamedTheRestGoesOn) {
  take(registry_, "scouting", model_, "path");
  auto journal = saved(registry_);
  for (auto& [key, value] : journal) {
    if (key.find("/sequencer/") != std::string::npos) value = "damaged";
  }
  StreamRegistry again(models_, c_, std::nullopt);
  const auto dropped = again.load(journal);
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_NE(dropped[0].find("sequencer"), std::string::npos) << dropped[0];
  ASSERT_EQ(again.all().size(), 1u);
  EXPECT_EQ(selection_of(*again.all()[0]), "path");
}

TEST_F(StreamRegistryTest, BeyondTheMostTheLongestUnusedIsGivenUpWithItsState) {
  StreamRegistry registry(models_, c_, std::nullopt, 2);
  registry.of(batch("a", model_));
  registry.of(batch("b", model_));
  registry.of(batch("a", model_));  // used again
  EXPECT_EQ(registry.leaves_for(batch("b", model_)), nullptr);
  auto journal = saved(registry);
  MonitoredStream* leaving = registry.leaves_for(batch("c", model_));
  ASSERT_NE(leaving, nullptr);
  EXPECT_EQ(leaving->name, "b");
  StateChanges changes;
  registry.give_up(*leaving, changes);
  registry.of(batch("c", model_));
  EXPECT_EQ(names(registry), (std::vector<std::string>{model_ + " a", model_ + " c"}));
  EXPECT_EQ(registry.activity().streams()->size(), 2u);
  for (const auto& [key, value] : journal) {
    if (key.ends_with("/b")) {
      ASSERT_TRUE(changes.contains(key)) << key;
      EXPECT_FALSE(changes.at(key).has_value()) << key;
    }
  }
}

}  // namespace
}  // namespace vigil::app
