// Words and headers: codes at the edges of their types, raw_inputs, peek_header.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "ingest/decode.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;

TEST(Decode, ChecksCodesAtTheEdgesOfTheirType) {
  ModelInfo info = small_model();
  info.inputs.resize(1);
  info.inputs[0].integer_on_wire = true;
  const auto fits = [&](const FixedPoint& type, std::int32_t code) {
    info.inputs[0].type = type;
    MapText map = good_map();
    map.drop("hw_outputs").set("inputs", column("<i4", {2, 1}, words<std::int32_t>({0, code})).bytes());
    const Frame frame = frame_of(map.bytes());
    EventBatch b;
    const Rejection r = decode(
        frame, [&](std::string_view) { return &info; }, b);
    EXPECT_TRUE(r == Rejection::none || r == Rejection::word_range);
    if (r == Rejection::none) {
      std::vector<std::int64_t> scratch;
      const std::int64_t raw = raw_inputs(b, info, scratch).at(1, 0);
      const Wide exact = type.fraction() >= 0
                             ? (type.fraction() > 63 ? Wide{0} : Wide{code} * (Wide{1} << type.fraction()))
                             : Wide{code} / (Wide{1} << std::min(-type.fraction(), 100));
      EXPECT_EQ(raw, static_cast<std::int64_t>(exact)) << code;
      if (inputs_fit_columns(info)) {
        WordColumns columns;
        raw_input_columns(b, info, 1, 1, columns);
        EXPECT_EQ(columns.view().at(0, 0), raw_inputs(b, info, scratch).at(1, 0)) << code;
      }
    }
    return r == Rejection::none;
  };
  const FixedPoint shift5{.width = 18, .integer = 13};
  EXPECT_TRUE(fits(shift5, 4095));
  EXPECT_FALSE(fits(shift5, 4096));
  EXPECT_TRUE(fits(shift5, -4096));
  EXPECT_FALSE(fits(shift5, -4097));
  const FixedPoint integer{.width = 8, .integer = 8};
  EXPECT_TRUE(fits(integer, -128) && fits(integer, 127));
  EXPECT_FALSE(fits(integer, 128) || fits(integer, -129));
  const FixedPoint coarse{.width = 6, .integer = 9};  // F = -3: code = raw * 8
  EXPECT_TRUE(fits(coarse, 31 * 8) && fits(coarse, -32 * 8));
  EXPECT_FALSE(fits(coarse, 32 * 8) || fits(coarse, -33 * 8) || fits(coarse, 4) || fits(coarse, -1));
  const FixedPoint fraction{.width = 8, .integer = 0};  // F = 8: only 0 and -1/2 < code < 1/2
  EXPECT_TRUE(fits(fraction, 0));
  EXPECT_FALSE(fits(fraction, 1) || fits(fraction, -1));
  const FixedPoint sign{.width = 8, .integer = 1};  // -1 * 2^7 is its lowest word
  EXPECT_TRUE(fits(sign, -1));
  EXPECT_FALSE(fits(sign, 1));
  const FixedPoint widest{.width = 64, .integer = 1};
  EXPECT_TRUE(fits(widest, -1));
  EXPECT_FALSE(fits(widest, 1) || fits(widest, -2));
  const FixedPoint wide{.width = 40, .integer = 32};
  EXPECT_TRUE(fits(wide, std::numeric_limits<std::int32_t>::max()) &&
              fits(wide, std::numeric_limits<std::int32_t>::min()));
  const FixedPoint far_below{.width = 8, .integer = -100}, far_above{.width = 8, .integer = 100};
  EXPECT_TRUE(fits(far_below, 0) && fits(far_above, 0));
  EXPECT_FALSE(fits(far_below, 1) || fits(far_below, -1) || fits(far_above, 1) || fits(far_above, -64));
  const FixedPoint half_word{.width = 8, .integer = 39};  // F = -31
  EXPECT_TRUE(fits(half_word, std::numeric_limits<std::int32_t>::min()));
  EXPECT_FALSE(fits(half_word, 1 << 30));
}

TEST(RawInputs, GivesRawWordsAndCopiesOnlyWhereItMust) {
  const Frame frame = frame_of(good_map().bytes());
  EventBatch b;
  ASSERT_EQ(decode(frame, lookup, b), Rejection::none);
  std::vector<std::int64_t> scratch;
  const WordsView raw = raw_inputs(b, model(), scratch);
  EXPECT_EQ(raw.at(0, 0), -512);
  EXPECT_EQ(raw.at(0, 1), 4095 * 32);
  EXPECT_EQ(raw.at(1, 1), -4096 * 32);
  EXPECT_EQ(raw.at(0, 2), 255);
  ModelInfo plain = small_model();
  plain.inputs[1].integer_on_wire = false;
  EXPECT_EQ(raw_inputs(b, plain, scratch).data, b.inputs().data);
}

TEST(PeekHeader, ReadsKeysInAnyOrderAndNothingElse) {
  MapText map = good_map();
  std::reverse(map.pairs.begin(), map.pairs.end());
  const FrameHeader h = peek_header({"scouting/anomaly", map.bytes()});
  EXPECT_EQ(h, (FrameHeader{"scouting/anomaly", "scouting", "anomaly", "link0", 1'700'000'000'000ull, 5, 7, 3, kOrbit,
                            kOrbit + 99, 2}));
  EXPECT_EQ(peek_header({"scouting/anomaly", good_map().bytes(), "third"}), h);
}

TEST(PeekHeader, LeavesEmptyWhatItCannotRead) {
  EXPECT_EQ(peek_header({}), FrameHeader{});
  EXPECT_EQ(peek_header({"topic"}).topic, "topic");
  EXPECT_EQ(peek_header({"", "\xc1"}), FrameHeader{});
  const FrameHeader wrong = peek_header({"t", good_map().set("seq", value(-1)).set("source", value(3)).bytes()});
  EXPECT_FALSE(wrong.seq || wrong.source);
  EXPECT_EQ(wrong.run, 7u);
  EXPECT_FALSE(peek_header({"t", good_map().add("run", value(8)).bytes()}).run) << "there twice";
  EXPECT_FALSE(peek_header({"t", good_map().set("source", value(std::string(5000, 'x'))).bytes()}).source);
  const std::string body = good_map().bytes();
  const FrameHeader cut = peek_header({"t", body.substr(0, body.find("orbits"))});
  EXPECT_EQ(cut.seq, 5u);
  EXPECT_EQ(cut.run, 7u);
  EXPECT_FALSE(cut.first_orbit);
  EXPECT_LE(peek_header({std::string(1 << 20, 't'), body}).topic.size(), 2 * kLongestText + 1);
}

}  // namespace
}  // namespace vigil::ingest
