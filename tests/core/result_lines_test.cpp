#include "core/result_lines.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "core/cloud_event.h"
#include "core/json_text.h"

namespace vigil {
namespace {

using Json = nlohmann::json;

std::vector<std::string> keys_of(const std::string& line) {
  std::vector<std::string> keys;
  const auto json = nlohmann::ordered_json::parse(line);
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

ModelInfo two_outputs() {
  ModelInfo info;
  info.name = "axol1tl";
  info.hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
  const FixedPoint word{18, 13, true};
  info.outputs = {{"score", word, 0, 1}, {"latent", word, 1, 2}};
  info.seeds = {{"L1_AXO_Nominal", 0, 0, 0, 40, 100.0}};
  return info;
}

Action threshold_action() {
  Action a;
  a.id = "6f1c";
  a.kind = ActionKind::threshold_adjust;
  a.cause = Cause::rate;
  a.model = "axol1tl";
  a.model_hash = two_outputs().hash;
  a.stream = "scouting";
  a.subject = "L1_AXO_Nominal";
  a.run = 7;
  a.first_ls = 11;
  a.last_ls = 20;
  a.reason = "rate";
  ThresholdProposal proposal{"L1_AXO_Nominal", 40, 44, 100, 150.5, {95, 99.25, 103}};
  proposal.not_above = 44;
  proposal.tie = ThresholdTie{43, 0.25, 1.5};
  a.proposal = proposal;
  return a;
}

TEST(Round9, KeepsNineSignificantDigits) {
  EXPECT_EQ(round9(1.0 / 3.0), 0.333333333);
  EXPECT_EQ(round9(123456789.4), 123456789.0);
  EXPECT_EQ(round9(1234567894.0), 1234567890.0);
  EXPECT_EQ(round9(-2.0 / 3.0e-20), -6.66666667e19);
  EXPECT_EQ(round9(0.1), 0.1);
  EXPECT_FALSE(std::signbit(round9(-0.0)));
  EXPECT_EQ(round9(5e-324), 5e-324);
  EXPECT_EQ(round9(std::numeric_limits<double>::max()), 1.79769313e308);
  EXPECT_TRUE(std::isnan(round9(std::nan(""))));
}

TEST(Round9, PrintsInShortestForm) {
  std::mt19937_64 random(1);
  Window w;
  for (int i = 0; i < 20000; ++i) {
    // Every exponent, and the range that occurs.
    double value = 0;
    const std::uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof value);
    if (i % 2 == 0) value = std::ldexp(static_cast<double>(bits >> 11), -static_cast<int>(random() % 60));
    if (!std::isfinite(value)) continue;
    w.coverage = value;
    const std::string line = window_line(w);
    const auto from = line.find("\"coverage\":") + 11;
    const std::string text = line.substr(from, line.find(',', from) - from);
    EXPECT_EQ(std::strtod(text.c_str(), nullptr), round9(value));
    int digits = 0;
    bool leading = true;
    std::string mantissa = text.substr(0, text.find('e'));
    while (mantissa.find('.') != std::string::npos && (mantissa.back() == '0' || mantissa.back() == '.')) {
      const bool point = mantissa.back() == '.';
      mantissa.pop_back();
      if (point) break;
    }
    if (mantissa.find('.') == std::string::npos) mantissa.erase(mantissa.find_last_not_of('0') + 1);
    for (const char c : mantissa) {
      if (c >= '1' && c <= '9') leading = false;
      if (!leading && c >= '0' && c <= '9') ++digits;
    }
    EXPECT_LE(digits, 9) << text;
  }
}

TEST(Round9, PrintsAsPythonPrintsFloats) {
  const std::vector<std::pair<double, std::string>> cases{{0, "0.0"},
                                                          {1, "1.0"},
                                                          {-0.0, "0.0"},
                                                          {1e5, "100000.0"},
                                                          {1e15, "1000000000000000.0"},
                                                          {1e16, "1e+16"},
                                                          {0.0001, "0.0001"},
                                                          {0.00001, "1e-05"},
                                                          {2686.70326, "2686.70326"},
                                                          {-1.5e-7, "-1.5e-07"},
                                                          {40078962, "40078962.0"}};
  Window w;
  for (const auto& [value, text] : cases) {
    w.coverage = value;
    EXPECT_NE(window_line(w).find("\"coverage\":" + text + ","), std::string::npos) << text << " in " << window_line(w);
  }
}

TEST(LumisectionLine, HasExactlyTheKeysOfTheContractInOrder) {
  const ModelInfo info = two_outputs();
  Lumisection l;
  l.model = info.name;
  l.model_hash = info.hash;
  l.stream = "scouting";
  l.run = 1;
  l.ls = 7;
  l.expected_orbits = 262144;
  l.covered_orbits = 262143;
  l.sources["link0"] = {64, 262143, 1, 2, 3, 4, 5, 6, {}};
  Summary s;
  s.events = 1200;
  s.n_bx = 9346000;
  s.wrong_model_events = 3;
  s.outputs.resize(2);
  s.outputs[0].compared = 1200;
  s.outputs[0].mismatches = 5;
  s.outputs[0].hardware_above = 2;
  s.outputs[0].hardware_below = 3;
  s.seeds.resize(1);
  s.seeds[0].compared = 1200;
  s.seeds[0].hardware = 31;
  s.seeds[0].emulator = 30;
  s.seeds[0].hardware_only = 2;
  s.seeds[0].emulator_only = 1;
  EXPECT_EQ(
      lumisection_line(l, s, info),
      R"({"type":"lumisection","model":"axol1tl","stream":"scouting","model_hash":")" + info.hash +
          R"(","run":1,"ls":7,"events":1200,"n_bx":9346000,"expected_orbits":262144,"covered_orbits":262143,)"
          R"("outputs":{"score":{"compared":1200,"mismatches":5,"hardware_above":2,"hardware_below":3},)"
          R"("latent":{"compared":0,"mismatches":0,"hardware_above":0,"hardware_below":0}},)"
          R"("seeds":{"L1_AXO_Nominal":{"compared":1200,"hardware":31,"emulator":30,"hardware_only":2,"emulator_only":1}},)"
          R"("sources":{"link0":{"batches":64,"covered_orbits":262143,"missing":1,"duplicate":2,"late":3,"rejected":4,)"
          R"("dropped":5,"restarts":6}},"wrong_model_events":3})");

  l.sources["link0"].rejected_by = {{"version", 4}};
  s.outputs[0].bits_compared = 9;
  s.outputs[0].bits_outside = 2;
  const Json wider = Json::parse(lumisection_line(l, s, info));
  EXPECT_EQ(wider["outputs"]["score"]["bits_compared"], 9);
  EXPECT_EQ(wider["outputs"]["score"]["bits_outside"], 2);
  EXPECT_EQ(wider["outputs"]["score"]["bits_contradictory"], 0);
  EXPECT_EQ(wider["sources"]["link0"]["rejected_by"]["version"], 4);

  const Json skipped = Json::parse(lumisection_line(l, Summary{}, info));
  EXPECT_EQ(skipped["events"], 0);
  EXPECT_EQ(skipped["outputs"].size(), 2u);
  EXPECT_EQ(skipped["seeds"]["L1_AXO_Nominal"]["compared"], 0);
}

TEST(WindowLine, IsTheContracts) {
  Window w;
  w.model = "m";
  w.stream = "express";
  w.name = "10ls";
  w.run = 3;
  w.first_ls = 1;
  w.last_ls = 10;
  w.events = 5;
  w.n_bx = 6;
  w.coverage = 1;
  w.closed_by = ClosedBy::context;
  w.quality = Quality::medium;
  w.reason = "score: ks";
  EXPECT_EQ(
      window_line(w),
      R"({"type":"window","model":"m","stream":"express","name":"10ls","run":3,"first_ls":1,"last_ls":10,"events":5,"n_bx":6,)"
      R"("coverage":1.0,"closed_by":"context","quality":"medium","reason":"score: ks"})");
}

TEST(VerdictLine, IsTheContractsAndNeverPrintsNanOrInfinity) {
  Verdict v;
  v.model = "m";
  v.stream = "s";
  v.window = "10ls";
  v.run = 3;
  v.first_ls = 1;
  v.last_ls = 10;
  v.monitor = "latent[3]";
  v.statistic = "ks";
  v.quality = Quality::bad;
  v.value = 2.0 / 3.0;
  v.p_value = 1e-5;
  v.reason = "why";
  const std::string head =
      R"({"type":"verdict","model":"m","stream":"s","window":"10ls","run":3,"first_ls":1,"last_ls":10,"monitor":"latent[3]","statistic":"ks",)";
  EXPECT_EQ(verdict_line(v),
            head + R"("quality":"bad","value":0.666666667,"p_value":1e-05,"limit":null,"reason":"why","attribution":[]})");
  v.quality = Quality::unknown;
  v.value = std::nan("");
  v.p_value = std::numeric_limits<double>::infinity();
  v.limit = -std::numeric_limits<double>::infinity();
  EXPECT_EQ(verdict_line(v), head + R"("quality":"unknown","value":null,"p_value":null,"limit":null,"reason":"why"})");
}

TEST(ResultLines, BytesThatAreNotUtf8AreReplaced) {
  Verdict v;
  v.stream = "a\xff\xfe";
  v.reason = std::string("\xc3", 1);
  const Json json = Json::parse(verdict_line(v));
  EXPECT_EQ(json["stream"], "a\xef\xbf\xbd\xef\xbf\xbd");
  Action a = threshold_action();
  a.model = "\x80";
  EXPECT_TRUE(Json::parse(cloud_event(a)).is_object());
}

TEST(ActionLine, ThresholdAdjust) {
  const Action a = threshold_action();
  const std::string line = action_line(a);
  EXPECT_EQ(
      line.find(
          R"({"type":"action","id":"6f1c","kind":"threshold-adjust","model":"axol1tl","stream":"scouting","cause":"rate",)"
          R"("run":7,"first_ls":11,"last_ls":20,"reason":"rate","proposal":{"seed":"L1_AXO_Nominal","current_threshold":40,)"
          R"("proposed_threshold":44,"target_rate_hz":100.0,"current_rate_hz":150.5,"expected_rate_hz":[95.0,99.25,103.0],)"
          R"("current_real":40.0,"proposed_real":44.0,"ladder":[],"switch_to":null,"threshold_not_above":44,)"
          R"("thresholds_compatible":[],"tie":{"threshold":43,"fraction":0.25,"prescale":1.5}},)"),
      0u)
      << line;
  const Json json = Json::parse(line);
  EXPECT_EQ(json["subject"], "L1_AXO_Nominal");
  EXPECT_EQ(json["model_hash"], a.model_hash);
  EXPECT_EQ(json["evidence"], Json::array());
}

TEST(ActionLine, EveryProposal) {
  Action a = threshold_action();
  a.kind = ActionKind::retrain;
  a.proposal = Retrain{1, 11, 1, 20, {"score", "input/x[0]"}};
  EXPECT_EQ(Json::parse(action_line(a))["proposal"],
            Json::parse(R"({"first":{"run":1,"ls":11},"last":{"run":1,"ls":20},"monitors":["score","input/x[0]"],"attribution":[]})"));
  KeptEvent e;
  e.run = 1;
  e.ls = 7;
  e.orbit = 1600000;
  e.bx = 12;
  a.proposal = Revalidate{{"score", "L1_AXO_Nominal"}, e};
  EXPECT_EQ(
      Json::parse(action_line(a))["proposal"],
      Json::parse(
          R"({"outputs":["score","L1_AXO_Nominal"],"first_event":{"run":1,"ls":7,"orbit":1600000,"bx":12},"attribution":[],"bx":null})"));
  a.proposal = Revalidate{{"score"},
                          std::nullopt,
                          {{"*.phi", "plus 1", 8, 8}, {"jet[0].pt", "low 2 bits zero", 4, 8}},
                          MismatchCrossings{12, 40, {7, 3564}},
                          {e}};
  EXPECT_EQ(action_line(a).find("inputs"), std::string::npos);  // kept events are not printed
  EXPECT_EQ(Json::parse(action_line(a))["proposal"], Json::parse(R"({"outputs":["score"],"first_event":null,
      "attribution":[{"input":"*.phi","change":"plus 1","explains":8,"of":8},
                     {"input":"jet[0].pt","change":"low 2 bits zero","explains":4,"of":8}],
      "bx":{"affected":12,"compared":40,"clean":[7,3564]}})"));
  a.proposal = Notify{"input/x[0]", {"input/x[0]", "score"}};
  Verdict v;
  v.monitor = "input/x[0]";
  v.statistic = "chi2";
  v.value = 9;
  v.limit = 3;
  v.reason = "dead";
  a.evidence = {v};
  const Json json = Json::parse(action_line(a));
  EXPECT_EQ(json["proposal"], Json::parse(R"({"monitor":"input/x[0]","monitors":["input/x[0]","score"]})"));
  EXPECT_EQ(json["evidence"],
            Json::parse(R"([{"monitor":"input/x[0]","statistic":"chi2","value":9.0,"limit":3.0,"reason":"dead"}])"));
}

TEST(CloudEvent, IsTheWireContracts) {
  Action a = threshold_action();
  a.run_start_ns = 1'700'000'000'123'456'789ull;
  const std::string text = cloud_event(a);
  EXPECT_EQ(keys_of(text), (std::vector<std::string>{"specversion", "id", "source", "type", "subject", "time",
                                                     "datacontenttype", "dataschema", "correlationid", "data"}));
  const Json json = Json::parse(text);
  EXPECT_EQ(json["specversion"], "1.0");
  EXPECT_EQ(json["id"], "6f1c");
  EXPECT_EQ(json["source"], "/vigil/scouting/axol1tl");
  EXPECT_EQ(json["type"], "ch.cern.vigil.action.threshold-adjust.proposed.v1");
  EXPECT_EQ(json["subject"], "axol1tl@0123456789ab");
  EXPECT_EQ(json["datacontenttype"], "application/json");
  EXPECT_EQ(json["data"], Json::parse(action_line(a)));
  // 20 * 2^18 / 11245.5 s = 466.22026588 s; 1700000000.123456789 s is 2023-11-14T22:13:20.123456789Z.
  EXPECT_EQ(json["time"], "2023-11-14T22:21:06.343722Z");
  a.run_start_ns.reset();
  EXPECT_FALSE(Json::parse(cloud_event(a)).contains("time"));
}

TEST(CloudEvent, TimeIsExactAtTheEndOfTheRange) {
  Action a = threshold_action();
  a.run_start_ns = 0;
  a.last_ls = 16384;
  // 16384 * 2^18 * 2e9 / 22491 ns = 381927641812280.4 ns
  EXPECT_EQ(Json::parse(cloud_event(a))["time"], "1970-01-05T10:05:27.641812Z");
  a.run_start_ns = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(Json::parse(cloud_event(a))["time"].get<std::string>().substr(0, 5), "2554-");
}

TEST(CloudEvent, StaysWithin64KiBAndSaysWhatIsLeftOut) {
  Action a = threshold_action();
  Verdict v;
  v.monitor = "input/x";
  v.reason = std::string(500, 'r');
  a.evidence.assign(4000, v);
  std::string text = cloud_event(a);
  EXPECT_LE(text.size(), 65536u);
  EXPECT_GT(text.size(), 60000u);
  Json data = Json::parse(text)["data"];
  EXPECT_EQ(data["evidence"].size() + data["evidence_left_out"].get<std::size_t>(), 4000u);
  EXPECT_EQ(data, Json::parse(action_line(a)));

  a.kind = ActionKind::retrain;
  a.reason = std::string(100000, '"');
  a.proposal = Retrain{1, 1, 1, 2, std::vector<std::string>(4096, "input/" + std::string(40, '\x01'))};
  text = cloud_event(a);
  EXPECT_LE(text.size(), 65536u);
  data = Json::parse(text)["data"];
  EXPECT_TRUE(data["shortened"].get<bool>());
  EXPECT_GT(data["proposal"]["monitors"].size(), 10u);
}

TEST(DigestLine, IsTheContracts) {
  Totals t{1, 2, 3, 4, 5, {6, 7, 8, 9}};
  EXPECT_EQ(digest_line("ab", t),
            R"({"type":"digest","sha256":"ab","events":1,"lumisections":2,"windows":3,"verdicts":4,"actions":5,)"
            R"("unplaced":{"duplicate":6,"late":7,"rejected":8,"dropped":9}})");
}

TEST(LifetimeLine, WhatIsNotSaidIsNull) {
  LifetimeOfRule l{"m", "s", 7, "input/x", "chi2", 6, 0.05, 0.2, {0.001, 0.002, 0.004}, {12.5, {}, {}}};
  EXPECT_EQ(lifetime_line(l),
            R"({"type":"lifetime","model":"m","stream":"s","run":7,"monitor":"input/x","statistic":"chi2","runs":6,)"
            R"("effect":0.05,"limit":0.2,"slope":[0.001,0.002,0.004],"remaining_ls":[12.5,null,null]})");
}

TEST(KeptEventJson, NamesOutputsAndToleratesMissingHardware) {
  KeptEvent e;
  e.run = 1;
  e.ls = 2;
  e.orbit = 300000;
  e.bx = 4;
  e.inputs = {1, -2};
  e.emulator_outputs = {10, 11, 12};
  e.disagreeing = {"score"};
  Json json = Json::parse(kept_event_json(e, two_outputs()));
  EXPECT_EQ(json["outputs"]["latent"], Json::parse(R"({"hardware":null,"emulator":[11,12]})"));
  EXPECT_TRUE(json["hardware_bits"].is_null());
  e.hardware_outputs = {20, 21, 22};
  e.has_bits = true;
  e.hardware_bits = ~0ull;
  json = Json::parse(kept_event_json(e, two_outputs()));
  EXPECT_EQ(json["outputs"]["score"], Json::parse(R"({"hardware":[20],"emulator":[10]})"));
  EXPECT_EQ(json["hardware_bits"].get<std::uint64_t>(), ~0ull);
  EXPECT_EQ(json["inputs"], Json::parse("[1,-2]"));
  EXPECT_EQ(json["disagreeing"], Json::parse(R"(["score"])"));
}

TEST(ActionId, IsUuid5OfTheContractsName) {
  // Python: uuid.uuid5(uuid.NAMESPACE_URL, "vigil:action:1:abc:scouting:threshold-adjust:rate:L1_X:7:20")
  EXPECT_EQ(action_id("abc", "scouting", ActionKind::threshold_adjust, Cause::rate, "L1_X", 7, 20),
            "a36f8079-809c-58d4-9012-b7f1f96a1d70");
  EXPECT_NE(action_id("abc", "scouting", ActionKind::threshold_adjust, Cause::rate, "L1_X", 7, 20),
            action_id("abc", "scouting", ActionKind::threshold_adjust, Cause::rate, "L1_X", 7, 21));
}

TEST(Names, OfKindsAndCausesAreTheContracts) {
  const std::vector<std::string> kinds{"retrain", "threshold-adjust", "revalidate",
                                       "notify",  "collect-data",     "rollback"};
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(to_string(static_cast<ActionKind>(i)), kinds[i]);
  const std::vector<std::string> causes{"mismatch", "input", "rate", "conditions", "configuration"};
  for (std::size_t i = 0; i < causes.size(); ++i) EXPECT_EQ(to_string(static_cast<Cause>(i)), causes[i]);
  const std::vector<std::string> closed{"full", "context", "run", "end"};
  for (std::size_t i = 0; i < closed.size(); ++i) EXPECT_EQ(to_string(static_cast<ClosedBy>(i)), closed[i]);
}

}  // namespace
}  // namespace vigil
