// Turns of `publish --loop`: every one of a later run and epoch than all before, nothing else changed.
#include "ingest/relabel.h"

#include <gtest/gtest.h>

#include "ingest/decode.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;

Frame recorded(std::uint64_t epoch, std::uint64_t run) {
  Frame frame = frame_of(good_map().set("epoch", value(epoch)).set("run", value(run)).bytes());
  frame.header = peek_header(frame.parts);
  return frame;
}

TEST(RelabelledTurns, AreLaterThanAllBefore) {
  RelabelledTurns turns;
  const std::vector<Frame> frames = {recorded(1000, 7), recorded(1000, 9), recorded(1004, 8)};
  for (const Frame& frame : frames) turns.see(frame.header);
  std::uint64_t latest_epoch = 0, latest_run = 0;
  for (std::uint64_t turn = 0; turn < 4; ++turn) {
    const std::uint64_t epoch_before = latest_epoch, run_before = latest_run;
    for (const Frame& frame : frames) {
      Frame sent = frame;
      ASSERT_TRUE(turns.relabel(sent.parts, turn));
      EventBatch batch, original;
      ASSERT_EQ(decode(sent, lookup, batch), Rejection::none);
      ASSERT_EQ(decode(frame, lookup, original), Rejection::none);
      EXPECT_EQ(batch.epoch, original.epoch + 5 * turn);
      EXPECT_EQ(batch.run, original.run + 3 * turn);
      EXPECT_GT(batch.epoch, epoch_before);
      EXPECT_GT(batch.run, run_before);
      EXPECT_EQ(batch.seq, original.seq);
      EXPECT_EQ(batch.inputs().at(1, 1), original.inputs().at(1, 1));
      EXPECT_EQ(batch.hw_bits().at(1), original.hw_bits().at(1));
      EXPECT_EQ(sent.parts == frame.parts, turn == 0);
      latest_epoch = std::max(latest_epoch, batch.epoch);
      latest_run = std::max<std::uint64_t>(latest_run, batch.run);
    }
  }
}

TEST(RelabelledTurns, EndWhereTheWireEnds) {
  RelabelledTurns turns;
  Frame frame = recorded(~0ull - 1, 7);
  turns.see(frame.header);
  ASSERT_TRUE(turns.relabel(frame.parts, 1));
  EXPECT_EQ(peek_header(frame.parts).epoch, ~0ull);
  frame = recorded(~0ull - 1, 7);
  const auto before = frame.parts;
  EXPECT_FALSE(turns.relabel(frame.parts, 2));
  EXPECT_EQ(frame.parts, before);
  RelabelledTurns runs;
  frame = recorded(5, 0xffffffff);
  runs.see(frame.header);
  EXPECT_FALSE(runs.relabel(frame.parts, 1));
}

TEST(RelabelledTurns, LeaveWhatCannotBeReadAsItIs) {
  RelabelledTurns turns;
  turns.see(recorded(5, 7).header);
  const std::string good = good_map().bytes();
  for (const std::string& body :
       {std::string(), std::string("\x91\x01"), good.substr(0, good.size() / 3), good_map().drop("run").bytes(),
        good_map().set("epoch", value(1.5)).bytes(), good_map().add("run", value(8)).bytes()}) {
    std::vector<std::string> parts = {"scouting/anomaly", body};
    EXPECT_TRUE(turns.relabel(parts, 1));
    EXPECT_EQ(parts[1], body);
  }
  std::vector<std::string> one = {good};
  EXPECT_TRUE(turns.relabel(one, 1));
  EXPECT_EQ(one[0], good);
}

}  // namespace
}  // namespace vigil::ingest
