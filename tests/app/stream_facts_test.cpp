#include "app/stream_facts.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace vigil::app {
namespace {

Lumisection lumisection(std::uint32_t ls) {
  Lumisection l;
  l.model = "axol1tl";
  l.stream = "scouting";
  l.run = 1;
  l.ls = ls;
  return l;
}

std::vector<std::string> in_words(const std::vector<alerting::Mark>& marks) {
  std::vector<std::string> out;
  for (const auto& mark : marks) {
    out.push_back(std::to_string(mark.ls) + " " + mark.kind + ": " + mark.from.value_or("null") + " -> " +
                  mark.to.value_or("null"));
  }
  return out;
}

TEST(StreamFacts, MarksWhatChangedWhereItChanged) {
  StreamFacts facts("learn:2");
  ingest::LumisectionContext context;
  context.menu = "m1";
  context.fill = 9000;
  monitors::ReferenceProgress reference;
  reference.wanted = 2;
  EXPECT_EQ(in_words(facts.take(lumisection(1), context, reference)),
            (std::vector<std::string>{"1 fill: null -> 9000", "1 menu: null -> m1", "1 selection: null -> zero_bias"}));
  reference.is_known = true;
  reference.learned = 2;
  reference.ranges = {{1, 1, 2}};
  EXPECT_TRUE(facts.take(lumisection(2), context, reference).empty());  // it was learned from this one
  context.menu = "m2";
  Lumisection third = lumisection(3);
  third.sources["link0"].restarts = 1;
  EXPECT_EQ(in_words(facts.take(third, context, reference)),
            (std::vector<std::string>{"3 restart: null -> link0", "3 menu: m1 -> m2",
                                      "3 reference: null -> learn:2, run 1 LS 1-2"}));
  EXPECT_TRUE(facts.take(lumisection(4), context, reference).empty());
  const auto text = nlohmann::json::parse(facts.text({}));
  EXPECT_EQ(text["context"]["menu"], "m2");
  EXPECT_EQ(text["context"]["pileup"], nullptr);
  EXPECT_EQ(text["origin"], "detector");
  EXPECT_EQ(text["reference"]["ranges"], nlohmann::json::parse("[[1,1,2]]"));
}

TEST(StreamFacts, ARestartIsMarkedAndWhatIsKnownStays) {
  StreamFacts before("learn:2"), after("learn:2");
  ingest::LumisectionContext context;
  context.beam_mode = "STABLE BEAMS";
  (void)before.take(lumisection(1), context, {});
  after.load(before.save());
  EXPECT_EQ(in_words(after.take(lumisection(2), context, {})), std::vector<std::string>{"2 restart: null -> vigil"});
  EXPECT_TRUE(after.take(lumisection(3), context, {}).empty());
  EXPECT_ANY_THROW(after.load("[1]"));
}

TEST(StreamFacts, WhenARunStartedIsKnownAfterItEnded) {
  StreamFacts before("learn:2"), after("learn:2");
  ingest::LumisectionContext context;
  context.fill = 9000;
  context.run_start_ns = 1'790'000'000'000'000'000;
  (void)before.take(lumisection(1), context, {});
  after.load(before.save());
  for (std::uint32_t run = 2; run <= 257; ++run) {
    Lumisection next = lumisection(1);
    next.run = run;
    context.fill = run;
    (void)after.take(next, context, {});
    const auto runs = nlohmann::json::parse(after.text({}))["runs"];
    if (run == 256) {
      EXPECT_EQ(runs["1"].dump(), R"({"fill":9000,"run_start_ns":1790000000000000000})");
    }
    EXPECT_EQ(runs[std::to_string(run)]["fill"], run);
  }
  EXPECT_FALSE(nlohmann::json::parse(after.text({}))["runs"].contains("1")) << "the newest 256";
}

}  // namespace
}  // namespace vigil::app
