// What a scenario file, its faults and its events are refused for, and with which words.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "replay/scenario_source.h"

namespace vigil::replay {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::string& text) {
  try {
    parse_scenario(text, "s.yaml");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

struct Bad {
  const char* text;
  const char* where;
  const char* words;
};

TEST(ScenarioErrors, NameLineKeyAndWhatWasExpected) {
  const Bad table[] = {
      {"", "s.yaml: ", "is empty"},
      {"- 1\n", "s.yaml:1: ", "no mapping"},
      {"seed: 1\nsead: 2\n", "s.yaml:2: ", "unknown key 'sead'"},
      {"seed: 1\nrun: 1\nseed: 2\n", "s.yaml:3: ", "key 'seed' twice"},
      {"seed: [1\n", "s.yaml:", "is no YAML"},
      {"seed: -1\n", "s.yaml:1: ", "key 'seed' is '-1', expected an integer in 0..18446744073709551615"},
      {"seed: 1.5\n", "s.yaml:1: ", "an integer in"},
      {"run: 0\n", "s.yaml:1: ", "an integer in 1..4294967295"},
      {"\nfirst_ls: 0\n", "s.yaml:2: ", "1..16384"},
      {"first_ls: 16000\nlumisections: 1000\n", "s.yaml:2: ", "end after 16384"},
      {"lumisections: many\n", "s.yaml:1: ", "an integer"},
      {"sources: 0\n", "s.yaml:1: ", "1..4096"},
      {"sources: [a, b, a]\n", "s.yaml:1: ", "a name twice"},
      {"sources: []\n", "s.yaml:1: ", "is empty"},
      {"split_orbits: yes\n", "s.yaml:1: ", "true or false"},
      {"batches_per_ls: 262144\nheartbeats_per_ls: 1\n", "s.yaml:1: ", "more batches than orbits"},
      {"events_per_ls: 0\n", "s.yaml:1: ", "1..4194304"},
      {"events_per_ls: 4000000\nevent_rate_hz: 1000\n", "s.yaml:1: ", "events_per_ls <= event_rate_hz * 23.3 s"},
      {"event_rate_hz: .nan\n", "s.yaml:1: ", "a number in"},
      {"event_rate_hz: nan\n", "s.yaml:1: ", "a number in"},
      {"event_rate_hz: inf\n", "s.yaml:1: ", "a number in"},
      {"rotations: 145\n", "s.yaml:1: ", "1..144"},
      {"stream: ''\n", "s.yaml:1: ", "is empty"},
      {"stream: {a: b}\n", "s.yaml:1: ", "no single value"},
      {"trains: lhc\n", "s.yaml:1: ", "25ns_2400b_10inj or a list"},
      {"trains: []\n", "s.yaml:1: ", "at least one train"},
      {"trains: [{start: 1}]\n", "s.yaml:1: ", "lacks start or length"},
      {"trains:\n  - {start: 1, length: 10}\n  - {start: 10, length: 1}\n", "s.yaml:3: ", "overlaps"},
      {"trains: [{start: 3560, length: 6}]\n", "s.yaml:1: ", "leaves the orbit"},
      {"trains: [{start: 1, length: 6, gap: 2}]\n", "s.yaml:1: ", "unknown key 'gap'"},
      {"luminosity:\n  lifetime_h: 0\n", "s.yaml:2: ", "0.01..1e+06"},
      {"luminosity: 3\n", "s.yaml:1: ", "luminosity is no mapping"},
      {"context:\n  pileup: 4\n", "s.yaml:2: ", "unknown key 'pileup'"},
      {"context: {run_start_ns: 0}\n", "s.yaml:1: ", "key 'run_start_ns'"},
      {"faults: 3\n", "s.yaml:1: ", "a list of faults"},
      {"faults: [3]\n", "s.yaml:1: ", "no mapping"},
      {"faults: [{from_ls: 3}]\n", "s.yaml:1: ", "has no type"},
      {"faults:\n  - {type: gremlin}\n",
       "s.yaml:2: ", "'gremlin' is unknown, expected one of scale_shift, dead_column"},
      {"faults:\n  - {type: dead_column}\n", "s.yaml:2: ", "needs columns"},
      {"faults: [{type: dead_column, columns: [[a]]}]\n", "s.yaml:1: ", "a list of texts"},
      {"faults: [{type: dead_column, columns: a, factor: 2}]\n", "s.yaml:1: ", "unknown key 'factor'"},
      {"faults: [{type: scale_shift, columns: a}]\n", "s.yaml:1: ", "has no factor"},
      {"faults: [{type: bx_slip, side: left}]\n", "s.yaml:1: ", "hardware or both"},
      {"faults: [{type: score_bit_flip, side: both}]\n", "s.yaml:1: ", "expected hardware"},
      {"faults: [{type: score_bit_flip, bit: 64}]\n", "s.yaml:1: ", "0..63"},
      {"faults: [{type: menu_change, menu: a, side: both}]\n", "s.yaml:1: ", "unknown key 'side'"},
      {"faults: [{type: menu_change}]\n", "s.yaml:1: ", "neither 'menu'"},
      {"faults: [{type: lost_batches}]\n", "s.yaml:1: ", "neither 'every'"},
      {"faults: [{type: lost_batches, every: 2, fraction: 0.1}]\n", "s.yaml:1: ", "both given"},
      {"faults: [{type: lost_batches, every: 2, source: c}]\n", "s.yaml:1: ", "names no source"},
      {"faults: [{type: bx_slip, fraction: 1.1}]\n", "s.yaml:1: ", "0..1"},
      {"faults: [{type: bx_slip, from_ls: 5, to_ls: 4}]\n", "s.yaml:1: ", "before 'from_ls'"},
  };
  for (const Bad& bad : table) {
    EXPECT_THAT(refusal(bad.text), StartsWith(bad.where)) << bad.text;
    EXPECT_THAT(refusal(bad.text), HasSubstr(bad.words)) << bad.text;
  }
  EXPECT_THAT(refusal(std::string((1u << 20) + 1, '#')), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(refusal("seed: " + std::string(100'000, '[')), HasSubstr("no YAML"));
}

class OneInput : public Model {
 public:
  OneInput() {
    info_.name = "one";
    info_.inputs = {{"x[0]", FixedPoint{8, 4}, false, {}, ""}};
    info_.outputs = {{"score", FixedPoint{8, 4}, 0, 1}};
    info_.seeds = {{"S", 0, 0, 0, 100, {}}};
  }
  const ModelInfo& info() const override { return info_; }
  Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override {
    for (std::size_t r = 0; r < rows; ++r) out.set(r, 0, in.at(r, 0));
    return Status::ok;
  }

 private:
  ModelInfo info_;
};

std::string source_refusal(const std::string& fault, ScenarioEvents events = {{1, 2, 3}, false, {}}) {
  try {
    const Scenario scenario =
        parse_scenario(fault.empty() ? "seed: 1\n" : "seed: 1\nfaults:\n  - {" + fault + "}\n", "s.yaml");
    ScenarioSource source(scenario, std::make_shared<OneInput>(), std::move(events),
                          [](const EventBatch&) { return std::vector<std::string>{}; });
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ScenarioErrors, WhatDoesNotFitTheModel) {
  EXPECT_EQ(source_refusal(""), "accepted");
  EXPECT_THAT(source_refusal("type: dead_column, columns: y"),
              StartsWith("s.yaml:3: 'y' names no input of model one, expected"));
  EXPECT_THAT(source_refusal("type: pt_truncated"), HasSubstr("'*.pt' names no input"));
  EXPECT_THAT(source_refusal("type: hot_column, columns: \"x[0]\", value: 8"),
              HasSubstr("value 8 of input x[0], expected -8..7"));
  EXPECT_THAT(source_refusal("type: score_bit_flip, output: loss"), HasSubstr("'loss' is no output"));
  EXPECT_THAT(source_refusal("type: score_bit_flip, bit: 8"), HasSubstr("expected below 8"));
  EXPECT_THAT(source_refusal("type: score_bit_flip, word: 1"), HasSubstr("word 1 of output score"));
  EXPECT_THAT(source_refusal("type: rate_change, factor: 2, seed: T"), HasSubstr("'T' is no seed"));
  EXPECT_THAT(source_refusal("type: rate_change, factor: 2"), HasSubstr("seed S passes 0 of"));
  EXPECT_THAT(source_refusal("type: wrong_weights"), HasSubstr("no other model"));
  EXPECT_THAT(source_refusal("", {{}, false, {}}), HasSubstr("whole rows of 1"));
  EXPECT_THAT(source_refusal("", {{1, 8}, false, {}}), HasSubstr("row 1, input x[0]: word 8, expected -8..7"));
  EXPECT_THAT(source_refusal("", {{1, 128}, true, {}}), HasSubstr("word 128, expected -128..127"));
  EXPECT_THAT(source_refusal("", {{1, 2}, false, {1}}), HasSubstr("1 values of pile-up"));
}

TEST(ScenarioErrors, FilesAndShippedScenarios) {
  EXPECT_THROW(read_scenario("/nonexistent/s.yaml"), Error);
  EXPECT_THROW(read_scenario(VIGIL_SOURCE_DIR), Error);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(VIGIL_SOURCE_DIR "/conf/scenarios")) {
    if (!entry.is_regular_file()) continue;
    const Scenario scenario = read_scenario(entry.path().string());
    ++files;
    for (const Fault& fault : scenario.faults) {
      EXPECT_LE(fault.from_ls, scenario.lumisections) << entry.path();
      if (fault.type != FaultType::wrong_weights) continue;
      EXPECT_TRUE(std::filesystem::exists(fault.model + "/model.yaml")) << fault.model;
    }
  }
  EXPECT_GE(files, static_cast<std::size_t>(FaultType::count_) + 2);
}

}  // namespace
}  // namespace vigil::replay
