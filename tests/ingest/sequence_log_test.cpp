#include "ingest/sequence_log.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/lhc.h"

namespace vigil::ingest {
namespace {

BatchEnd end_in(std::uint32_t ls) { return {1, lhc::first_orbit(ls) + 7}; }
auto due_up_to(std::uint32_t ls) {
  return [ls](const BatchEnd& end) { return lumisection_after(end) <= ls; };
}

// The definition, number by number.
struct Model {
  std::optional<BatchEnd> before;
  std::map<std::uint64_t, BatchEnd> received;
  std::set<std::uint64_t> accounted;

  std::uint64_t settle(std::uint32_t ls) {
    if (received.empty()) return 0;
    std::uint64_t missing = 0;
    for (std::uint64_t n = before ? 0 : received.begin()->first; n < received.rbegin()->first; ++n) {
      if (received.contains(n) || accounted.contains(n)) continue;
      const auto after = received.upper_bound(n);
      const BatchEnd end = after == received.begin() ? *before : std::prev(after)->second;
      if (!due_up_to(ls)(end)) continue;
      accounted.insert(n);
      ++missing;
    }
    return missing;
  }
};

TEST(SequenceLog, AgreesWithTheDefinition) {
  std::mt19937 random(3);
  for (int round = 0; round < 400; ++round) {
    Model model;
    if (round % 2) model.before = end_in(1);
    SequenceLog log(model.before);
    std::uint64_t number = random() % 5;
    for (std::uint32_t ls = 2; ls < 12; ++ls) {
      for (int i = 0; i < 12; ++i) {
        number += random() % 3;
        const std::uint64_t seq = random() % 5 == 0 ? random() % (number + 3) : number;
        if (random() % 4 == 0) {
          log.excuse(seq);
          if (!model.received.contains(seq)) model.accounted.insert(seq);
        } else {
          log.receive(seq, end_in(ls));
          model.received.emplace(seq, end_in(ls));
        }
        ASSERT_EQ(log.received(seq), model.received.contains(seq));
        if (!model.received.empty()) {
          std::uint64_t next = model.received.rbegin()->first + 1;
          while (model.accounted.contains(next)) ++next;
          ASSERT_EQ(log.next(), next);
        }
      }
      if (random() % 2) log = SequenceLog(log.state());
      ASSERT_EQ(log.settle(due_up_to(ls - 1)), model.settle(ls - 1)) << "round " << round << " LS " << ls;
    }
    ASSERT_EQ(log.settle(due_up_to(99)), model.settle(99)) << round;
    ASSERT_EQ(log.settle(due_up_to(99)), 0u);
  }
}

// Nothing is kept of a gap that is settled, and each gap is looked at once where its lumisection closes: what a number
// costs does not grow with the loss before it.
TEST(SequenceLog, CostDoesNotGrowWithTheLoss) {
  SequenceLog log;
  std::uint64_t missing = 0, asked = 0;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const std::uint32_t ls = 1 + static_cast<std::uint32_t>(i / 100);
    log.receive(2 * i, end_in(ls));
    if (i % 100 == 99) {
      missing += log.settle([&](const BatchEnd& end) {
        ++asked;
        return lumisection_after(end) <= ls;
      });
      EXPECT_FALSE(log.owes());
    }
  }
  EXPECT_EQ(missing, 19999u);
  EXPECT_EQ(asked, 19999u);
  const SequenceLog::State state = log.state();
  EXPECT_TRUE(state.lost.empty());
  EXPECT_TRUE(state.excused.empty());
  EXPECT_LE(state.runs.size(), 4096u);
}

// More gaps in one open lumisection than are told apart: every number is still counted, where it belongs.
TEST(SequenceLog, EveryLossIsCountedHoweverManyGaps) {
  SequenceLog log;
  for (std::uint64_t i = 0; i < 20000; ++i) log.receive(2 * i, end_in(i < 15000 ? 1 : 2));
  log = SequenceLog(log.state());
  EXPECT_EQ(log.settle(due_up_to(1)), 15000u);
  EXPECT_EQ(log.settle(due_up_to(2)), 4999u);
}

TEST(SequenceLog, TheLastNumberThereIs) {
  SequenceLog log;
  log.receive(~std::uint64_t{0}, end_in(1));
  EXPECT_EQ(log.next(), ~std::uint64_t{0});
  log.receive(~std::uint64_t{0} - 2, end_in(2));
  EXPECT_EQ(log.settle(due_up_to(3)), 1u);
}

}  // namespace
}  // namespace vigil::ingest
