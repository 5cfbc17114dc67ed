#include "core/summary.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/error.h"

namespace vigil {
namespace {

ModelInfo model() {
  ModelInfo m;
  m.name = "toy";
  m.hash = std::string(64, 'a');
  FixedPoint input, score;
  input.width = 18;
  input.integer = 13;
  score.width = 18;
  score.is_signed = false;
  m.inputs = {{"jet[0].pt", input, false, {}, ""}, {"jet[0].\"\xff", input, false, {}, ""}};
  m.outputs = {{"latent", input, 0, 2}, {"score", score, 2, 1}};
  m.seeds = {{"L1_A", 1, 0, 0, 1000, {}}};
  return m;
}

Summary random_summary(const ModelInfo& m, unsigned seed, int events) {
  std::mt19937_64 random(seed);
  Summary s(m);
  s.events = static_cast<std::uint64_t>(events) + 5;
  s.wrong_model_events = 5;
  s.n_bx = 1000000;
  s.n_bx_own = 900000;
  Stratum& stratum = s.all;
  for (int i = 0; i < events; ++i) {
    const std::size_t crossing = random() % 3564;
    ++s.events_per_bx[crossing];
    if (i % 7 == 3) ++s.uncompared_per_bx[crossing];
    if (i % 7 == 5) ++s.disagreeing_per_bx[crossing];
    ++stratum.events;
    const auto fill = [&](WordSummary& w, const FixedPoint& type, bool keep) {
      const std::int64_t word =
          type.lowest() +
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(type.highest() - type.lowest()));
      w.histogram.fill(word);
      w.moments += {1, word, static_cast<unsigned __int128>(Wide{word} * word)};
      if (keep) ++w.words[word];
    };
    fill(stratum.inputs[0], m.inputs[0].type, false);
    fill(stratum.inputs[1], m.inputs[1].type, false);
    fill(stratum.outputs[0], m.outputs[0].type, false);
    fill(stratum.outputs[1], m.outputs[0].type, false);
    fill(stratum.outputs[2], m.outputs[1].type, true);
    ++s.outputs[1].compared;
    if (i % 5 == 0) {
      ++s.outputs[1].mismatches;
      ++(i % 2 == 0 ? s.outputs[1].hardware_above : s.outputs[1].hardware_below);
      s.outputs[1].distance.fill(i % 2 == 0 ? 77 : -1234567);
      ++s.outputs[1].mismatches_per_bx[static_cast<std::size_t>(i)];
      KeptEvent e;
      e.run = 3;
      e.ls = 4;
      e.orbit = static_cast<std::uint32_t>(random() % 1000);
      e.bx = 17;
      e.inputs = {1, -2};
      e.emulator_outputs = {3, 4, 5};
      if (i % 2 == 0) e.hardware_outputs = {3, 4, 6};
      e.has_bits = i % 2 != 0;
      e.hardware_bits = e.has_bits ? UINT64_MAX : 0;
      e.disagreeing = {"score"};
      merge_kept(s.kept, {e});
    }
    ++s.seeds[0].compared;
    ++s.seeds[0].emulator;
    ++s.seeds[0].emulator_only;
    ++s.seeds[0].passes_per_bx[9];
  }
  return s;
}

TEST(Summary, MergingIsAssociativeAndCommutative) {
  const ModelInfo m = model();
  const Summary a = random_summary(m, 1, 100), b = random_summary(m, 2, 37), c = random_summary(m, 3, 64);
  Summary left = a, right = c, empty;
  left += b;
  left += c;
  right += b;
  right += a;
  EXPECT_EQ(left, right);
  empty += a;
  EXPECT_EQ(empty, a);
  empty += Summary();
  EXPECT_EQ(empty, a);
  EXPECT_EQ(left.all.events, 201u);
  EXPECT_LE(left.kept.size(), kKeptEvents);
  EXPECT_TRUE(std::is_sorted(left.kept.begin(), left.kept.end(), kept_before));
}

TEST(Summary, AnotherModelIsRefusedNamingBoth) {
  ModelInfo other = model();
  other.hash = std::string(64, 'b');
  Summary a(model());
  try {
    a += Summary(other);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(other.hash), std::string::npos);
    EXPECT_NE(std::string(error.what()).find(a.model_hash), std::string::npos);
  }
}

TEST(Summary, SerialisedFormReadsBackEqual) {
  const ModelInfo m = model();
  for (const int events : {0, 1, 500}) {
    const Summary s = random_summary(m, 11, events);
    EXPECT_EQ(summary_from_json(to_json(s), m, "test"), s);
  }
}

TEST(Summary, AnotherHashVersionOrBinningIsNamed) {
  const ModelInfo m = model();
  const std::string text = to_json(random_summary(m, 4, 20));
  const auto fails = [&](std::string from, const std::string& to, const std::string& named) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    try {
      (void)summary_from_json(changed, m, "file.json");
      ADD_FAILURE() << from;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find("file.json"), 0u);
    }
  };
  fails(m.hash, std::string(64, 'c'), m.hash);
  fails(m.hash, std::string(64, 'c'), std::string(64, 'c'));
  fails("\"version\":2", "\"version\":3", "version");
  fails("log-linear", "linear", "binning");
  fails("\"compared\":20", "\"compared\":-1", "compared");
  fails("\"compared\":20", "\"compared\":3", "mismatches");
  fails("\"n\":20", "\"n\":19", ".n");
}

TEST(Summary, EventsThatDisagreeAreSomeOfTheCompared) {
  const ModelInfo m = model();
  Summary s(m);
  s.events = s.n_bx = s.n_bx_own = 9;
  s.events_per_bx[4] = 9;
  s.uncompared_per_bx[4] = 6;
  s.disagreeing_per_bx[4] = 3;
  EXPECT_EQ(summary_from_json(to_json(s), m, "test"), s);
  s.disagreeing_per_bx[4] = 4;
  EXPECT_THROW((void)summary_from_json(to_json(s), m, "test"), Error);
  s.disagreeing_per_bx[4] = 0;
  s.uncompared_per_bx[4] = 10;
  EXPECT_THROW((void)summary_from_json(to_json(s), m, "test"), Error);
}

// An earlier vigil counted the mismatches of each output alone: as many events at least disagree.
TEST(Summary, WithoutTheCountOfEventsThatDisagreeItIsTheMostOfAnOutput) {
  const ModelInfo m = model();
  Summary s = random_summary(m, 8, 60);
  std::string text = to_json(s);
  for (const char* key : {"uncompared_per_bx", "disagreeing_per_bx"}) {
    const std::size_t from = text.find(",\"" + std::string(key) + "\":[");
    ASSERT_NE(from, std::string::npos);
    text.erase(from, text.find(']', from) + 1 - from);
  }
  s.uncompared_per_bx.assign(3564, 0);
  s.disagreeing_per_bx = s.outputs[1].mismatches_per_bx;
  EXPECT_EQ(summary_from_json(text, m, "test"), s);
}

// Any change of the text is an Error or a readable summary, never a crash, and never a read outside.
TEST(Summary, HostileTextIsAnError) {
  const ModelInfo m = model();
  const std::string text = to_json(random_summary(m, 5, 40));
  std::mt19937 random(99);
  int refused = 0;
  const auto attempt = [&](const std::string& hostile) {
    try {
      (void)summary_from_json(hostile, m, "hostile");
    } catch (const Error&) {
      ++refused;
    }
  };
  for (int i = 0; i < 3000; ++i) {
    std::string hostile = text;
    for (unsigned k = 0; k < 1 + random() % 3; ++k) {
      switch (random() % 4) {
        case 0:
          hostile[random() % hostile.size()] = static_cast<char>(random());
          break;
        case 1:
          hostile.resize(random() % hostile.size() + 1);
          break;
        case 2:
          hostile.insert(random() % hostile.size(), std::to_string(random()));
          break;
        default:
          hostile.erase(random() % hostile.size(), random() % 20);
          break;
      }
    }
    attempt(hostile);
  }
  EXPECT_GT(refused, 2000);
  refused = 0;
  for (const std::string& hostile :
       {std::string(), std::string("null"), std::string("[]"), std::string("{}"), std::string(100000, '['),
        std::string(50000, '[') + std::string(50000, ']'), text + "x"}) {
    attempt(hostile);
  }
  EXPECT_EQ(refused, 7);
}

}  // namespace
}  // namespace vigil
