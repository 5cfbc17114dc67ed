// What a rejection says: key or column, found, expected; never more of the message than 64 escaped characters. And what
// is no rejection: nil for an optional key, an annotation without a usable value, columns in Fortran order.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ingest/decode.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;

std::string text(const char* t) { return value(std::string(t)); }

struct Said {
  Rejection cause = Rejection::none;
  std::string detail;
};

Said said_of(const Frame& frame) {
  EventBatch batch;
  Said said;
  said.cause = decode(frame, lookup, batch, &said.detail);
  return said;
}
Said said_of(const std::function<void(MapText&)>& change) {
  MapText map = good_map();
  change(map);
  return said_of(frame_of(map.bytes()));
}

struct Case {
  const char* what;
  std::function<void(MapText&)> change;
  const char* said;
};
Case set(const char* key, const std::string& packed_value, const char* said) {
  return {key, [=](MapText& m) { m.set(key, packed_value); }, said};
}
Case set(const char* key, const MapText& map, const char* said) { return set(key, map.bytes(), said); }
Case context(const char* key, const std::string& packed_value, const char* said) {
  return set("context", MapText{}.add(key, packed_value), said);
}

const std::string kTimestamp("\xd6\xff\x00\x00\x00\x01", 6);
const std::string kDeep =
    "\x81\xa1"
    "a\x81\xa1"
    "b\x81\xa1"
    "c\x81\xa1"
    "d\x01";

std::vector<Case> cases() {
  const auto bx = [](const std::string& type) { return column(type, {2}, words<std::uint16_t>({1, 2})); };
  return {
      set("epoch", value(1.5), "epoch: float64, expected an unsigned integer"),
      set("epoch", value(1.5f), "epoch: float32, expected an unsigned integer"),
      set("n_bx", value(1000.5), "n_bx: float64, expected an unsigned integer"),
      set("seq", value(-1), "seq: -1, expected an unsigned integer"),
      set("run", text("7"), "run: string '7', expected an unsigned integer of 32 bits"),
      set("run", value(1ull << 32), "run: 4294967296, expected an unsigned integer of 32 bits"),
      set("source", binary("link0"), "source: binary of 5 bytes, expected a string"),
      set("source", text("link\xff"), "source: string 'link\\xff', expected UTF-8"),
      set("source", "\xc0", "source: nil, expected a string"),
      set("source", value(std::string(5000, 'x')), "source: string of 5000 bytes, expected 4096 at most"),
      set("model_hash", value(true), "model_hash: boolean, expected a string"),
      set("orbits", value(std::vector<int>{1, 2, 3}),
          "orbits: array of 3, expected an array of two unsigned integers of 32 bits"),
      set("orbits", value(std::vector<double>{1.5, 2.5}), "orbits: float64, expected an unsigned integer of 32 bits"),
      set("context", "\x90", "context: array of 0, expected a map"),
      context("menu", value(1), "context.menu: 1, expected a string"),
      context("fill", value(-1), "context.fill: -1, expected an unsigned integer"),
      context("prescale_column", value(1ull << 63),
              "context.prescale_column: 9223372036854775808, expected an integer of 64 bits"),
      context("pileup", text("40"), "context.pileup: string '40', expected a number"),
      context("run_start_ns", kTimestamp, "context.run_start_ns: timestamp extension, expected an unsigned integer"),
      context("origin", value(1), "context.origin: 1, expected a string"),
      {"member twice",
       [](MapText& m) { m.set("context", MapText{}.add("fill", value(1)).add("fill", value(1)).bytes()); },
       "context.fill: there twice, expected once"},
      {"key twice", [](MapText& m) { m.add("seq", value(5)); }, "seq: there twice, expected once"},
      {"missing", [](MapText& m) { m.drop("n_bx"); }, "n_bx: missing"},
      {"missing, capital", [](MapText& m) { m.drop("source").add("Source", text("x")); },
       "source: missing; unknown key 'Source'"},
      {"no inputs", [](MapText& m) { m.drop("inputs"); }, "inputs: missing"},
      set("inputs", "\xc0", "inputs: nil, expected a column"),
      set("inputs", "\x90", "inputs: array of 0, expected a column: a map of t, s and d"),
      set("provenance", kDeep, "provenance: nested deeper, expected 4 levels at most, the batch map included"),
      set("v", value(2), "v: 2, expected 1"),
      set("n", value((1u << 22) + 1), "n: 4194305, expected 4194304 at most"),
      set("n_bx", value(1ull << 61),
          "n_bx: 2305843009213693952, expected 356400 at most, the crossings of orbits 524288 to 524387"),
      set("ls", value(2), "ls: 2, expected 3, of orbits 524288 to 524387"),
      set("orbits", value(std::vector<std::uint32_t>{kOrbit, 3u << 18}),
          "orbits: 524288 to 786432, expected orbits of one lumisection, not of 3 to 4"),
      set("orbits", value(std::vector<std::uint32_t>{kOrbit + 1, kOrbit}),
          "orbits: 524289 to 524288, expected the first not above the last"),
      set("inputs", column(">i4", {2, 3}, std::string(24, '\0')), "inputs: '>i4', expected <i1, <i2 or <i4"),
      set("inputs", column("<f4", {2, 3}, std::string(24, '\0')), "inputs: '<f4', expected <i1, <i2 or <i4"),
      set("inputs", column("<i4", {3, 2}, std::string(24, '\0')), "inputs: shape [3,2], expected shape [2,3]"),
      set("inputs", column("<i4", {2, 2}, std::string(16, '\0')), "inputs: shape [2,2], expected shape [2,3]"),
      set("inputs", column("<i4", {6}, std::string(24, '\0')),
          "inputs: s is array of 1, expected an array of the numbers of events and of columns"),
      set("inputs", column("<i4", {2, 3}, std::string(23, '\0')),
          "inputs: d of 23 bytes, expected 24 for shape [2,3] of 4-byte words"),
      set("inputs", column("<i4", {2, 4097}, std::string(8 * 4097, '\0')),
          "inputs: 4097 columns, expected 4096 at most"),
      set("hw_outputs", column("<i2", {2, 2}, std::string(8, '\0')), "hw_outputs: shape [2,2], expected shape [2,3]"),
      set("hw_bits", column("<i8", {2}, std::string(16, '\0')), "hw_bits: '<i8', expected <u1, <u2, <u4 or <u8"),
      set("orbit", column("<u8", {2}, std::string(16, '\0')), "orbit: '<u8', expected <u4"),
      set("bx", bx("<u2").set("d", text("\1\1\2\2")), "bx: d is string of 4 bytes, expected binary (msgpack bin)"),
      set("bx", bx("<u2").set("d", value(std::vector<int>{1, 0, 2, 0})),
          "bx: d is array of 4, expected binary (msgpack bin)"),
      set("bx", bx("<u2").set("t", value(2)), "bx: t is 2, expected a string"),
      set("bx", bx("<u2").drop("s"), "bx: s is missing, expected t, s and d"),
      set("bx", bx("<u2").add("t", text("<u2")), "bx: t is there twice, expected once"),
      set("bx", bx("<u2").add("name", text("x")), "bx: unknown key 'name', expected t, s, d or o"),
      set("bx", bx("<u2").add("o", text("A")), "bx: o is string 'A', expected 'C' or 'F'"),
      set("bx", column("<u2", {2}, words<std::uint16_t>({1, 0})), "bx, row 1: 0, expected 1..3564"),
      set("orbit", column("<u4", {2}, words<std::uint32_t>({kOrbit, 7})),
          "orbit, row 1: 7, expected 524288..524387, the batch's orbits"),
      set("inputs", column("<i4", {2, 3}, words<std::int32_t>({0, 0, 0, 512, 0, 0})),
          "inputs, row 1, column 0 (pt): 512, expected -512..511 (ap_fixed<10,8>)"),
      set("inputs", column("<i4", {2, 3}, words<std::int32_t>({0, 4096, 0, 0, 0, 0})),
          "inputs, row 0, column 1 (code): 4096, expected an integer code of ap_fixed<18,13>"),
      set("hw_outputs", column("<i2", {2, 3}, words<std::int16_t>({0, 0, 32, 0, 0, 0})),
          "hw_outputs, row 0, column 2 (latent): 32, expected -32..31 (ap_fixed<6,3>)"),
  };
}

TEST(Refusal, NamesPlaceFoundAndExpected) {
  for (const Case& c : cases()) {
    const Said said = said_of(c.change);
    EXPECT_NE(said.cause, Rejection::none) << c.said;
    EXPECT_EQ(said.detail, c.said) << c.what;
  }
}

TEST(Refusal, NamesWhatIsWrongWithTheMessage) {
  const std::string good = good_map().bytes();
  Frame frame;
  EXPECT_EQ(said_of(frame).detail, "0 parts, expected 2");
  frame.parts = {good};
  EXPECT_EQ(said_of(frame).detail, "1 part, expected 2");
  frame.parts = {"scouting/anomaly", "", good};
  EXPECT_EQ(said_of(frame).detail, "3 parts, expected 2");
  EXPECT_EQ(said_of(frame_of(good, "anomaly")).detail,
            "topic: 'anomaly', expected 'scouting/anomaly', <stream>/<model> of the body");
  EXPECT_EQ(said_of(frame_of(good + '\xc0')).detail, "body: 1 bytes after its map, expected none");
  EXPECT_EQ(said_of(frame_of("\x92\x01\x02")).detail, "body: array of 2, expected a map");
  EXPECT_EQ(said_of(frame_of(good.substr(0, good.size() - 1))).detail.substr(0, 20), "body: broken at byte");
  EXPECT_NE(said_of(frame_of(good.substr(0, good.size() - 1))).detail.find("'hw_bits'"), std::string::npos);
  EXPECT_EQ(said_of(frame_of(good_map().set("model", text("ANOMALY")).bytes(), "scouting/ANOMALY")).detail,
            "model: 'ANOMALY', expected the name of a loaded package");
  EXPECT_EQ(said_of(frame_of(std::string(65u << 20, '\0'))).detail, "68157456 bytes, expected 67108864 at most");
  // Keys as bytes: {b"v": 1}.
  EXPECT_EQ(said_of(frame_of("\x81\xc4\x01v\x01")).detail, "v: missing; 1 keys are no strings");
  EXPECT_EQ(said_of(frame_of(good)).detail, "");
}

TEST(Refusal, QuotesLittleAndNothingRaw) {
  std::string hostile = "\x1b[31m\n\r\x07\xff\xe2\x80\xae";
  while (hostile.size() < 4000) hostile += hostile;
  std::vector<Said> all;
  for (const Case& c : cases()) all.push_back(said_of(c.change));
  for (const char* key : {"source", "stream", "model", "selection"}) {
    all.push_back(said_of([&](MapText& m) { m.set(key, value(hostile)); }));
    all.push_back(said_of([&](MapText& m) { m.set(key, value(hostile.substr(0, 7))); }));
  }
  all.push_back(said_of([&](MapText& m) { m.drop("v").add(hostile, value(1)); }));
  all.push_back(said_of([&](MapText& m) { m.add(hostile, kDeep); }));
  all.push_back(said_of([&](MapText& m) { m.set("bx", column(hostile, {2}, "1234").bytes()); }));
  all.push_back(said_of([&](MapText& m) { m.set("bx", column("<u2", {2}, "1234").add(hostile, value(1)).bytes()); }));
  all.push_back(said_of(frame_of(good_map().bytes(), hostile)));
  all.push_back(said_of(frame_of(good_map().add(hostile, "").bytes())));
  for (const Said& said : all) {
    EXPECT_EQ(said.cause == Rejection::none, said.detail.empty());
    EXPECT_LT(said.detail.size(), 400u);
    for (const char c : said.detail) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << said.detail;
    EXPECT_EQ(said.detail.find("\xe2\x80\xae"), std::string::npos);
  }
}

TEST(Optional, NilReadsAsAbsent) {
  EventBatch batch, plain;
  const MapText bare = good_map().drop("hw_outputs").drop("hw_bits");
  const Frame without = frame_of(bare.bytes());
  ASSERT_EQ(decode(without, lookup, plain), Rejection::none);
  MapText map = bare;
  for (const char* key : {"selection", "model_hash", "hw_outputs", "hw_bits", "context"}) map.add(key, "\xc0");
  const Frame all_nil = frame_of(map.bytes());
  ASSERT_EQ(decode(all_nil, lookup, batch), Rejection::none);
  EXPECT_EQ(batch.selection, "zero_bias");
  EXPECT_FALSE(batch.model_hash);
  EXPECT_FALSE(batch.hw_outputs().present());
  EXPECT_FALSE(batch.hw_bits().present());
  EXPECT_EQ(batch.context, Context{});
  EXPECT_EQ(batch.unknown_keys, 0u);
  EXPECT_EQ(batch.ignored_annotations, 0u);
  MapText members;
  for (const char* key :
       {"fill", "menu", "prescale_column", "beam_mode", "pileup", "filling_scheme", "run_start_ns", "origin"}) {
    members.add(key, "\xc0");
  }
  const Frame members_nil = frame_of(good_map().set("context", members.bytes()).bytes());
  ASSERT_EQ(decode(members_nil, lookup, batch), Rejection::none);
  EXPECT_EQ(batch.context, Context{});
  EXPECT_EQ(batch.ignored_annotations, 0u);
  // Columns too where there is no event.
  MapText heartbeat = good_map().set("n", value(0));
  for (const char* key : {"orbit", "bx", "inputs", "hw_outputs", "hw_bits"}) heartbeat.set(key, "\xc0");
  EXPECT_EQ(said_of(frame_of(heartbeat.bytes())).cause, Rejection::none);
}

TEST(Optional, AnAnnotationNeverDecidesOverTheData) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double pileup : {nan, infinity, -infinity, -0.5, 1000.5, 1e300}) {
    const Frame frame = frame_of(
        good_map().set("context", MapText{}.add("pileup", value(pileup)).add("fill", value(9)).bytes()).bytes());
    EventBatch batch;
    ASSERT_EQ(decode(frame, lookup, batch), Rejection::none) << pileup;
    EXPECT_FALSE(batch.context.pileup) << pileup;
    EXPECT_EQ(batch.context.fill, 9u);
    EXPECT_EQ(batch.ignored_annotations, 1u);
  }
  for (const double pileup : {0.0, 62.5, 1000.0}) {
    const Frame frame = frame_of(good_map().set("context", MapText{}.add("pileup", value(pileup)).bytes()).bytes());
    EventBatch batch;
    ASSERT_EQ(decode(frame, lookup, batch), Rejection::none);
    EXPECT_EQ(batch.context.pileup, pileup);
    EXPECT_EQ(batch.ignored_annotations, 0u);
  }
}

TEST(Optional, TakesAllCrossingsOfTheOrbits) {
  EXPECT_EQ(said_of([](MapText& m) { m.set("n_bx", value(100u * 3564u)); }).cause, Rejection::none);
}

TEST(Columns, OfFortranOrderReadAsTheirRows) {
  const auto f = [](MapText map) { return map.add("o", text("F")).bytes(); };
  MapText map = good_map();
  map.set("inputs", f(column("<i4", {2, 3}, words<std::int32_t>({-512, 511, 4095, -4096, 255, 0}))));
  map.set("hw_outputs", f(column("<i2", {2, 3}, words<std::int16_t>({4095, 0, -32, 0, 31, 0}))));
  map.set("bx", f(column("<u2", {2}, words<std::uint16_t>({1, 3564}))));
  map.set("orbit", column("<u4", {2}, words<std::uint32_t>({kOrbit, kOrbit})).add("o", text("C")).bytes());
  const Frame by_columns = frame_of(map.bytes()), by_rows = frame_of(good_map().bytes());
  EventBatch a, b;
  ASSERT_EQ(decode(by_columns, lookup, a), Rejection::none);
  ASSERT_EQ(decode(by_rows, lookup, b), Rejection::none);
  std::vector<std::int64_t> scratch_a, scratch_b;
  const WordsView raw_a = raw_inputs(a, model(), scratch_a), raw_b = raw_inputs(b, model(), scratch_b);
  WordColumns columns_a, columns_b;
  raw_input_columns(a, model(), 0, 2, columns_a);
  raw_input_columns(b, model(), 0, 2, columns_b);
  for (std::size_t row = 0; row < 2; ++row) {
    EXPECT_EQ(a.bx.at(row), b.bx.at(row));
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_EQ(a.inputs().at(row, c), b.inputs().at(row, c));
      EXPECT_EQ(raw_a.at(row, c), raw_b.at(row, c));
      EXPECT_EQ(columns_a.column(c)[row], columns_b.column(c)[row]);
      EXPECT_EQ(a.hw_outputs().at(row, c), b.hw_outputs().at(row, c));
    }
  }
  map.set("inputs", f(column("<i4", {2, 3}, words<std::int32_t>({0, 0, 0, 0, 0, 256}))));
  EXPECT_EQ(said_of(frame_of(map.bytes())).detail,
            "inputs, row 1, column 2 (x): 256, expected 0..255 (ap_ufixed<8,8>)");
  map.set("inputs", f(column("<i4", {2, 3}, words<std::int32_t>({0, 512, 0, 0, 0, 0}))));
  EXPECT_EQ(said_of(frame_of(map.bytes())).detail,
            "inputs, row 1, column 0 (pt): 512, expected -512..511 (ap_fixed<10,8>)");
}

}  // namespace
}  // namespace vigil::ingest
