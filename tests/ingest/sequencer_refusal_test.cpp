// Nothing is refused in silence: one step a batch, with what was found and expected; and nobody fills the memory.
#include <gmock/gmock.h>

#include <random>

#include "core/error.h"
#include "ingest/saved_number.h"
#include "tests/ingest/stream_for_test.h"

namespace vigil::ingest {
namespace {

using test::Stream;
using testing::ElementsAre;
using testing::HasSubstr;
using What = Refused::What;

TEST(SequencerRefusal, LumisectionsThatBeginAgain) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 61; ++ls) s.send(s.batch("a", ls - 1, ls));
  EXPECT_TRUE(s.refused.empty());
  s.send(s.batch("a", 61, 3));
  ASSERT_EQ(s.refused.size(), 1u);  // at once, although nothing closes
  EXPECT_EQ(s.refused[0].what, What::late);
  EXPECT_EQ(s.refused[0].source, "a");
  EXPECT_EQ(describe(s.refused[0]), "run 1 LS 3, expected LS 61 or later (closed)");
}

TEST(SequencerRefusal, SaysWhatWasExpected) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls, 0, 1, 2, 9));
  s.send(s.batch("a", 1, 2, 0, 1, 2, 9));
  s.send(s.batch("a", 4, 1, 0, 1, 5, 9));
  s.send(s.batch("a", 5, 5, 0, 1, 2, 9));
  s.send(s.batch("a", 6, 300, 0, 1, 2, 9));
  s.send(s.batch("a", 7, 6, 0, 1, 2, 9));
  s.send(s.batch("a", 8, 7, 0, 1, 2, 30));
  s.send(s.batch("a", 8, 7, 0, 1, 2, 9));
  s.send(s.batch("a", 1u << 22, 8, 0, 1, 2, 9));
  s.send(s.batch("a", 9, 9, 0, 1, 2, 9));
  s.send(s.batch("a", 90, 9, 0, 1, 2, 3));
  BatchFacts other = s.batch("a", 10, 10, 0, 1, 2, 9);
  other.selection = "L1\n" + std::string(100, 'x');
  s.send(other);
  EXPECT_THAT(
      s.reasons(),
      ElementsAre("run 2 LS 2 with seq 1, which was received before; expected 4, or orbits after run 2 LS 4",
                  "run 5 LS 1 after run 2 LS 4, not confirmed by the next batch (run 2 LS 5)",
                  "run 2 LS 300 after run 2 LS 5, not confirmed by the next batch (run 2 LS 6)",
                  "run 2 LS 7 of epoch 30 after epoch 9, not confirmed by the next batch (epoch 9)",
                  "run 2 LS 8 with seq 4194304, expected 9, not confirmed by the next batch (seq 9)",
                  "run 2 LS 9 of epoch 3, expected epoch 9, or orbits after run 2 LS 9",
                  testing::AllOf(HasSubstr("run 2 LS 10 of selection 'L1\\n"), HasSubstr("expected 'zero_bias'"))));
  s.send(s.batch("a", 11, 1, 0, 2, 6, 9));
  s.send(s.batch("a", 12, 1, 1, 2, 6, 9));
  s.send(s.batch("a", 13, 1, 1, 2, 2, 9));
  EXPECT_EQ(s.reasons().back(), "run 2 LS 1, expected another run than 2, which is closed (now: run 6)");
}

TEST(SequencerRefusal, EveryBatchIsPlacedOrRefused) {
  std::mt19937 random(23);
  for (int round = 0; round < 200; ++round) {
    Stream s;
    std::size_t offered = 0;
    std::map<std::string, std::uint64_t> seq;
    for (std::uint32_t i = 0; i < 300; ++i) {
      const std::string name(1, static_cast<char>('a' + random() % 3));
      BatchFacts b = s.batch(name, seq[name]++, 1 + i / 10, i % 10, 10, 1, 5);
      if (random() % 12 == 0) {
        switch (random() % 6) {
          case 0:
            b.run += random() % 3;
            break;
          case 1:
            b.epoch += random() % 3 - 1;
            break;
          case 2:
            b.seq = random() % (b.seq + 8);
            break;
          case 3:
            b = s.batch(name, b.seq, 1 + random() % 200, 0, 10, 1, 5);
            break;
          case 4:
            b.source += "x";
            break;
          case 5:
            b.selection = "other";
            break;
        }
      }
      ++offered;
      s.send(b);
    }
    s.finish();
    std::size_t placed = 0;
    for (const auto& [where, count] : s.placed_in) placed += static_cast<std::size_t>(count);
    ASSERT_EQ(placed + s.refused.size(), offered) << round;
    const Unplaced left = s.sequencer.take_unplaced();
    const SourceCounts sum = s.total();
    ASSERT_EQ(sum.batches, placed) << round;
    ASSERT_EQ(sum.late + sum.duplicate + sum.rejected + left.late + left.duplicate + left.rejected, s.refused.size())
        << round;
    for (const Refused& r : s.refused) ASSERT_FALSE(describe(r).empty());
  }
}

TEST(SequencerRefusal, SourcesNeverSeenAgainAreGivenUp) {
  Stream s;
  for (std::size_t i = 0; i < kMostSources; ++i) s.send(s.batch("old" + std::to_string(i), 0, 1));
  s.send(s.batch("one too many", 0, 1));  // all are active
  ASSERT_EQ(s.refused.size(), 1u);
  EXPECT_EQ(s.refused[0].cause, Rejection::sources);
  for (std::uint32_t ls = 1; ls <= 4; ++ls) {  // the next run: the old one closes
    s.send(s.batch("old7", 2 * ls - 1, ls, 0, 2, 2));
    s.send(s.batch("old7", 2 * ls, ls, 1, 2, 2));
  }
  for (std::size_t i = 0; i < 2000; ++i) s.send(s.batch("new" + std::to_string(i), 0, 4, 0, 1, 2));
  EXPECT_EQ(s.refused.size(), 1u);
  EXPECT_EQ((s.placed_in[{2, 4}]), 2002);
  EXPECT_LE(s.sequencer.sources(), kMostSources);
  s.send(s.batch("old7", 9, 5, 0, 2, 2));  // never one that is active
  s.finish();
  EXPECT_EQ(s.line(4, 2).sources.at("old7").missing, 0u);
  EXPECT_EQ(s.line(5, 2).sources.at("old7").batches, 1u);
}

TEST(SequencerRefusal, HeldBatchesOfStrangersFillNothing) {
  Stream s;
  s.send(s.batch("a", 0, 1));
  for (std::uint32_t i = 0; i < 5000; ++i) s.send(s.batch("x" + std::to_string(i), 0, 1, 0, 1, 100 + i));
  EXPECT_EQ(s.refused.size(), 5000 - (kMostSources - 1));
  s.send(s.batch("a", 1, 2));
  s.send(s.batch("b", 0, 2));
  EXPECT_EQ((s.placed_in[{1, 2}]), 2);
}

TEST(SequencerRefusal, CountsInTheStateHaveOneBound) {
  Stream s;
  for (std::uint32_t ls = 1; ls <= 4; ++ls) s.send(s.batch("a", ls - 1, ls));
  s.send(s.batch("a", 9, 1));
  const std::string text = s.sequencer.save();
  const auto with = [&](const std::string& late) {
    std::string changed = text;
    const auto at = changed.find("\"late\":1");
    EXPECT_NE(at, std::string::npos);
    return changed.replace(at, 8, "\"late\":" + late);
  };
  Stream full;
  full.sequencer.load(with(std::to_string(kMostCount)));
  full.send(full.batch("a", 10, 1));
  Stream again;
  again.sequencer.load(full.sequencer.save());  // what was written can be read
  for (const std::string& bad :
       {std::to_string(kMostCount + 1), std::string("-1"), std::string("1.5"), std::string("null")}) {
    EXPECT_THROW(again.sequencer.load(with(bad)), Error) << bad;
  }
  EXPECT_THROW(again.sequencer.load("{}"), Error);
}

}  // namespace
}  // namespace vigil::ingest
