#include "monitors/mismatch_crossings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "streams.h"

namespace vigil::monitors {
namespace {

// `compared` events in every crossing of first..last, of which `disagreeing` disagree.
Summary crossings(const ModelInfo& m, std::uint32_t first, std::uint32_t last, std::uint32_t compared,
                  std::uint32_t disagreeing) {
  Summary s(m);
  for (std::uint32_t bx = first; bx <= last; ++bx) {
    s.events_per_bx[bx - 1] = compared + 5;
    s.uncompared_per_bx[bx - 1] = 5;
    s.disagreeing_per_bx[bx - 1] = disagreeing;
  }
  return s;
}

TEST(MismatchCrossings, NamesThoseThatStayedCleanAgainstTheOdds) {
  const ModelInfo m = fixtures::model();
  Summary s = crossings(m, 1, 100, 40, 20);
  s += crossings(m, 201, 230, 40, 0);  // half of the others' events: (1 - 2000/5200)^40 = 4e-9
  s += crossings(m, 301, 330, 2, 0);   // too few to say
  const MismatchCrossings c = mismatch_crossings(s);
  EXPECT_EQ(c.affected, 100u);
  EXPECT_EQ(c.compared, 160u);
  std::vector<std::uint16_t> first16;
  for (std::uint16_t bx = 201; bx <= 216; ++bx) first16.push_back(bx);
  EXPECT_EQ(c.clean, first16);
}

TEST(MismatchCrossings, UncomparedEventsCountNowhere) {
  const ModelInfo m = fixtures::model();
  Summary s = crossings(m, 7, 7, 100, 50);
  s.events_per_bx[9] = s.uncompared_per_bx[9] = 1'000'000;
  const MismatchCrossings c = mismatch_crossings(s);
  EXPECT_EQ(c.affected, 1u);
  EXPECT_EQ(c.compared, 1u);
  EXPECT_TRUE(c.clean.empty());
}

TEST(MismatchCrossings, NothingOrEverythingDisagreeingLeavesNoneClean) {
  const ModelInfo m = fixtures::model();
  EXPECT_EQ(mismatch_crossings(Summary(m)), MismatchCrossings());
  EXPECT_TRUE(mismatch_crossings(crossings(m, 1, 3564, 4000, 0)).clean.empty());
  const MismatchCrossings all = mismatch_crossings(crossings(m, 1, 3564, 4, 4));
  EXPECT_EQ(all.affected, 3564u);
  EXPECT_TRUE(all.clean.empty());
}

// By the definition, on random counts; in parts, in any order, through the journal: the same.
TEST(MismatchCrossings, EqualsTheDefinition) {
  const ModelInfo m = fixtures::model();
  std::mt19937_64 random(5);
  for (int trial = 0; trial < 40; ++trial) {
    Summary a(m), b(m);
    const std::uint64_t most = 1 + random() % 200;
    for (std::size_t i = 0; i < 3564; ++i) {
      for (Summary* s : {&a, &b}) {
        const std::uint64_t compared = random() % 3 == 0 ? 0 : random() % most;
        s->uncompared_per_bx[i] = static_cast<std::uint32_t>(random() % 9);
        s->events_per_bx[i] = static_cast<std::uint32_t>(compared) + s->uncompared_per_bx[i];
        if (i % 2 == 0 && compared > 0)
          s->disagreeing_per_bx[i] = static_cast<std::uint32_t>(random() % (compared + 1));
      }
    }
    Summary both = a;
    both += b;
    double compared = 0, disagreeing = 0;
    for (std::size_t i = 0; i < 3564; ++i) {
      compared += both.events_per_bx[i] - both.uncompared_per_bx[i];
      disagreeing += both.disagreeing_per_bx[i];
    }
    MismatchCrossings expected;
    for (std::size_t i = 0; i < 3564; ++i) {
      const double n = both.events_per_bx[i] - both.uncompared_per_bx[i];
      expected.compared += n > 0;
      expected.affected += both.disagreeing_per_bx[i] > 0;
      if (both.disagreeing_per_bx[i] == 0 && std::pow(1 - disagreeing / compared, n) < 1e-6 &&
          expected.clean.size() < 16) {
        expected.clean.push_back(static_cast<std::uint16_t>(i + 1));
      }
    }
    EXPECT_EQ(mismatch_crossings(both), expected);
    CrossingTally tally, resumed;
    tally.add(b);
    ASSERT_TRUE(resumed.restore(tally.triples()));
    resumed.add(a);
    EXPECT_EQ(resumed.crossings(), expected);
  }
}

TEST(MismatchCrossings, WhatWasNotSavedIsNotRestored) {
  CrossingTally tally;
  tally.add(crossings(fixtures::model(), 5, 6, 10, 3));
  const auto saved = tally.triples();
  EXPECT_EQ(saved, (std::vector<std::uint64_t>{5, 10, 3, 6, 10, 3}));
  for (const std::vector<std::uint64_t>& damaged :
       {std::vector<std::uint64_t>{5, 10}, {0, 10, 3}, {3565, 10, 3}, {5, 10, 11}, {5, 0, 0}, {6, 1, 0, 5, 1, 0}}) {
    EXPECT_FALSE(tally.restore(damaged));
    EXPECT_EQ(tally.triples(), saved);
  }
}

}  // namespace
}  // namespace vigil::monitors
