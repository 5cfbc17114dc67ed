#include "monitors/mismatch_attribution.h"

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <random>

#include "monitors/input_changes.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using Words = std::vector<std::int64_t>;

// Three objects of pt, eta, phi and two plain inputs; two outputs that hash all words, so that no other change gives
// the same ones, and a seed on the second.
class Hashing : public Model {
 public:
  Hashing() {
    info_.name = "hashing";
    info_.hash = std::string(64, 'd');
    for (int i = 0; i < 3; ++i) {
      for (const char* column : {".pt", ".eta", ".phi"}) {
        info_.inputs.push_back({"jet[" + std::to_string(i) + "]" + column, fixtures::fixed(18, 13), true, {}, ""});
      }
    }
    for (const char* name : {"x[0]", "x[1]"}) info_.inputs.push_back({name, fixtures::fixed(12, 12), false, {}, ""});
    info_.outputs = {{"a", fixtures::fixed(32, 32), 0, 1}, {"b", fixtures::fixed(32, 32), 1, 1}};
    info_.seeds = {{"L1_B", 1, 0, 3, 0, {}}};
  }
  const ModelInfo& info() const override { return info_; }
  Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override {
    ++calls;
    rows_seen += rows;
    for (std::size_t r = 0; r < rows; ++r) {
      std::uint64_t hash = 1;
      for (std::size_t c = 0; c < info_.inputs.size(); ++c) {
        const std::int64_t word = in.at(r, c);
        if (!info_.inputs[c].type.holds(word)) return Status::word_out_of_range;
        if (refuses && refuses(c, word)) return Status::word_out_of_range;
        hash = (hash ^ static_cast<std::uint64_t>(word)) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
      }
      out.set(r, 0, static_cast<std::int32_t>(hash >> 32));
      out.set(r, 1, static_cast<std::int32_t>(hash));
    }
    return fails ? Status::failed : Status::ok;
  }
  Words outputs(const Words& in) const {
    Words out(2);
    (void)predict(words_of(in.data(), in.size()), mutable_words_of(out.data(), 2), 1);
    return out;
  }

  std::function<bool(std::size_t, std::int64_t)> refuses;
  bool fails = false;
  mutable std::size_t calls = 0, rows_seen = 0;

 private:
  ModelInfo info_;
};

class MismatchAttribution : public ::testing::Test {
 protected:
  // Codes * 32, no object absent unless told.
  Words words() {
    Words in;
    for (std::size_t c = 0; c < 9; ++c) in.push_back(32 * static_cast<std::int64_t>(1 + random_() % 140));
    for (std::size_t c = 9; c < 11; ++c) in.push_back(1 + static_cast<std::int64_t>(random_() % 100));
    return in;
  }
  KeptEvent kept(const Words& seen, const Words& computed_from, bool only_bits = false) {
    KeptEvent e;
    e.inputs = seen;
    e.emulator_outputs = model_.outputs(seen);
    const Words hardware = model_.outputs(computed_from);
    if (only_bits) {
      e.has_bits = true;
      e.hardware_bits = hardware[1] >= 0 ? 8 : 0;
      if ((hardware[1] >= 0) != (e.emulator_outputs[1] >= 0)) e.disagreeing = {"b", "L1_B"};
    } else {
      e.hardware_outputs = hardware;
      e.disagreeing = {"a", "b"};
    }
    return e;
  }
  std::vector<InputExplanation> explain(const std::vector<KeptEvent>& events) {
    model_.calls = model_.rows_seen = 0;
    return explain_mismatch(model_, events);
  }
  Hashing model_;
  std::mt19937_64 random_{3};
};

// Whatever one of the changes did to the hardware's words, it is named first; nothing else can explain all events.
TEST_F(MismatchAttribution, NamesAnyPlantedChange) {
  const auto inputs = changed_inputs(model_.info());
  ASSERT_EQ(inputs.size(), 14u);
  for (const ChangedInputs& planted : inputs) {
    for (std::size_t change = 0; change < word_changes().size(); ++change) {
      std::vector<KeptEvent> raw;
      for (int i = 0; i < 8; ++i) raw.push_back(kept(words(), words()));
      const InputChanges changes(model_.info(), raw);
      std::vector<KeptEvent> events;
      for (std::size_t e = 0; e < raw.size(); ++e) {
        const auto after = changes.after(e, planted, word_changes()[change]);
        if (!after.empty()) events.push_back(kept(raw[e].inputs, after[random_() % after.size()]));
      }
      if (events.size() < 8) continue;  // a word whose low bits were zero: nothing to see
      const auto found = explain(events);
      ASSERT_FALSE(found.empty()) << planted.name << " " << to_string(word_changes()[change]);
      EXPECT_EQ(found[0].explains, 8u);
      EXPECT_EQ(found[0].of, 8u);
      EXPECT_EQ(found[0].input, planted.name) << to_string(word_changes()[change]);
      // Equal words by two names (low 8 bits of a word below 256 is zero): the first in order.
      const std::size_t named =
          static_cast<std::size_t>(std::find_if(word_changes().begin(), word_changes().end(),
                                                [&](const WordChange& c) { return to_string(c) == found[0].change; }) -
                                   word_changes().begin());
      EXPECT_LE(named, change) << planted.name;
      if (named < change) {
        for (std::size_t e = 0; e < 8; ++e) {
          EXPECT_EQ(changes.after(e, planted, word_changes()[named]).back(),
                    changes.after(e, planted, word_changes()[change]).back());
        }
      }
    }
  }
}

TEST_F(MismatchAttribution, HalfOfTheEventsAreEnoughAndFewerAreNot) {
  for (std::size_t planted = 0; planted <= 8; ++planted) {
    std::vector<KeptEvent> events;
    for (std::size_t i = 0; i < 8; ++i) {
      const Words seen = words();
      Words from = seen;
      if (i < planted) {
        from[10] = 0;
      } else {
        from = words();  // something else altogether
      }
      events.push_back(kept(seen, from));
    }
    const auto found = explain(events);
    if (planted < 4) {
      EXPECT_TRUE(found.empty()) << planted;
    } else {
      ASSERT_FALSE(found.empty()) << planted;
      EXPECT_EQ(found[0], (InputExplanation{"x[1]", "zero", static_cast<std::uint32_t>(planted), 8}));
      for (const InputExplanation& e : found) {  // its words are small: nothing is left of many low bits either
        EXPECT_EQ(e.input, "x[1]");
        EXPECT_THAT(e.change, ::testing::AnyOf("zero", ::testing::StartsWith("low ")));
      }
    }
  }
}

TEST_F(MismatchAttribution, AbsentObjectsStay) {
  std::vector<KeptEvent> events;
  for (int i = 0; i < 8; ++i) {
    Words seen = words();
    for (std::size_t c = 3; c < 9; ++c) seen[c] = 0;
    Words from = seen;
    from[2] += 32;
    events.push_back(kept(seen, from));
  }
  const auto found = explain(events);
  ASSERT_EQ(found.size(), 2u);  // of equal ones the single input comes first
  EXPECT_EQ(found[0], (InputExplanation{"jet[0].phi", "plus 1", 8, 8}));
  EXPECT_EQ(found[1], (InputExplanation{"*.phi", "plus 1", 8, 8}));
}

TEST_F(MismatchAttribution, WhatExplainsMoreComesFirstThenTheSmallerChange) {
  std::vector<KeptEvent> events;
  for (int i = 0; i < 8; ++i) {
    Words seen = words();
    seen[0] = 32 * (8 + 3);  // two low bits are set: one or two of them are gone
    seen[3] = 32;
    Words from = seen;
    from[0] = 32 * 8;
    events.push_back(kept(seen, from));
  }
  const auto found = explain(events);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].change, "low 2 bits zero");
  EXPECT_EQ(found[1].change, "low 3 bits zero");  // moves no further: named after
}

TEST_F(MismatchAttribution, DecisionsAloneMustAllAgree) {
  std::vector<KeptEvent> events;
  while (events.size() < 8) {
    const Words seen = words();
    Words from = seen;
    from[9] = 0;
    const KeptEvent e = kept(seen, from, true);
    if (!e.disagreeing.empty()) events.push_back(e);
  }
  const auto found = explain(events);
  ASSERT_FALSE(found.empty());  // one bit an event: other changes turn it as well
  EXPECT_THAT(found, ::testing::Contains(InputExplanation{"x[0]", "zero", 8, 8}));
  EXPECT_LE(found.size(), kMostExplanations);
  EXPECT_TRUE(
      std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.explains > b.explains; }));
  // A decision that nobody compared need not agree: nothing is wrong in these events.
  for (KeptEvent& e : events) e.disagreeing.clear();
  EXPECT_TRUE(explain(events).empty());
  EXPECT_EQ(model_.rows_seen, 0u);
}

TEST_F(MismatchAttribution, AnEventWhoseOutputsAgreeIsNotExplained) {
  std::vector<KeptEvent> events;
  for (int i = 0; i < 8; ++i) {
    const Words seen = words();
    events.push_back(kept(seen, seen));  // a seed's threshold differs: no input's doing
    events.back().has_bits = true;
    events.back().disagreeing = {"L1_B"};
  }
  EXPECT_TRUE(explain(events).empty());
}

TEST_F(MismatchAttribution, AModelThatCannotComputeExplainsNothing) {
  std::vector<KeptEvent> events;
  for (int i = 0; i < 8; ++i) {
    const Words seen = words();
    Words from = seen;
    from[9] = 0;
    events.push_back(kept(seen, from));
  }
  model_.fails = true;
  EXPECT_TRUE(explain(events).empty());
  model_.fails = false;
  // A word beyond a table takes that row alone out.
  model_.refuses = [](std::size_t column, std::int64_t word) { return column == 9 && word > 1000; };
  const auto found = explain(events);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0], (InputExplanation{"x[0]", "zero", 8, 8}));
}

TEST_F(MismatchAttribution, EventsOfAnotherShapeAreLeftAlone) {
  EXPECT_TRUE(explain({}).empty());
  KeptEvent e = kept(words(), words());
  e.inputs.pop_back();
  EXPECT_TRUE(explain({e}).empty());
  KeptEvent silent = kept(words(), words());
  silent.hardware_outputs.clear();
  EXPECT_TRUE(explain({silent}).empty());
  EXPECT_EQ(model_.calls, 0u);
}

TEST_F(MismatchAttribution, CostIsBounded) {
  std::vector<KeptEvent> events;
  for (int i = 0; i < 8; ++i) events.push_back(kept(words(), words()));
  (void)explain(events);
  EXPECT_LE(model_.calls, 2u);
  EXPECT_GT(model_.rows_seen, 800u);

  class Wide : public Model {
   public:
    Wide() {
      for (int i = 0; i < 2000; ++i) {
        info_.inputs.push_back({"jet[" + std::to_string(i) + "].pt", fixtures::fixed(18, 13), true, {}, ""});
      }
      info_.outputs = {{"a", fixtures::fixed(32, 32), 0, 1}};
    }
    const ModelInfo& info() const override { return info_; }
    Status predict(const WordsView& in, const MutableWordsView& out, std::size_t rows) const override {
      tried += rows;
      for (std::size_t r = 0; r < rows; ++r) {
        std::int64_t sum = 0;
        for (std::size_t c = 0; c < info_.inputs.size(); ++c) sum += in.at(r, c);
        out.set(r, 0, sum);
      }
      return Status::ok;
    }
    mutable std::size_t tried = 0;

   private:
    ModelInfo info_;
  };
  const Wide wide;
  events.assign(8, {});
  for (KeptEvent& e : events) {
    e.inputs.assign(2000, 7 * 32);
    e.emulator_outputs = {2000 * 7 * 32};
    e.hardware_outputs = {2000 * 6 * 32};
  }
  const auto found = explain_mismatch(wide, events);
  EXPECT_LE(wide.tried, kMostTriedRows + 1000);
  ASSERT_FALSE(found.empty());  // columns of all objects come first
  EXPECT_EQ(found[0], (InputExplanation{"*.pt", "low 1 bits zero", 8, 8}));
}

}  // namespace
}  // namespace vigil::monitors
