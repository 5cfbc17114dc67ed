// decode: one row a rejection cause, every way to write an integer, what is accepted, and what is left of a rejected
// batch.
#include "ingest/decode.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;

Rejection rejection_of(const Frame& frame) {
  EventBatch batch;
  return decode(frame, lookup, batch);
}
Rejection rejection_of(const MapText& map) { return rejection_of(frame_of(map.bytes())); }

std::string nested(int levels) {  // arrays within arrays
  return std::string(static_cast<std::size_t>(levels), '\x91') + '\x01';
}

struct Case {
  const char* what;
  std::function<Frame()> frame;
  Rejection expected;
};

Frame with(const std::function<void(MapText&)>& change) {
  MapText map = good_map();
  change(map);
  return frame_of(map.bytes());
}
Case case_of(const char* what, Rejection expected, const std::function<void(MapText&)>& change) {
  return {what, [change] { return with(change); }, expected};
}
Case set(const char* what, Rejection expected, const char* key, const std::string& packed_value) {
  return case_of(what, expected, [=](MapText& m) { m.set(key, packed_value); });
}
Case set(const char* what, Rejection expected, const char* key, const MapText& map) {
  return set(what, expected, key, map.bytes());
}

std::string text(const char* t) { return value(std::string(t)); }
std::string context(const char* key, const std::string& packed_value) {
  return MapText{}.add(key, packed_value).bytes();
}
MapText inputs(const std::vector<std::int32_t>& v) { return column("<i4", {2, 3}, words(v)); }

std::vector<Case> all_cases() {
  using R = Rejection;
  const auto orbits = [](std::uint64_t a, std::uint64_t b) { return value(std::vector<std::uint64_t>{a, b}); };
  const std::string good = good_map().bytes();
  const auto frame = [](const char* what, R expected, std::vector<std::string> parts) {
    return Case{what,
                [parts] {
                  Frame f;
                  f.parts = parts;
                  return f;
                },
                expected};
  };
  std::vector<Case> cases = {
      frame("no parts", R::parts, {}),
      frame("one part", R::parts, {good}),
      frame("three parts", R::parts, {"scouting/anomaly", good, ""}),
      {"65 MiB", [] { return frame_of(std::string(65u << 20, '\0')); }, R::too_large},
      frame("empty body", R::not_msgpack, {"scouting/anomaly", ""}),
      frame("reserved byte", R::not_msgpack, {"scouting/anomaly", "\xc1"}),
      frame("cut short", R::not_msgpack, {"scouting/anomaly", good.substr(0, good.size() - 1)}),
      frame("a map of 2^32-1", R::not_msgpack, {"scouting/anomaly", std::string("\xdf\xff\xff\xff\xff", 5)}),
      set("binary of 2^32-1", R::not_msgpack, "extra", std::string("\xc6\xff\xff\xff\xff", 5)),
      set("array of 2^32-1", R::not_msgpack, "extra", std::string("\xdd\xff\xff\xff\xff", 5)),
      set("nested too deep", R::limits, "extra", nested(4)),
      set("nested 100000 deep", R::limits, "extra", nested(100'000)),
      frame("byte behind", R::trailing_bytes, {"scouting/anomaly", good + '\xc0'}),
      frame("an array", R::not_a_map, {"scouting/anomaly", "\x91\x01"}),
      frame("an integer", R::not_a_map, {"scouting/anomaly", "\x01"}),
      set("v 2", R::version, "v", value(2)),
      set("v 0", R::version, "v", value(0)),
      set("v text", R::wrong_type, "v", text("1")),
      set("source bytes", R::wrong_type, "source", binary("link0")),
      set("source not utf-8", R::wrong_type, "source", text("link\xff")),
      set("source overlong utf-8", R::wrong_type, "source", text("\xc0\xaf")),
      set("seq negative", R::wrong_type, "seq", value(-1)),
      set("epoch real", R::wrong_type, "epoch", value(1.5)),
      set("run 2^32", R::wrong_type, "run", value(1ull << 32)),
      set("ls 2^32", R::wrong_type, "ls", value(1ull << 32)),
      set("n 2^32", R::wrong_type, "n", value(1ull << 32)),
      set("n_bx real", R::wrong_type, "n_bx", value(1.5)),
      set("orbits of three", R::wrong_type, "orbits", value(std::vector<int>{1, 2, 3})),
      set("orbits nested", R::wrong_type, "orbits", std::string("\x92\x91\x01\x01")),
      set("orbit 2^32", R::wrong_type, "orbits", orbits(kOrbit, 1ull << 32)),
      set("orbits an integer", R::wrong_type, "orbits", value(1)),
      set("stream nil", R::wrong_type, "stream", "\xc0"),
      set("model nil", R::wrong_type, "model", "\xc0"),
      set("selection integer", R::wrong_type, "selection", value(1)),
      set("model_hash integer", R::wrong_type, "model_hash", value(1)),
      set("context array", R::wrong_type, "context", "\x90"),
      set("fill text", R::wrong_type, "context", context("fill", text("1"))),
      set("menu integer", R::wrong_type, "context", context("menu", value(1))),
      set("prescale 2^63", R::wrong_type, "context", context("prescale_column", value(1ull << 63))),
      set("pileup text", R::wrong_type, "context", context("pileup", text("40"))),
      set("run_start_ns negative", R::wrong_type, "context", context("run_start_ns", value(-1))),
      set("fill twice", R::wrong_type, "context", MapText{}.add("fill", value(1)).add("fill", value(1))),
      set("inputs an array", R::wrong_type, "inputs", "\x90"),
      set("inputs nil", R::wrong_type, "inputs", "\xc0"),
      set("n nil", R::wrong_type, "n", "\xc0"),
      case_of("a nil key twice", R::wrong_type,
              [](MapText& m) { m.add("model_hash", "\xc0").add("model_hash", "\xc0"); }),
      set("n_bx above the crossings", R::limits, "n_bx", value(100u * 3564u + 1)),
      set("n_bx 2^61", R::limits, "n_bx", value(1ull << 61)),
      case_of("seq twice", R::wrong_type, [](MapText& m) { m.add("seq", value(5)); }),
      set("n above 2^22", R::limits, "n", value((1u << 22) + 1)),
      set("4097 input columns", R::limits, "inputs", column("<i4", {2, 4097}, std::string(2 * 4 * 4097, '\0'))),
      set("a source of 5000 bytes", R::limits, "source", value(std::string(5000, 'x'))),
      frame("other topic", R::topic, {"scouting/other", good}),
      frame("no topic", R::topic, {"", good}),
      frame("longer topic", R::topic, {"scouting/anomaly/", good}),
      frame("shorter topic", R::topic, {"scouting", good}),
      {"unknown model", [] { return frame_of(good_map().set("model", text("other")).bytes(), "scouting/other"); },
       R::unknown_model},
      set("ls off by one", R::lumisection, "ls", value(4)),
      set("ls 0", R::lumisection, "ls", value(0)),
      set("orbits straddle", R::lumisection, "orbits", orbits(kOrbit, 3u << 18)),
      set("orbits reversed", R::orbits, "orbits", orbits(kOrbit + 99, kOrbit)),
      set("event before", R::orbits, "orbits", orbits(kOrbit + 2, kOrbit + 99)),
      set("event behind", R::orbits, "orbits", orbits(kOrbit, kOrbit + 98)),
      set("bx 0", R::bunch_crossing, "bx", column("<u2", {2}, words<std::uint16_t>({0, 1}))),
      set("bx 3565", R::bunch_crossing, "bx", column("<u2", {2}, words<std::uint16_t>({1, 3565}))),
      set("bx 65535", R::bunch_crossing, "bx", column("<u2", {2}, words<std::uint16_t>({1, 65535}))),
      set("orbit i4", R::column, "orbit", column("<i4", {2}, words<std::uint32_t>({kOrbit, kOrbit}))),
      set("orbit u8", R::column, "orbit", column("<u8", {2}, std::string(16, '\0'))),
      set("bx big-endian", R::column, "bx", column(">u2", {2}, words<std::uint16_t>({256, 256}))),
      set("inputs real", R::column, "inputs", column("<f4", {2, 3}, std::string(24, '\0'))),
      set("inputs unsigned", R::column, "inputs", column("<u4", {2, 3}, std::string(24, '\0'))),
      set("inputs i8", R::column, "inputs", column("<i8", {2, 3}, std::string(48, '\0'))),
      set("inputs |i2", R::column, "inputs", column("|i2", {2, 3}, std::string(12, '\0'))),
      set("inputs without order", R::column, "inputs", column("i2", {2, 3}, std::string(12, '\0'))),
      set("inputs flat", R::column, "inputs", column("<i4", {6}, std::string(24, '\0'))),
      set("inputs of 3 events", R::column, "inputs", column("<i4", {3, 3}, std::string(36, '\0'))),
      set("inputs of 2 features", R::column, "inputs", column("<i4", {2, 2}, std::string(16, '\0'))),
      set("inputs of no features", R::column, "inputs", column("<i4", {2, 0}, "")),
      set("data too short", R::column, "inputs", column("<i4", {2, 3}, std::string(23, '\0'))),
      set("data too long", R::column, "inputs", column("<i4", {2, 3}, std::string(25, '\0'))),
      set("shape overflows", R::column, "hw_outputs", column("<i8", {2, 1ull << 60}, "")),
      set("shape 2^63", R::column, "hw_outputs", column("<i8", {1ull << 63, 1ull << 63}, "")),
      set("negative shape", R::column, "bx",
          MapText{}.add("t", text("<u2")).add("s", value(std::vector<int>{-2})).add("d", binary("1234"))),
      set("data as text", R::column, "bx",
          MapText{}.add("t", text("<u2")).add("s", value(std::vector<int>{2})).add("d", text("\1\0\1"))),
      set("unknown key in a column", R::column, "bx",
          column("<u2", {2}, words<std::uint16_t>({1, 1})).add("order", text("C"))),
      set("column without shape", R::column, "bx", column("<u2", {2}, words<std::uint16_t>({1, 1})).drop("s")),
      set("key twice in a column", R::column, "bx",
          column("<u2", {2}, words<std::uint16_t>({1, 1})).drop("s").add("t", text("<u2"))),
      set("hw_outputs of 2 words", R::column, "hw_outputs", column("<i2", {2, 2}, std::string(8, '\0'))),
      set("hw_outputs unsigned", R::column, "hw_outputs", column("<u2", {2, 3}, std::string(12, '\0'))),
      set("hw_bits signed", R::column, "hw_bits", column("<i8", {2}, std::string(16, '\0'))),
      set("hw_bits [n, 1]", R::column, "hw_bits", column("<u8", {2, 1}, std::string(16, '\0'))),
      set("raw word above", R::word_range, "inputs", inputs({512, 0, 0, 0, 0, 0})),
      set("raw word below", R::word_range, "inputs", inputs({0, 0, 0, -513, 0, 0})),
      set("unsigned word below", R::word_range, "inputs", inputs({0, 0, -1, 0, 0, 0})),
      set("unsigned word above", R::word_range, "inputs", inputs({0, 0, 0, 0, 0, 256})),
      set("code above", R::word_range, "inputs", inputs({0, 4096, 0, 0, 0, 0})),
      set("code below", R::word_range, "inputs", inputs({0, 0, 0, 0, -4097, 0})),
      set("output above", R::word_range, "hw_outputs",
          column("<i2", {2, 3}, words<std::int16_t>({4096, 0, 0, 0, 0, 0}))),
      set("unsigned output below", R::word_range, "hw_outputs",
          column("|i1", {2, 3}, words<std::int8_t>({0, 0, 0, -1, 0, 0}))),
      set("last output below", R::word_range, "hw_outputs",
          column("|i1", {2, 3}, words<std::int8_t>({0, 0, 0, 0, 0, -33}))),
  };
  for (const char* key : {"v", "source", "seq", "epoch", "stream", "run", "ls", "orbits", "n_bx", "model", "n", "orbit",
                          "bx", "inputs"}) {
    cases.push_back(case_of(key, R::missing_key, [key](MapText& m) { m.drop(key); }));
  }
  return cases;
}

TEST(Decode, RejectsByCause) {
  ASSERT_EQ(rejection_of(good_map()), Rejection::none);
  for (const Case& c : all_cases()) {
    EXPECT_EQ(to_string(rejection_of(c.frame())), to_string(c.expected)) << c.what;
  }
}

TEST(Decode, CausesHaveTheNamesOfTheirValues) {
  EXPECT_EQ(to_string(Rejection::clock_jump), "clock jump");
  EXPECT_EQ(to_string(Rejection::unknown_model), "unknown model");
  EXPECT_EQ(to_string(Rejection::bunch_crossing), "bunch crossing");
  for (int i = 0; i < static_cast<int>(Rejection::count_); ++i)
    EXPECT_NE(to_string(static_cast<Rejection>(i)), "unknown");
}

TEST(Decode, ReadsWhatWasSent) {
  MapText map = good_map();
  map.set("selection", text("HLT_x")).set("model_hash", value(std::string(64, 'A')));
  map.set("context", MapText{}
                         .add("fill", value(9000))
                         .add("menu", text("L1Menu"))
                         .add("prescale_column", value(-2))
                         .add("beam_mode", text("STABLE BEAMS"))
                         .add("pileup", value(62))
                         .add("filling_scheme", text("25ns_2400b"))
                         .add("run_start_ns", value(1'700'000'000'000'000'000ull))
                         .add("origin", text("simulation"))
                         .bytes());
  const Frame frame = frame_of(map.bytes());
  EventBatch b;
  ASSERT_EQ(decode(frame, lookup, b), Rejection::none);
  EXPECT_EQ(b.source, "link0");
  EXPECT_EQ(b.seq, 5u);
  EXPECT_EQ(b.epoch, 1'700'000'000'000ull);
  EXPECT_EQ(b.stream, "scouting");
  EXPECT_EQ(b.selection, "HLT_x");
  EXPECT_EQ(b.run, 7u);
  EXPECT_EQ(b.ls, 3u);
  EXPECT_EQ(b.first_orbit, kOrbit);
  EXPECT_EQ(b.last_orbit, kOrbit + 99);
  EXPECT_EQ(b.n_bx, 1000u);
  EXPECT_EQ(b.model, "anomaly");
  EXPECT_EQ(b.model_hash, std::string(64, 'a'));  // hex digits are digits
  EXPECT_EQ(b.context, (Context{9000, "L1Menu", -2, "STABLE BEAMS", 62.0, "25ns_2400b", 1'700'000'000'000'000'000ull,
                                "simulation"}));
  EXPECT_EQ(b.n, 2u);
  EXPECT_EQ(b.unknown_keys, 0u);
  EXPECT_EQ(b.orbit.at(1), kOrbit + 99);
  EXPECT_EQ(b.bx.at(1), 3564);
  EXPECT_EQ(b.inputs().at(1, 1), -4096);
  EXPECT_EQ(b.hw_outputs().at(0, 0), 4095);
  EXPECT_EQ(b.hw_bits().at(1), std::numeric_limits<std::int64_t>::min());
  const char* data = static_cast<const char*>(b.inputs().data);
  EXPECT_TRUE(data > frame.parts[1].data() && data < frame.parts[1].data() + frame.parts[1].size()) << "copied";
}

TEST(Decode, TakesEveryEncodingOfAnInteger) {
  const std::vector<std::string> fives = {"\x05",
                                          {"\xcc\x05", 2},
                                          {"\xcd\x00\x05", 3},
                                          {"\xce\x00\x00\x00\x05", 5},
                                          {"\xcf\x00\x00\x00\x00\x00\x00\x00\x05", 9},
                                          {"\xd0\x05", 2},
                                          {"\xd1\x00\x05", 3},
                                          {"\xd2\x00\x00\x00\x05", 5},
                                          {"\xd3\x00\x00\x00\x00\x00\x00\x00\x05", 9}};
  for (const std::string& five : fives) {
    MapText map = good_map();
    map.set("seq", five).set("run", five).set("n_bx", five);
    map.set("context", MapText{}.add("prescale_column", five).add("pileup", five).bytes());
    const Frame frame = frame_of(map.bytes());
    EventBatch b;
    ASSERT_EQ(decode(frame, lookup, b), Rejection::none);
    EXPECT_EQ(b.seq, 5u);
    EXPECT_EQ(b.run, 5u);
    EXPECT_EQ(b.n_bx, 5u);
    EXPECT_EQ(b.context.prescale_column, 5);
    EXPECT_EQ(b.context.pileup, 5.0);
  }
  // The same in a shape, and in n, ls and v.
  const std::string two("\xd3\x00\x00\x00\x00\x00\x00\x00\x02", 9), three("\xd1\x00\x03", 3),
      one("\xce\x00\x00\x00\x01", 5);
  MapText map = good_map();
  map.set("v", one).set("ls", three).set("n", two);
  map.set(
      "inputs",
      MapText{}.add("d", binary(std::string(6, '\0'))).add("s", "\x92" + two + three).add("t", text("|i1")).bytes());
  EXPECT_EQ(rejection_of(map), Rejection::none);
  const std::vector<std::string> minus_two = {"\xfe", "\xd0\xfe", "\xd1\xff\xfe", "\xd2\xff\xff\xff\xfe",
                                              "\xd3\xff\xff\xff\xff\xff\xff\xff\xfe"};
  for (const std::string& minus : minus_two) {
    const Frame frame = with([&](MapText& m) { m.set("context", context("prescale_column", minus)); });
    EventBatch b;
    ASSERT_EQ(decode(frame, lookup, b), Rejection::none);
    EXPECT_EQ(b.context.prescale_column, -2);
    EXPECT_EQ(rejection_of(good_map().set("seq", minus)), Rejection::wrong_type);
  }
  EventBatch b;
  const Frame largest = with([](MapText& m) { m.set("seq", value(~0ull)).set("run", value(~0u)); });
  ASSERT_EQ(decode(largest, lookup, b), Rejection::none);
  EXPECT_EQ(b.seq, ~0ull);
  EXPECT_EQ(b.run, ~0u);
}

TEST(Decode, IgnoresAndCountsUnknownKeys) {
  MapText map = good_map();
  map.add("colour", text("red")).add("colour", nested(3));  // level 4 of 4
  map.set("context", MapText{}.add("mood", value(true)).add("fill", value(1)).bytes());
  std::string body = map.bytes();
  // One pair more, whose key is no text: {7: nil}.
  body[2] = static_cast<char>(body[2] + 1);
  ASSERT_EQ(static_cast<unsigned char>(body[0]), 0xdeu);
  body += "\x07\xc0";
  const Frame frame = frame_of(body);
  EventBatch b;
  ASSERT_EQ(decode(frame, lookup, b), Rejection::none);
  EXPECT_EQ(b.unknown_keys, 4u);
  EXPECT_EQ(b.context.fill, 1u);
}

TEST(Decode, TakesAHeartbeatWithAndWithoutColumns) {
  MapText map = good_map();
  map.set("n", value(0));
  for (const char* key : {"orbit", "bx", "inputs", "hw_outputs", "hw_bits"}) map.drop(key);
  EventBatch b;
  const Frame bare = frame_of(map.bytes());
  ASSERT_EQ(decode(bare, lookup, b), Rejection::none);
  EXPECT_FALSE(b.inputs().present());
  std::vector<std::int64_t> scratch;
  EXPECT_EQ(raw_inputs(b, model(), scratch).data, nullptr);
  map.set("orbit", column("<u4", {0}, "").bytes()).set("inputs", column("<i2", {0, 3}, "").bytes());
  EXPECT_EQ(rejection_of(map), Rejection::none);
  map.set("inputs", column("<i2", {0, 2}, "").bytes());
  EXPECT_EQ(rejection_of(map), Rejection::column);
  map.set("inputs", column("<i2", {0, 5000}, "").bytes());
  EXPECT_EQ(rejection_of(map), Rejection::limits);
}

TEST(Decode, HoldsAForeignBatchAgainstItselfOnly) {
  MapText map = good_map();
  map.set("model_hash", value(std::string(64, 'b')));
  map.set("inputs", column("<i4", {2, 5}, std::string(40, '\x7f')).bytes());
  map.set("hw_outputs", column("<i8", {2, 1}, std::string(16, '\x7f')).bytes());
  EXPECT_EQ(rejection_of(map), Rejection::none);
  map.set("inputs", column("<i4", {3, 5}, std::string(60, '\0')).bytes());
  EXPECT_EQ(rejection_of(map), Rejection::column);
}

TEST(Decode, RejectedBatchKeepsWhatWasReadable) {
  const Frame frame = with([](MapText& m) { m.set("bx", column("<u2", {2}, std::string(4, '\0')).bytes()); });
  EventBatch b;
  ASSERT_EQ(decode(frame, lookup, b), Rejection::bunch_crossing);
  EXPECT_EQ(b.source, "link0");
  EXPECT_EQ(b.model, "anomaly");
  EXPECT_EQ(b.stream, "scouting");
  EXPECT_EQ(b.seq, 5u);
  EXPECT_FALSE(b.orbit.present());
  EXPECT_TRUE(b.blocks.empty());
  const std::string body = good_map().bytes();
  ASSERT_EQ(decode(frame_of(body.substr(0, body.size() - 1)), lookup, b), Rejection::not_msgpack);
  EXPECT_EQ(b.model, "anomaly");
}

}  // namespace
}  // namespace vigil::ingest
