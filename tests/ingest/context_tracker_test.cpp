#include "ingest/context_tracker.h"

#include <gtest/gtest.h>

#include "core/lhc.h"

namespace vigil::ingest {
namespace {

EventBatch batch(std::uint32_t ls, std::uint32_t offset, std::optional<std::string> menu, std::uint32_t n = 1,
                 std::optional<std::string> hash = {}) {
  EventBatch b;
  b.run = 1;
  b.ls = ls;
  b.first_orbit = lhc::first_orbit(ls) + offset;
  b.last_orbit = b.first_orbit + 10;
  b.n = n;
  b.context.menu = std::move(menu);
  b.model_hash = std::move(hash);
  return b;
}

TEST(ContextTracker, AnAbsentKeyIsUnchanged) {
  ContextTracker t;
  t.add(batch(1, 0, "m1"), "h");
  const auto first = t.close(1, 1);
  t.add(batch(2, 0, {}), "h");
  const auto second = t.close(1, 2);
  EXPECT_EQ(first.key, second.key);
  EXPECT_FALSE(second.mixed);
  EXPECT_EQ(t.close(1, 3).key, first.key);  // a lumisection without batches
}

TEST(ContextTracker, AChangeAtTheStartIsAnotherContextAndInTheMiddleMixes) {
  ContextTracker t;
  t.add(batch(1, 0, "m1"), "h");
  const auto first = t.close(1, 1);
  t.add(batch(2, 0, "m2"), "h");
  const auto second = t.close(1, 2);
  EXPECT_NE(first.key, second.key);
  EXPECT_FALSE(second.mixed);
  t.add(batch(3, 0, {}), "h");
  t.add(batch(3, 100, "m3"), "h");
  const auto third = t.close(1, 3);
  EXPECT_TRUE(third.mixed);
  t.add(batch(4, 0, {}), "h");
  EXPECT_EQ(t.close(1, 4).key, third.key);  // m3 carries on
}

TEST(ContextTracker, DoesNotDependOnTheOrderOfArrival) {
  for (const bool swap : {false, true}) {
    ContextTracker t;
    t.add(batch(1, 0, "m1"), "h");
    t.add(batch(2, 0, "m2"), "h");  // one source is ahead of the other
    if (swap) t.add(batch(2, 50, {}), "h");
    t.add(batch(1, 500, {}), "h");
    if (!swap) t.add(batch(2, 50, {}), "h");
    EXPECT_FALSE(t.close(1, 1).mixed);
    EXPECT_FALSE(t.close(1, 2).mixed);
  }
}

TEST(ContextTracker, AnotherModelHash) {
  ContextTracker t;
  t.add(batch(1, 0, {}), "own");
  EXPECT_EQ(t.close(1, 1).model_hash, "own");
  t.add(batch(2, 0, {}, 1, "other"), "own");
  t.add(batch(2, 50, {}, 0), "own");  // a heartbeat says nothing
  const auto other = t.close(1, 2);
  EXPECT_EQ(other.model_hash, "other");
  EXPECT_FALSE(other.mixed);
  t.add(batch(3, 0, {}, 1, "other"), "own");
  t.add(batch(3, 50, {}, 1), "own");
  EXPECT_TRUE(t.close(1, 3).mixed);
}

TEST(ContextTracker, StateGoesOn) {
  ContextTracker t;
  t.add(batch(1, 0, "m1"), "h");
  (void)t.close(1, 1);
  t.add(batch(2, 10, "m2"), "h");
  ContextTracker next;
  next.load(t.save());
  t.add(batch(2, 0, {}), "h");
  next.add(batch(2, 0, {}), "h");
  const auto a = t.close(1, 2), b = next.close(1, 2);
  EXPECT_EQ(a.key, b.key);
  EXPECT_TRUE(a.mixed && b.mixed);
}

TEST(ContextTracker, WhatCutsNothingIsCarriedWhateverTheOrderOfArrival) {
  const auto annotated = [](std::uint32_t ls, std::uint32_t offset, double pileup) {
    EventBatch b = batch(ls, offset, "m1");
    b.context.pileup = pileup;
    b.context.fill = 9000 + offset;
    b.context.origin = "simulation";
    return b;
  };
  ContextTracker a, b;
  a.add(annotated(1, 0, 58.5), "h");
  a.add(annotated(1, 100, 57.25), "h");
  b.add(annotated(1, 100, 57.25), "h");
  b.add(annotated(1, 0, 58.5), "h");
  ContextTracker loaded;
  loaded.load(a.save());
  for (ContextTracker* t : {&a, &b, &loaded}) {
    const auto first = t->close(1, 1);
    EXPECT_FALSE(first.mixed);
    EXPECT_EQ(first.pileup, 57.25);
    EXPECT_EQ(first.fill, 9100u);
    EXPECT_EQ(first.origin, "simulation");
    EXPECT_FALSE(first.filling_scheme);
    EXPECT_EQ(t->close(1, 2).pileup, 57.25);
  }
  ContextTracker more;
  more.load(a.save());
  EXPECT_EQ(more.close(1, 3).fill, 9100u);
  EXPECT_ANY_THROW(more.load(R"({"carried":{},"annotations":{"fill":"x"},"run_start_ns":[],"open":[]})"));
}

}  // namespace
}  // namespace vigil::ingest
