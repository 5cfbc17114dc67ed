// Restarts that only the data clock can tell (docs/wire_format.md, "The data clock decides"), and runs of one batch.
#include <gtest/gtest.h>

#include <random>

#include "tests/ingest/stream_for_test.h"

namespace vigil::ingest {
namespace {

using test::Stream;

TEST(Restart, ConstantEpochInANewRun) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 8; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 1, 0));
  for (std::uint32_t ls = 1; ls <= 8; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 2, 0));
  s.finish();
  ASSERT_EQ(s.closed.size(), 16u);
  EXPECT_EQ(s.total().batches, 16u);
  EXPECT_EQ(s.line(1, 2).sources.at("a").restarts, 1u);
  EXPECT_EQ(s.total().missing, 0u);
  EXPECT_TRUE(s.refused.empty());
}

TEST(Restart, ConstantEpochLaterInTheSameRun) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 1, 0));
  s.send(s.batch("a", 0, 6, 0, 1, 1, 0));
  s.send(s.batch("a", 1, 7, 0, 1, 1, 0));
  s.send(s.batch("a", 0, 6, 0, 1, 1, 0));  // a repeat within the new numbers
  s.send(s.batch("a", 2, 2, 0, 1, 1, 0));  // a repeat of the old ones
  s.finish();
  EXPECT_EQ(s.line(6).sources.at("a").restarts, 1u);
  EXPECT_EQ(s.line(6).covered_orbits, lhc::kOrbitsPerLumisection);
  EXPECT_EQ(s.total().duplicate, 2u);
  EXPECT_EQ(s.total().batches, 6u);
  EXPECT_EQ(s.total().missing, 0u);
}

TEST(Restart, ClockOfThePublisherStepsBack) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 1, 1000));
  for (std::uint32_t ls = 5; ls <= 9; ++ls) s.send(s.batch("a", ls - 5, ls, 0, 1, 1, 400));
  s.send(s.batch("a", 1, 2, 0, 1, 1, 1000));   // of the epoch before, used: a repeat
  s.send(s.batch("a", 77, 2, 0, 1, 1, 1000));  // not used: late
  s.finish();
  EXPECT_EQ(s.total().batches, 9u);
  EXPECT_EQ(s.line(5).sources.at("a").restarts, 1u);
  EXPECT_EQ(s.total().duplicate, 1u);
  EXPECT_EQ(s.total().late, 1u);
}

TEST(Restart, NumbersOfEightBitsTurnOver) {
  Stream s;
  for (std::uint64_t i = 0; i < 600; ++i) {
    s.send(s.batch("a", i & 0xff, 1 + static_cast<std::uint32_t>(i / 10), i % 10, 10, 1, 0));
  }
  s.finish();
  EXPECT_EQ(s.total().batches, 600u);
  EXPECT_EQ(s.total().restarts, 2u);
  EXPECT_EQ(s.total().missing, 0u);
  EXPECT_TRUE(s.refused.empty());
}

// Before the repeated numbers are believed the next batch has to go on from them: a damaged number alone restarts
// nothing.
TEST(Restart, ADamagedNumberIsNone) {
  for (const std::uint64_t wrong : {0u, 2u, 4u}) {
    Stream s;
    for (std::uint64_t i = 0; i < 12; ++i) {
      s.send(s.batch("a", i == 5 ? wrong : i, 1 + static_cast<std::uint32_t>(i), 0, 1, 1, 0));
    }
    s.finish();
    EXPECT_EQ(s.total().batches, 11u) << wrong;
    EXPECT_EQ(s.total().restarts, 0u) << wrong;
    EXPECT_EQ(s.total().missing, 1u) << wrong;
    ASSERT_EQ(s.refused.size(), 1u) << wrong;
    EXPECT_EQ(s.refused[0].cause, Rejection::clock_jump) << wrong;
  }
}

TEST(Restart, AHeldOneIsUsedAtTheEnd) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 3; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 1, 0));
  s.send(s.batch("a", 0, 1, 0, 1, 2, 0));
  EXPECT_FALSE((s.placed_in.contains({2, 1})));
  s.finish();
  EXPECT_EQ(s.line(1, 2).sources.at("a").restarts, 1u);
  EXPECT_EQ(s.line(1, 2).sources.at("a").batches, 1u);
}

// What was rejected or dropped at a restart is accounted for there, and is not missing as well.
TEST(Restart, WhatWasRejectedAtItIsNotMissing) {
  for (const std::uint64_t epoch : {5u, 9u, 2u}) {  // the same, a later, an earlier one
    Stream s;
    for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 1, 5));
    s.sequencer.reject({"a", epoch, 0, 1, 5}, Rejection::column);
    Stream next;
    next.sequencer.load(s.sequencer.save());
    next.sequencer.drop({"a", epoch, 1, 1, 5});
    for (std::uint32_t ls = 6; ls <= 9; ++ls) next.send(next.batch("a", ls - 3, ls, 0, 1, 1, epoch));  // 2 is lost
    next.finish();
    EXPECT_EQ(next.total().restarts, 1u) << epoch;
    EXPECT_EQ(next.total().batches, 5u) << epoch;
    EXPECT_EQ(next.total().missing, 1u) << epoch;
    EXPECT_EQ(next.total().rejected + next.total().dropped, 2u) << epoch;
  }
}

TEST(Restart, IsKeptInTheState) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 1, 0));
  for (std::uint32_t ls = 5; ls <= 6; ++ls) s.send(s.batch("a", ls - 5, ls, 0, 1, 1, 0));
  Stream next;
  next.sequencer.load(s.sequencer.save());
  EXPECT_EQ(next.sequencer.save(), s.sequencer.save());
  next.send(next.batch("a", 2, 7, 0, 1, 1, 0));
  next.send(next.batch("a", 3, 4, 0, 1, 1, 0));  // of the first numbers: used
  next.finish();
  EXPECT_EQ(next.total().duplicate, 1u);
  EXPECT_EQ(next.total().batches, 2u);  // of the lumisection that was open when it was saved, and the new one
  EXPECT_EQ(next.total().missing, 0u);
}

TEST(Restart, RunsOfOneBatch) {
  for (const std::uint64_t step : {0, 1000, -1000}) {
    for (const std::uint64_t number : {0, 1}) {  // begins at 0 in each run, or goes on
      Stream s;
      for (std::uint32_t run = 1; run <= 6; ++run) {
        for (const char* source : {"a", "b"}) {
          s.send(s.batch(source, number * (run - 1), 1, 0, 1, run, 100000 + step * run));
        }
      }
      s.finish();
      ASSERT_EQ(s.closed.size(), 6u) << step << " " << number;
      EXPECT_EQ(s.total().batches, 12u) << step << " " << number;
      EXPECT_TRUE(s.refused.empty()) << step << " " << number;
    }
  }
}

// The run that is over is closed by runs that are shorter than close_after_ls, too, and a dead source holds up none.
TEST(Restart, ShortRunsCloseTheOnesBefore) {
  Stream s;
  s.send(s.batch("dead", 0, 1));
  std::uint64_t seq = 0;
  for (std::uint32_t run = 1; run <= 20; ++run) s.send(s.batch("a", seq++, 1, 0, 1, run));
  ASSERT_GE(s.closed.size(), 15u);
  EXPECT_EQ(s.closed[0].run, 1u);
}

// Restarts of every kind at random: nothing is lost, and each is counted.
TEST(Restart, AtRandom) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    Stream s;
    std::uint64_t epoch = 50, seq = 0, restarts = 0, batches = 0;
    std::uint32_t run = 1, ls = 1;
    for (int generation = 0; generation < 8; ++generation) {
      const std::uint32_t length = 2 + random() % 6;
      for (std::uint32_t i = 0; i < length; ++i) {
        s.send(s.batch("a", seq++, ls++, 0, 1, run, epoch));
        ++batches;
      }
      if (generation == 7) break;
      seq = 0;
      ++restarts;
      epoch += random() % 3 - 1;
      if (random() % 2) {
        ++run;
        ls = 1 + random() % 3;
      } else {
        ls += random() % 3;
      }
    }
    s.finish();
    ASSERT_EQ(s.total().batches, batches) << round;
    ASSERT_EQ(s.total().restarts, restarts) << round;
    ASSERT_EQ(s.total().missing, 0u) << round;
    ASSERT_TRUE(s.refused.empty()) << round << ": " << s.reasons().front();
  }
}

}  // namespace
}  // namespace vigil::ingest
