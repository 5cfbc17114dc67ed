// encode and decode are inverse.
#include "ingest/encode.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "ingest/decode.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;

void expect_equal(const Column& a, const Column& b) {
  ASSERT_EQ(a.present(), b.present());
  if (!a.present()) return;
  EXPECT_EQ(std::tie(a.word_bytes, a.is_signed, a.rows, a.columns),
            std::tie(b.word_bytes, b.is_signed, b.rows, b.columns));
  const std::size_t bytes = a.rows * a.columns * static_cast<std::size_t>(a.word_bytes);
  EXPECT_EQ(std::memcmp(a.data, b.data, bytes), 0);
}

void expect_round_trip(const EventBatch& a) {
  const ModelInfo info = small_model();
  Frame frame;
  frame.parts = encode(a);
  EventBatch b;
  ASSERT_EQ(to_string(decode(
                frame, [&](std::string_view) { return &info; }, b)),
            "none");
  EXPECT_EQ(std::tie(a.source, a.epoch, a.seq, a.stream, a.selection, a.run, a.ls, a.first_orbit, a.last_orbit, a.n_bx,
                     a.model, a.model_hash, a.context, a.n),
            std::tie(b.source, b.epoch, b.seq, b.stream, b.selection, b.run, b.ls, b.first_orbit, b.last_orbit, b.n_bx,
                     b.model, b.model_hash, b.context, b.n));
  EXPECT_EQ(b.unknown_keys, 0u);
  expect_equal(a.orbit, b.orbit);
  expect_equal(a.bx, b.bx);
  expect_equal(a.inputs(), b.inputs());
  expect_equal(a.hw_outputs(), b.hw_outputs());
  expect_equal(a.hw_bits(), b.hw_bits());
  EXPECT_EQ(encode(b), frame.parts);
}

EventBatch header() {
  EventBatch b;
  b.source = "link0";
  b.epoch = ~0ull;
  b.seq = 1ull << 40;
  b.stream = "express";
  b.run = ~0u;
  b.ls = 16384;
  b.first_orbit = ~0u - 5;
  b.last_orbit = ~0u;
  b.n_bx = 3;
  b.model = "anomaly";
  return b;
}

TEST(Encode, RoundTripOfAHeartbeat) {
  expect_round_trip(header());
  EventBatch b = header();
  b.selection = "HLT_x";
  b.model_hash = std::string(64, 'c');
  b.context.pileup = 0.1;
  b.context.menu = "";
  expect_round_trip(b);
}

TEST(Encode, RoundTripOfEveryWordSize) {
  const std::vector<std::uint32_t> orbit = {~0u - 5, ~0u};
  const std::vector<std::uint16_t> bx = {1, 3564};
  const std::vector<std::int64_t> outputs64 = {4095, -32, 31, 0, 0, 0};
  const std::vector<std::int8_t> outputs8 = {127, -32, 31, 0, 0, 0}, inputs8 = {-128, 127, 0, 1, -1, 127};
  const std::vector<std::int16_t> inputs16 = {-512, 4095, 255, 511, -4096, 0};
  const std::vector<std::uint8_t> bits8 = {255, 0};
  const std::vector<std::uint64_t> bits64 = {~0ull, 0};
  EventBatch b = header();
  b.n = 2;
  b.context = {1, "menu", -1, "STABLE BEAMS", 55.5, "scheme", 2, "simulation"};
  b.orbit = {orbit.data(), 4, false, 2, 1};
  b.bx = {bx.data(), 2, false, 2, 1};
  b.blocks = {{"", "inputs", {inputs8.data(), 1, true, 2, 3}}};
  expect_round_trip(b);
  b.blocks = {{"", "inputs", {inputs16.data(), 2, true, 2, 3}},
              {"", "hw_outputs", {outputs64.data(), 8, true, 2, 3}},
              {"", "hw_bits", {bits8.data(), 1, false, 2, 1}}};
  expect_round_trip(b);
  b.blocks[1].words = {outputs8.data(), 1, true, 2, 3};
  b.blocks[2].words = {bits64.data(), 8, false, 2, 1};
  expect_round_trip(b);
}

TEST(Encode, RefusesWhatTheFormatHasNoKeyFor) {
  const std::vector<std::int64_t> words = {0};
  EventBatch b = header();
  b.blocks = {{"", "inputs", {words.data(), 8, true, 1, 1}}};
  EXPECT_THROW(encode(b), Error);
  b.blocks = {{"", "hw_bits", {words.data(), 8, true, 1, 1}}};
  EXPECT_THROW(encode(b), Error);
  b.blocks = {{"stage", "hw_outputs", {words.data(), 8, true, 1, 1}}};
  EXPECT_THROW(encode(b), Error);
  b.blocks = {{"", "other", {words.data(), 8, true, 1, 1}}};
  EXPECT_THROW(encode(b), Error);
}

}  // namespace
}  // namespace vigil::ingest
