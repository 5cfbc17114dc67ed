// Beam modes, references by key, prescale columns: what is not judged, with what it is compared, what is off.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "monitors/reference_builder.h"
#include "monitors/rule.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

class Conditioned : public ::testing::Test {
 protected:
  ClosedLumisection at(std::uint32_t ls, Conditions conditions, double scale = 30) {
    std::mt19937_64 random(ls);
    const Shape input = falling(scale, 0.3), score = falling(40, 0.1, 1000, 1);
    ClosedLumisection c = fixtures::closed(
        1, ls,
        fixtures::drawn(
            m_, 500, 500000, [&](bool in, std::size_t) -> const Shape& { return in ? input : score; }, random));
    conditions.model_hash = m_.hash;
    c.conditions = std::move(conditions);
    return c;
  }
  // Every verdict of the lumisections, windows and sequential.
  std::vector<Verdict> verdicts(StreamMonitor& monitor, ClosedLumisection&& c) {
    std::vector<Verdict> all;
    Judgements judged = monitor.close(std::move(c));
    for (JudgedWindow& w : judged.windows) all.insert(all.end(), w.verdicts.begin(), w.verdicts.end());
    all.insert(all.end(), judged.sequential.verdicts.begin(), judged.sequential.verdicts.end());
    return all;
  }
  ModelInfo m_ = fixtures::model();
};

Conditions stable(const char* menu = "a") { return {menu, 1, "STABLE BEAMS", "zero_bias", {}}; }
Conditions adjust() { return {"a", 1, "ADJUST", "zero_bias", {}}; }

TEST_F(Conditioned, OtherBeamModesAreCountedOnly) {
  MonitorSettings settings;
  settings.learn_ls = 5;
  StreamMonitor monitor(m_, "scouting", settings, {});
  std::uint32_t ls = 0;
  for (int i = 0; i < 12; ++i) {  // nothing is learned of it
    for (const Verdict& v : verdicts(monitor, at(++ls, adjust(), 90))) {
      EXPECT_EQ(v.quality, Quality::unknown) << v.monitor;
      EXPECT_EQ(v.reason, "beam mode ADJUST is not judged") << v.monitor << " " << v.window;
    }
  }
  EXPECT_EQ(monitor.reference_progress().learned, 0u);
  for (int i = 0; i < 30; ++i) {
    for (const Verdict& v : verdicts(monitor, at(++ls, stable()))) EXPECT_LT(v.quality, Quality::medium) << v.reason;
  }
  ASSERT_NE(monitor.reference(), nullptr);
  EXPECT_EQ(monitor.reference()->ranges, (std::vector<ReferenceRange>{{1, 13, 17}}));
  // A distribution of another mode is no drift, and its mismatches are not judged either.
  for (int i = 0; i < 12; ++i) {
    for (const Verdict& v : verdicts(monitor, at(++ls, adjust(), 90))) {
      if (v.last_ls >= ls - i) {
        EXPECT_EQ(v.quality, Quality::unknown) << v.monitor << v.reason;
      }
    }
  }
}

TEST_F(Conditioned, AnEmptyListJudgesAllModesAndNoModeIsJudged) {
  MonitorSettings settings;
  settings.learn_ls = 5;
  settings.judge_beam_modes.clear();
  StreamMonitor all(m_, "scouting", settings, {});
  for (std::uint32_t ls = 1; ls <= 5; ++ls) (void)all.close(at(ls, adjust()));
  EXPECT_NE(all.reference(), nullptr);
  StreamMonitor none_sent(m_, "scouting", {}, {});
  for (std::uint32_t ls = 1; ls <= 20; ++ls) (void)none_sent.close(at(ls, {"a", 1, {}, "zero_bias", {}}));
  EXPECT_NE(none_sent.reference(), nullptr);
}

TEST_F(Conditioned, EachMenuHasItsOwnReference) {
  MonitorSettings settings;
  ReferenceBuilder builder(m_, {.menu = true}, settings, "r");
  for (std::uint32_t ls = 1; ls <= 20; ++ls) builder.add(at(ls, stable("a")));
  for (std::uint32_t ls = 21; ls <= 40; ++ls) builder.add(at(ls, stable("b"), 60));
  for (std::uint32_t ls = 41; ls <= 50; ++ls) builder.add(at(ls, adjust(), 200));  // left out
  const References references = builder.finish();
  EXPECT_EQ(builder.used(), 40u);
  ASSERT_EQ(references.entries.size(), 2u);
  EXPECT_EQ(references.entries[1].key, (ReferenceKey{"b", {}, {}}));
  const References back = references_from_json(to_json(references), m_, "r");
  ASSERT_EQ(back.entries.size(), 2u);
  EXPECT_EQ(back.entries[1].summary, references.entries[1].summary);
  EXPECT_EQ(back.entries[0].key, references.entries[0].key);

  StreamMonitor monitor(m_, "scouting", {}, back);
  std::uint32_t ls = 100;
  const auto qualities = [&](const Conditions& conditions, double scale) {
    std::map<Quality, int> count;
    std::vector<std::string> reasons;
    for (int i = 0; i < 22; ++i) {
      for (const Verdict& v : verdicts(monitor, at(++ls, conditions, scale))) {
        if (v.subject.target != Target::input || v.window == kSequentialWindow || v.first_ls < ls - i) continue;
        ++count[v.quality];
        reasons.push_back(v.reason);
      }
    }
    return std::pair(count, reasons);
  };
  EXPECT_EQ(qualities(stable("a"), 30).first.count(Quality::bad), 0u);
  EXPECT_EQ(qualities(stable("b"), 60).first.count(Quality::bad), 0u);
  EXPECT_GT(qualities(stable("a"), 60).first[Quality::bad], 0);
  const auto [unknown, reasons] = qualities(stable("c"), 30);
  EXPECT_EQ(unknown.size(), 1u);
  ASSERT_FALSE(reasons.empty());
  EXPECT_EQ(reasons.front(), "no reference for menu c");
}

TEST_F(Conditioned, TheEntryWithMostKeysComesFirst) {
  References references;
  for (const ReferenceKey& key : {ReferenceKey{}, ReferenceKey{"a", {}, {}}, ReferenceKey{"a", 2, {}}}) {
    references.entries.emplace_back().key = key;
  }
  EXPECT_EQ(references.find({"b", 2, "X"}), 0u);
  EXPECT_EQ(references.find({"a", 1, "X"}), 1u);
  EXPECT_EQ(references.find({"a", 2, {}}), 2u);
  references.entries.erase(references.entries.begin());
  EXPECT_EQ(references.find({"b", 2, {}}), std::nullopt);
  EXPECT_EQ(references.why_none({"b", 2, {}}), "no reference for menu b");
  references.entries.erase(references.entries.begin());
  EXPECT_EQ(references.why_none({"a", 7, {}}), "no reference for prescale column 7");
  EXPECT_EQ(references.why_none({{}, 7, {}}), "no reference for menu none, prescale column 7");
}

TEST_F(Conditioned, ASeedThatIsOffIsUnknownAndItsNeighboursAreNot) {
  MonitorSettings settings;
  settings.learn_ls = 5;
  settings.prescales[0]["L1_Tight"] = 0;
  settings.prescales[0]["L1_Loose"] = 10;
  StreamMonitor monitor(m_, "scouting", settings, {});
  std::uint32_t ls = 0;
  for (int i = 0; i < 30; ++i) (void)monitor.close(at(++ls, stable()));
  Conditions off = stable();
  off.prescale_column = 0;
  int seen = 0, known = 0;
  for (int i = 0; i < 25; ++i) {
    for (const Verdict& v : verdicts(monitor, at(++ls, off))) {
      if (v.first_ls <= 30) continue;
      if (v.subject.name == "L1_Tight") {
        ++seen;
        EXPECT_EQ(v.quality, Quality::unknown);
        EXPECT_EQ(v.reason, "off in prescale column 0") << v.monitor << v.window;
      }
      known += v.subject.name == "L1_Loose" && v.quality == Quality::good;
    }
  }
  EXPECT_GT(seen, 0);
  EXPECT_GT(known, 0);
}

TEST_F(Conditioned, OfASeedThatIsOffNoDecisionIsCompared) {
  Summary s = at(1, stable()).summary;
  s.seeds[0].hardware_only = 7;
  s.seeds[1].emulator_only = 3;
  s.seeds[1].emulator = 5;
  s.outputs[1].bits_compared = 500;
  s.outputs[1].bits_outside = 3;
  const auto event = [](std::uint32_t orbit, std::vector<std::string> names, bool words) {
    KeptEvent e;
    e.orbit = orbit;
    e.disagreeing = std::move(names);
    if (words) e.hardware_outputs = {1, 2, 3};
    return e;
  };
  s.kept = {event(1, {"score", "L1_Tight"}, false), event(2, {"L1_Loose", "L1_Tight"}, false),
            event(3, {"score", "L1_Tight"}, true)};
  s.forget_decisions(m_, 1);
  EXPECT_EQ(s.seeds[1].compared, 0u);
  EXPECT_EQ(s.seeds[1].emulator_only, 0u);
  EXPECT_EQ(s.seeds[1].emulator, 5u);  // a rate before prescales
  EXPECT_EQ(s.seeds[0].hardware_only, 7u);
  EXPECT_EQ(s.outputs[1].bits_outside, 0u);
  ASSERT_EQ(s.kept.size(), 2u);
  EXPECT_EQ(s.kept[0].disagreeing, std::vector<std::string>{"L1_Loose"});
  EXPECT_EQ(s.kept[1].disagreeing, std::vector<std::string>{"score"});
}

TEST_F(Conditioned, AVersionOneReferenceIsOneEntryForAllConditions) {
  Reference r;
  r.model = m_.name;
  r.stream = "scouting";
  r.selection = "zero_bias";
  r.add(1, 1, at(1, stable()).summary);
  const std::string entry = to_json(r);
  const std::size_t at_summary = entry.find("\"summary\":");
  std::string summary = entry.substr(at_summary, entry.rfind(",\"rates\"") - at_summary);
  // A summary of version 1 has neither strata of pile-up nor crossings by it.
  for (const char* key : {"\"pileup\":null,", "\"pileup_width\":0,"}) {
    const std::size_t found = summary.find(key);
    ASSERT_NE(found, std::string::npos) << key;
    summary.erase(found, std::string(key).size());
  }
  const std::size_t from = summary.find("\"crossings\":"), to = summary.find("\"events_per_bx\"");
  summary.erase(from, to - from);
  summary.replace(summary.find("\"version\":2"), 11, "\"version\":1");
  const References old = references_from_json(
      "{\"format\":\"vigil-reference\",\"version\":1,\"model\":\"toy\",\"stream\":\"scouting\",\"selection\":"
      "\"zero_bias\",\"ranges\":[[1,1,1]]," +
          summary + "}",
      m_, "r");
  ASSERT_EQ(old.entries.size(), 1u);
  EXPECT_EQ(old.entries[0].key, ReferenceKey{});
  EXPECT_EQ(old.entries[0].summary, r.summary);
  EXPECT_EQ(old.pileup_width(), 0u);
}

TEST_F(Conditioned, AStateGoesOnWithTheReferenceOfItsConditions) {
  MonitorSettings settings;
  ReferenceBuilder builder(m_, {.menu = true}, settings, "r");
  for (std::uint32_t ls = 1; ls <= 20; ++ls) builder.add(at(ls, stable("a")));
  for (std::uint32_t ls = 21; ls <= 40; ++ls) builder.add(at(ls, stable("b"), 60));
  const References references = builder.finish();
  StreamMonitor one(m_, "scouting", {}, references);
  for (std::uint32_t ls = 1; ls <= 17; ++ls) (void)one.close(at(ls, stable("b"), 60));
  StreamMonitor other(m_, "scouting", {}, references);
  EXPECT_TRUE(other.load(one.save()).empty());
  for (std::uint32_t ls = 18; ls <= 40; ++ls) {
    const auto a = verdicts(one, at(ls, stable("b"), 60)), b = verdicts(other, at(ls, stable("b"), 60));
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].reason, b[i].reason);
      EXPECT_EQ(a[i].value, b[i].value);
    }
  }
}

}  // namespace
}  // namespace vigil::monitors
