#include "ingest/sequencer.h"

#include <gtest/gtest.h>

#include "core/lhc.h"
#include "tests/ingest/stream_for_test.h"

namespace vigil::ingest {
namespace {

using test::Stream;

TEST(Sequencer, ClosesWhenEverySourceIsLater) {
  Stream s;
  s.send(s.batch("a", 0, 1));
  s.send(s.batch("b", 0, 1));
  s.send(s.batch("a", 1, 2));
  EXPECT_TRUE(s.closed.empty());
  s.send(s.batch("b", 1, 2));
  ASSERT_EQ(s.closed.size(), 1u);
  EXPECT_EQ(s.closed[0].covered_orbits, lhc::kOrbitsPerLumisection);
  EXPECT_EQ(s.closed[0].sources.at("a").batches, 1u);
}

TEST(Sequencer, ClosesAtTheLatestWhenOneSourceIsTwoAhead) {
  Stream s;
  s.send(s.batch("a", 0, 1));
  s.send(s.batch("b", 0, 1));
  s.send(s.batch("a", 1, 2));
  s.send(s.batch("a", 2, 3));
  ASSERT_EQ(s.closed.size(), 1u);
  s.send(s.batch("b", 1, 1));  // its lumisection is closed
  s.finish();
  EXPECT_EQ(s.line(2).sources.at("b").late, 1u);
  EXPECT_EQ(s.line(2).covered_orbits, 0u);  // b covers nothing of it
}

TEST(Sequencer, GapBelongsToTheOrbitAfterTheBatchBeforeIt) {
  Stream s;
  s.send(s.batch("a", 0, 1, 0, 4));
  s.send(s.batch("a", 1, 1, 1, 4));
  // 2 and 3 of lumisection 1 and 4 of lumisection 2 are lost
  s.send(s.batch("a", 5, 2, 1, 4));
  s.send(s.batch("a", 6, 3, 0, 4));
  s.finish();
  EXPECT_EQ(s.line(1).sources.at("a").missing, 3u);
  EXPECT_EQ(s.line(2).sources.at("a").missing, 0u);
  EXPECT_EQ(s.line(1).covered_orbits, lhc::kOrbitsPerLumisection / 2);
}

TEST(Sequencer, GapAtTheEndOfALumisectionBelongsToTheNext) {
  Stream s;
  s.send(s.batch("a", 0, 1, 3, 4));  // ends the lumisection
  s.send(s.batch("a", 3, 2, 2, 4));
  s.send(s.batch("a", 4, 3, 0, 4));
  s.finish();
  EXPECT_EQ(s.line(1).sources.at("a").missing, 0u);
  EXPECT_EQ(s.line(2).sources.at("a").missing, 2u);
}

TEST(Sequencer, TailLossIsUncoveredOnly) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 4; ++ls) {
    s.send(s.batch("a", ls - 1, ls));
    if (ls <= 2) s.send(s.batch("b", ls - 1, ls));
  }
  s.finish();
  EXPECT_EQ(s.line(3).sources.at("b").missing, 0u);
  EXPECT_EQ(s.line(3).sources.at("b").covered_orbits, 0u);
  EXPECT_EQ(s.line(3).covered_orbits, 0u);
  EXPECT_EQ(s.line(2).covered_orbits, lhc::kOrbitsPerLumisection);
}

TEST(Sequencer, SourceLeavesTheSetAfterItsTimeout) {
  Stream s;
  s.send(s.batch("b", 0, 1));
  for (std::uint32_t ls = 1; ls <= 20; ++ls) s.send(s.batch("a", ls - 1, ls));
  s.finish();
  EXPECT_EQ(s.line(11).covered_orbits, 0u);
  EXPECT_EQ(s.line(12).covered_orbits, lhc::kOrbitsPerLumisection);
  EXPECT_EQ(s.line(12).sources.at("b").silent_since_ls, 1u);
}

TEST(Sequencer, DuplicateLateRestart) {
  Stream s;
  s.send(s.batch("a", 0, 1, 0, 2));
  s.send(s.batch("a", 0, 1, 0, 2));
  s.send(s.batch("a", 1, 1, 1, 2));
  s.send(s.batch("a", 0, 2, 0, 2, 1, 9));  // restart, held
  s.send(s.batch("a", 1, 2, 1, 2, 1, 9));  // confirmed
  s.send(s.batch("a", 2, 2, 0, 2, 1, 1));  // older epoch
  s.send(s.batch("a", 2, 2, 0, 2, 1, 1));  // late before: duplicate
  s.send(s.batch("a", 2, 3, 0, 1, 1, 9));
  s.finish();
  EXPECT_EQ(s.line(1).sources.at("a").duplicate, 1u);
  EXPECT_EQ(s.line(1).sources.at("a").batches, 2u);
  EXPECT_EQ(s.line(2).sources.at("a").restarts, 1u);
  EXPECT_EQ(s.line(2).sources.at("a").late, 1u);
  EXPECT_EQ(s.line(2).sources.at("a").duplicate, 1u);
  EXPECT_EQ(s.line(2).sources.at("a").missing, 0u);
}

TEST(Sequencer, NumbersLostAtARestartAreMissing) {
  Stream s;
  s.send(s.batch("a", 0, 1, 0, 2));
  s.send(s.batch("a", 2, 2, 0, 2, 1, 9));
  s.send(s.batch("a", 3, 2, 1, 2, 1, 9));
  s.finish();
  EXPECT_EQ(s.line(1).sources.at("a").missing, 2u);
}

TEST(Sequencer, OneBatchCannotDragTheClock) {
  for (const char* field : {"run", "epoch", "ls", "seq"}) {
    Stream s;
    for (std::uint64_t i = 0; i < 8; ++i) {
      const std::uint32_t ls = 1 + static_cast<std::uint32_t>(i / 4);
      BatchFacts facts = s.batch("a", i, ls, i % 4, 4);
      if (i == 5) {
        const std::string f = field;
        if (f == "run") facts.run = 257;
        if (f == "epoch") facts.epoch = 1u << 20;
        if (f == "seq") facts.seq += 1u << 21;
        if (f == "ls") {
          facts = s.batch("a", i, 300, 0, 4);
        }
      }
      s.send(facts);
    }
    s.finish();
    ASSERT_EQ(s.closed.size(), 2u) << field;
    EXPECT_EQ(s.line(1).sources.at("a").batches, 4u) << field;
    EXPECT_EQ(s.line(2).sources.at("a").batches, 3u) << field;
    EXPECT_EQ(s.line(2).sources.at("a").rejected, 1u) << field;
    EXPECT_EQ(s.line(2).sources.at("a").rejected_by.at("clock jump"), 1u) << field;
    EXPECT_EQ(s.line(2).sources.at("a").restarts, 0u) << field;
    // A damaged number is the one field that leaves a hole as well.
    EXPECT_EQ(s.line(2).sources.at("a").missing, std::string(field) == "seq" ? 1u : 0u) << field;
  }
}

TEST(Sequencer, SmallDamageToANumberLosesThatBatchAlone) {
  for (const std::uint64_t wrong : {6u, 7u, 70u, 3u, 266u}) {
    Stream s;
    for (std::uint64_t i = 0; i < 400; ++i) {
      const std::uint32_t ls = 1 + static_cast<std::uint32_t>(i / 100);
      BatchFacts facts = s.batch("a", i, ls, i % 100, 100);
      if (i == 5) facts.seq = wrong;
      s.send(facts);
    }
    s.finish();
    std::uint64_t batches = 0, missing = 0, other = 0;
    for (const Closed& c : s.closed) {
      batches += c.sources.at("a").batches;
      missing += c.sources.at("a").missing;
      other += c.sources.at("a").duplicate + c.sources.at("a").rejected;
    }
    EXPECT_EQ(batches, 399u) << wrong;
    EXPECT_EQ(missing, 1u) << wrong;
    EXPECT_EQ(other, 1u) << wrong;
  }
}

TEST(Sequencer, DamagedSourceNameLosesThatBatchAlone) {
  Stream s;
  for (std::uint64_t i = 0; i < 40; ++i) {
    BatchFacts a = s.batch("link0", i, 1 + static_cast<std::uint32_t>(i / 10), i % 10, 10);
    if (i == 15) a.source = "li.k0";
    s.send(a);
    s.send(s.batch("link1", i, 1 + static_cast<std::uint32_t>(i / 10), i % 10, 10));
  }
  s.finish();
  ASSERT_EQ(s.closed.size(), 4u);
  EXPECT_EQ(s.line(2).sources.at("link0").missing, 1u);
  EXPECT_EQ(s.line(2).sources.at("").rejected, 1u);
  EXPECT_FALSE(s.line(2).sources.contains("li.k0"));
  EXPECT_EQ(s.line(3).covered_orbits, lhc::kOrbitsPerLumisection / 10 * 10);
}

TEST(Sequencer, NewSourceInStepIsAcceptedAtOnce) {
  Stream s;
  for (const char* name : {"a", "b", "c"}) s.send(s.batch(name, 0, 1));
  EXPECT_EQ((s.placed_in[{1, 1}]), 3);
}

TEST(Sequencer, RunChange) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 3; ++ls) {
    s.send(s.batch("a", ls - 1, ls));
    s.send(s.batch("b", ls - 1, ls));
  }
  s.send(s.batch("a", 3, 1, 0, 2, 2));  // held until confirmed
  s.send(s.batch("a", 4, 1, 1, 2, 2));
  EXPECT_EQ(s.closed.back().ls, 2u);  // b is still in run 1
  s.send(s.batch("b", 3, 1, 0, 2, 2));
  s.send(s.batch("b", 4, 1, 1, 2, 2));
  EXPECT_EQ(s.closed.back().run, 1u);
  EXPECT_EQ(s.closed.back().ls, 3u);
  s.send(s.batch("a", 5, 4, 0, 1, 1));  // a closed run does not reopen
  s.finish();
  EXPECT_EQ(s.line(1, 2).sources.at("a").late, 1u);
  EXPECT_EQ(s.line(1, 2).sources.at("a").batches, 2u);
}

TEST(Sequencer, OldRunClosesAtTheLatestTwoLumisectionsIntoTheNew) {
  Stream s;
  s.send(s.batch("a", 0, 7));
  s.send(s.batch("b", 0, 7));
  for (std::uint32_t ls = 5; ls <= 6; ++ls) {
    s.send(s.batch("a", 1 + 2 * (ls - 5), ls, 0, 2, 2));
    s.send(s.batch("a", 2 + 2 * (ls - 5), ls, 1, 2, 2));
  }
  EXPECT_TRUE(s.closed.empty());
  s.send(s.batch("a", 5, 7, 0, 2, 2));
  ASSERT_GE(s.closed.size(), 1u);
  EXPECT_EQ(s.closed[0].run, 1u);
}

// A source that fell silent in one run does not uncover the next: a run's lines are of that run's data.
TEST(Sequencer, TheSetIsTheRunsOwn) {
  Stream both, alone;
  for (std::uint32_t ls = 1; ls <= 3; ++ls) {
    both.send(both.batch("a", ls - 1, ls));
    if (ls < 3) both.send(both.batch("b", ls - 1, ls));
  }
  for (std::uint32_t ls = 1; ls <= 5; ++ls) {
    both.send(both.batch("a", 2 + ls, ls, 0, 1, 2));
    alone.send(alone.batch("a", 2 + ls, ls, 0, 1, 2));
  }
  both.finish();
  alone.finish();
  for (std::uint32_t ls = 1; ls <= 5; ++ls) {
    EXPECT_EQ(both.line(ls, 2).covered_orbits, lhc::kOrbitsPerLumisection);
    EXPECT_EQ(both.line(ls, 2).sources, alone.line(ls, 2).sources);
  }
  EXPECT_EQ(both.line(3).covered_orbits, 0u);
}

TEST(Sequencer, AHeldBatchIsUsedAtTheEnd) {
  Stream s;
  s.send(s.batch("a", 0, 1));
  s.send(s.batch("a", 1, 2));
  s.send(s.batch("a", 2, 1, 0, 2, 2));
  EXPECT_EQ(s.placed_in.size(), 2u);
  s.finish();
  ASSERT_EQ(s.closed.size(), 3u);
  EXPECT_EQ(s.line(1, 2).sources.at("a").batches, 1u);
  EXPECT_EQ(s.line(1, 2).covered_orbits, lhc::kOrbitsPerLumisection / 2);
}

TEST(Sequencer, AfterTheEndTheRestOfItsLumisectionIsLate) {
  Stream s;
  s.send(s.batch("a", 0, 1, 0, 4));
  s.finish();
  Stream next;
  next.sequencer.load(s.sequencer.save());
  next.send(next.batch("a", 1, 1, 1, 4));  // late
  next.send(next.batch("a", 1, 1, 1, 4));  // late before: a duplicate
  next.send(next.batch("a", 3, 2, 0, 4));
  next.finish();
  ASSERT_EQ(next.closed.size(), 1u);
  EXPECT_EQ(next.line(2).sources.at("a").late, 1u);
  EXPECT_EQ(next.line(2).sources.at("a").duplicate, 1u);
  EXPECT_EQ(next.line(2).sources.at("a").missing, 1u);
}

TEST(Sequencer, WhatNoLineCanTakeIsUnplaced) {
  Stream s;
  s.sequencer.reject({}, Rejection::not_msgpack);
  s.sequencer.drop({});
  s.finish();
  const Unplaced unplaced = s.sequencer.take_unplaced();
  EXPECT_EQ(unplaced.rejected, 1u);
  EXPECT_EQ(unplaced.dropped, 1u);
}

TEST(Sequencer, SkippedLumisectionsGetALine) {
  Stream s;
  s.send(s.batch("a", 0, 1));
  s.send(s.batch("a", 1, 6));
  s.finish();
  ASSERT_EQ(s.closed.size(), 6u);
  for (std::uint32_t ls = 1; ls <= 6; ++ls) EXPECT_EQ(s.closed[ls - 1].ls, ls);
}

TEST(Sequencer, RejectedAndDroppedAreNotMissing) {
  Stream s;
  s.send(s.batch("a", 0, 1, 0, 4));
  s.sequencer.reject({"a", 1, 1, 1, 1}, Rejection::bunch_crossing);
  s.sequencer.drop({"a", 1, 2, 1, 1});
  s.sequencer.reject({"zz", 1, 2, 1, 1}, Rejection::column);
  s.sequencer.reject({}, Rejection::not_msgpack);
  s.send(s.batch("a", 3, 1, 3, 4));
  s.send(s.batch("a", 4, 2, 3, 4));
  s.finish();
  EXPECT_EQ(s.line(1).sources.at("a").missing, 0u);
  EXPECT_EQ(s.line(1).sources.at("a").rejected, 1u);
  EXPECT_EQ(s.line(1).sources.at("a").dropped, 1u);
  EXPECT_EQ(s.line(1).sources.at("").rejected, 2u);
}

TEST(Sequencer, SelectionIsOnePerRun) {
  Stream s;
  s.send(s.batch("a", 0, 1, 0, 2));
  BatchFacts other = s.batch("a", 1, 1, 1, 2);
  other.selection = "L1_SingleMu";
  s.send(other);
  ASSERT_EQ(s.refused.size(), 1u);
  EXPECT_EQ(s.refused[0].cause, Rejection::selection);
}

TEST(Sequencer, SplitSourcesCoverTogether) {
  Stream s({.split_sources = true});
  s.send(s.batch("a", 0, 1, 0, 2));
  s.send(s.batch("b", 0, 1, 1, 2));
  s.finish();
  EXPECT_EQ(s.line(1).covered_orbits, lhc::kOrbitsPerLumisection);
}

TEST(Sequencer, StateGoesOn) {
  Stream whole, first;
  Stream second;
  for (std::uint64_t i = 0; i < 60; ++i) {
    if (i % 7 == 3) continue;
    const BatchFacts facts = whole.batch(i % 2 ? "a" : "b", i / 2, 1 + static_cast<std::uint32_t>(i / 10), i % 10, 10);
    whole.send(facts);
    if (i < 30) {
      first.send(facts);
    } else {
      if (i == 30) second.sequencer.load(first.sequencer.save());
      second.send(facts);
    }
  }
  whole.finish();
  second.finish();
  first.closed.insert(first.closed.end(), second.closed.begin(), second.closed.end());
  ASSERT_EQ(first.closed.size(), whole.closed.size());
  for (std::size_t i = 0; i < whole.closed.size(); ++i) {
    EXPECT_EQ(first.closed[i].ls, whole.closed[i].ls);
    EXPECT_EQ(first.closed[i].sources, whole.closed[i].sources);
    EXPECT_EQ(first.closed[i].covered_orbits, whole.closed[i].covered_orbits);
  }
}

}  // namespace
}  // namespace vigil::ingest
