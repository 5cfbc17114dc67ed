#include "monitors/input_changes.h"

#include <gtest/gtest.h>

#include "streams.h"

namespace vigil::monitors {
namespace {

using Kind = WordChange::Kind;
using Words = std::vector<std::int64_t>;

// Two jets (pt, phi) of ap_fixed<18,13>, whose words are codes * 32, and a plain input.
ModelInfo jets(bool has_scale = true) {
  ModelInfo m;
  m.name = "jets";
  m.hash = std::string(64, 'b');
  for (const char* object : {"jet[0].", "jet[1]."}) {
    m.inputs.push_back({std::string(object) + "pt", fixtures::fixed(18, 13), true, 0.5, "GeV"});
    m.inputs.push_back({std::string(object) + "phi", fixtures::fixed(18, 13), true, {}, ""});
    if (has_scale) {
      m.inputs.back().lsb = 0.0436332;
      m.inputs.back().unit = "rad";
    }
  }
  m.inputs.push_back({"x[0]", fixtures::fixed(8, 8, false), false, {}, ""});
  return m;
}

KeptEvent event(Words inputs) {
  KeptEvent e;
  e.inputs = std::move(inputs);
  return e;
}

std::vector<Words> after(const ModelInfo& m, const Words& words, const std::string& name, WordChange change) {
  const std::vector<KeptEvent> events{event(words)};
  for (const ChangedInputs& inputs : changed_inputs(m)) {
    if (inputs.name == name) return InputChanges(m, events).after(0, inputs, change);
  }
  ADD_FAILURE() << name;
  return {};
}

TEST(InputChanges, EveryInputThenEveryColumnOfSeveralObjects) {
  ModelInfo m = jets();
  m.inputs.push_back({"met.pt", fixtures::fixed(18, 13), true, {}, ""});
  m.inputs.push_back({"met.sum", fixtures::fixed(18, 13), true, {}, ""});  // of one object only
  std::vector<std::string> names;
  for (const ChangedInputs& c : changed_inputs(m)) names.push_back(c.name);
  EXPECT_EQ(names, (std::vector<std::string>{"jet[0].pt", "jet[0].phi", "jet[1].pt", "jet[1].phi", "x[0]", "met.pt",
                                             "met.sum", "*.pt", "*.phi"}));
  EXPECT_EQ(changed_inputs(m)[7].columns, (std::vector<std::size_t>{0, 2, 5}));
}

TEST(InputChanges, TheirNames) {
  std::vector<std::string> names;
  for (const WordChange& c : word_changes()) names.push_back(to_string(c));
  EXPECT_EQ(names, (std::vector<std::string>{"zero", "low 1 bits zero", "low 2 bits zero", "low 3 bits zero",
                                             "low 4 bits zero", "low 5 bits zero", "low 6 bits zero", "low 7 bits zero",
                                             "low 8 bits zero", "plus 1", "minus 1", "largest", "smallest"}));
}

TEST(InputChanges, OneAndBitsAreInUnitsOfTheColumnName) {
  const ModelInfo m = jets();
  const std::vector<KeptEvent> events{event({96, 0, 64, 128, 6}), event({0, 0, 32 * 8, 0, 0})};
  const InputChanges changes(m, events);
  EXPECT_EQ(changes.unit(0), 32);  // pt: 96, 64, 0, 256
  EXPECT_EQ(changes.unit(2), 32);
  EXPECT_EQ(changes.unit(1), 128);  // phi
  EXPECT_EQ(changes.unit(4), 2);
  EXPECT_EQ(InputChanges(m, {}).unit(0), 1);
  EXPECT_EQ(after(m, {96, 0, 64, 128, 7}, "jet[0].pt", {Kind::plus, 0}), (std::vector<Words>{{128, 0, 64, 128, 7}}));
  EXPECT_EQ(after(m, {96, 0, 64, 128, 7}, "jet[0].pt", {Kind::low_bits_zero, 1}),
            (std::vector<Words>{{64, 0, 64, 128, 7}}));
  EXPECT_EQ(after(m, {-96, 32, 64, 128, 7}, "*.pt", {Kind::low_bits_zero, 1}),  // as hardware drops bits: downwards
            (std::vector<Words>{{-128, 32, 64, 128, 7}}));
  EXPECT_EQ(after(m, {96, 0, 64, 128, 7}, "*.pt", {Kind::minus, 0}), (std::vector<Words>{{64, 0, 32, 128, 7}}));
}

TEST(InputChanges, WhatStaysAsItIsIsNoChange) {
  const ModelInfo m = jets();
  EXPECT_TRUE(after(m, {0, 0, 64, 128, 7}, "jet[0].pt", {Kind::zero, 0}).empty());
  EXPECT_TRUE(after(m, {0, 0, 64, 128, 7}, "jet[0].pt", {Kind::plus, 0}).empty());  // no jet
  EXPECT_TRUE(after(m, {0, 0, 0, 0, 7}, "*.phi", {Kind::plus, 0}).empty());
  EXPECT_EQ(after(m, {0, 0, 64, 0, 7}, "*.phi", {Kind::plus, 0}), (std::vector<Words>{{0, 0, 64, 1, 7}}));
  EXPECT_EQ(after(m, {0, 0, 0, 0, 0}, "x[0]", {Kind::plus, 0}), (std::vector<Words>{{0, 0, 0, 0, 1}}));  // no object's
  EXPECT_TRUE(after(m, {0, 0, 64, 128, 0}, "x[0]", {Kind::smallest, 0}).empty());
}

TEST(InputChanges, EndsOfTheType) {
  const ModelInfo m = jets();
  const std::int64_t highest = (1 << 17) - 1, lowest = -(1 << 17);
  EXPECT_EQ(after(m, {96, 0, 64, 128, 255}, "x[0]", {Kind::plus, 0}).size(), 0u);  // it ends there
  EXPECT_EQ(after(m, {96, 32, 64, 128, 7}, "jet[1].pt", {Kind::largest, 0}),
            (std::vector<Words>{{96, 32, highest, 128, 7}, {96, 32, highest - 31, 128, 7}}));
  EXPECT_EQ(after(m, {96, 32, 64, 128, 7}, "jet[1].pt", {Kind::smallest, 0}),
            (std::vector<Words>{{96, 32, lowest, 128, 7}}));
}

TEST(InputChanges, AzimuthsGoRoundOrNot) {
  const ModelInfo m = jets();
  const std::int64_t turn = 144 * 32;
  // From 0: the last code and one more.
  EXPECT_EQ(after(m, {32, turn - 32, 0, 0, 7}, "jet[0].phi", {Kind::plus, 0}),
            (std::vector<Words>{{32, turn, 0, 0, 7}, {32, 0, 0, 0, 7}}));
  EXPECT_EQ(after(m, {32, 0, 32, 32, 7}, "jet[0].phi", {Kind::minus, 0}),
            (std::vector<Words>{{32, -32, 32, 32, 7}, {32, turn - 32, 32, 32, 7}}));
  // About 0.
  const std::vector<Words> found = after(m, {32, turn / 2 - 32, 0, 0, 7}, "jet[0].phi", {Kind::plus, 0});
  EXPECT_EQ(found, (std::vector<Words>{{32, turn / 2, 0, 0, 7}, {32, -turn / 2, 0, 0, 7}}));
  // Without a scale L1's and the type's ends are tried too.
  const std::int64_t highest = (1 << 17) - 1, lowest = -(1 << 17);
  const std::vector<Words> unscaled = after(jets(false), {32, highest, 0, 0, 7}, "jet[0].phi", {Kind::plus, 0});
  EXPECT_EQ(unscaled.back(), (Words{32, lowest, 0, 0, 7}));
  // A momentum has no circle.
  EXPECT_EQ(after(m, {turn - 32, 32, 0, 0, 7}, "jet[0].pt", {Kind::plus, 0}),
            (std::vector<Words>{{turn, 32, 0, 0, 7}}));
}

TEST(InputChanges, WordsOfAllWidthsStayWithinTheirType) {
  ModelInfo m;
  m.hash = "c";
  for (const auto& [width, is_signed] : {std::pair{64, true}, {63, false}, {1, true}, {1, false}}) {
    m.inputs.push_back(
        {"o" + std::to_string(m.inputs.size()) + ".phi", fixtures::fixed(width, width, is_signed), false, {}, ""});
  }
  const std::vector<KeptEvent> events{event({INT64_MIN, INT64_MAX, -1, 1}), event({INT64_MAX, 0, 0, 0})};
  const InputChanges changes(m, events);
  for (const ChangedInputs& inputs : changed_inputs(m)) {
    for (const WordChange& change : word_changes()) {
      for (std::size_t e = 0; e < events.size(); ++e) {
        for (const Words& words : changes.after(e, inputs, change)) {
          for (std::size_t c = 0; c < words.size(); ++c) EXPECT_TRUE(m.inputs[c].type.holds(words[c])) << c;
        }
      }
    }
  }
}

}  // namespace
}  // namespace vigil::monitors
