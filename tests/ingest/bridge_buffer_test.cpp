#include "ingest/bridge_buffer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>

#include "ingest/decode.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace std::chrono_literals;

Frame frame_of_bytes(std::size_t bytes, std::uint64_t seq = 0) {
  Frame frame;
  frame.parts = {"scouting/anomaly", std::string(bytes, 'x')};
  frame.header.topic = "scouting/anomaly";
  frame.header.stream = "scouting";
  frame.header.model = "anomaly";
  frame.header.source = "link0";
  frame.header.seq = seq;
  return frame;
}

const std::string* header_of(const FrameMessage& message, const char* name) {
  const kafka::Message as_read{0, 0, "", {}, message.headers};
  static std::string found;
  const std::string* const value = kafka::header(as_read, name);
  if (value == nullptr) return nullptr;
  found = *value;
  return &found;
}

TEST(BridgeBuffer, NumbersWhatItTakes) {
  BridgeBuffer buffer("b", 7, 1 << 20);
  Frame first = frame_of_bytes(10);
  first.dropped_before.resize(2);
  buffer.take(std::move(first));
  Frame rest;
  rest.dropped_before.resize(1);
  buffer.take(std::move(rest));
  for (const char* lost : {"dropped", "dropped", "", "dropped"}) {
    const auto next = buffer.next();
    ASSERT_TRUE(next);
    const std::string* const said = header_of(next->message, "vigil-lost");
    EXPECT_EQ(said == nullptr ? "" : *said, lost);
    EXPECT_EQ(next->message.value.has_value(), *lost == '\0');
    EXPECT_EQ(*header_of(next->message, "vigil-n"), std::to_string(next->n));
    buffer.delivered(next->n);
  }
  EXPECT_FALSE(buffer.next());
  EXPECT_FALSE(buffer.is_done());
  buffer.finish();
  EXPECT_TRUE(buffer.is_done());
  const BridgeCounts counts = buffer.counts();
  EXPECT_EQ(counts.received, 4u);
  EXPECT_EQ(counts.delivered, 1u);
  EXPECT_EQ(counts.dropped, 3u);
  EXPECT_EQ(counts.bytes, 10u + 16u);
}

TEST(BridgeBuffer, DropsTheNewestWhenItIsFull) {
  BridgeBuffer buffer("b", 7, 10'000);
  for (std::uint64_t seq = 0; seq < 8; ++seq) buffer.take(frame_of_bytes(2'000, seq));
  EXPECT_TRUE(buffer.counts().is_full);
  std::uint64_t whole = 0, bytes = 0;
  std::vector<BridgeBuffer::Next> sent;
  while (auto next = buffer.next()) {
    if (next->message.value) {
      EXPECT_EQ(next->n, whole);  // the oldest stay
      ++whole;
      bytes += next->bytes;
    } else {
      const FrameHeader header = lost_header(*header_of(next->message, "vigil-header"));
      EXPECT_EQ(header.seq, next->n);
    }
    sent.push_back(std::move(*next));
  }
  EXPECT_EQ(sent.size(), 8u);
  EXPECT_EQ(buffer.counts().dropped, 8 - whole);
  EXPECT_LE(bytes, 10'000u);
  EXPECT_GE(whole, 3u);
  buffer.take(frame_of_bytes(2'000));  // being sent is no room
  EXPECT_TRUE(buffer.counts().is_full);
  buffer.delivered(0);
  buffer.take(frame_of_bytes(2'000));
  EXPECT_FALSE(buffer.counts().is_full);
}

TEST(BridgeBuffer, TakesOneOfAnySizeButNoneAbove64MiB) {
  BridgeBuffer buffer("b", 7, 1'000);
  buffer.take(frame_of_bytes(50'000));
  EXPECT_TRUE(buffer.next()->message.value);
  buffer.take(frame_of_bytes(kLargestMessage - 15));
  EXPECT_EQ(*header_of(buffer.next()->message, "vigil-lost"), "rejected");
  EXPECT_EQ(buffer.counts().rejected, 1u);
  EXPECT_EQ(buffer.counts().dropped, 0u);
}

TEST(BridgeBuffer, PutsALostOneInThePlaceOfWhatKafkaRefuses) {
  BridgeBuffer buffer("b", 7, 1 << 20);
  buffer.take(frame_of_bytes(100, 41));
  EXPECT_EQ(buffer.next()->n, 0u);
  auto instead = buffer.refused(0);
  ASSERT_TRUE(instead);
  EXPECT_FALSE(instead->value);
  EXPECT_EQ(*header_of(*instead, "vigil-n"), "0");
  EXPECT_EQ(lost_header(*header_of(*instead, "vigil-header")).seq, 41u);
  instead = buffer.refused(0);  // that one, too
  ASSERT_TRUE(instead);
  EXPECT_EQ(lost_header(*header_of(*instead, "vigil-header")), FrameHeader{});
  EXPECT_FALSE(buffer.refused(0));
  buffer.finish();
  EXPECT_TRUE(buffer.is_done());
  EXPECT_EQ(buffer.counts().dropped, 1u);
}

TEST(BridgeBuffer, WaitsWhereNotEvenHeadersFindRoom) {
  BridgeBuffer buffer("b", 7, 1'000);
  Frame drops;
  drops.dropped_before.resize(400'000);
  for (FrameHeader& header : drops.dropped_before) header.source = "link0";
  std::thread receiving([&] {
    buffer.take(std::move(drops));
    buffer.finish();
  });
  std::uint64_t most = 0;
  while (!buffer.is_done()) {
    most = std::max(most, buffer.counts().waiting);
    while (const auto next = buffer.next()) buffer.delivered(next->n);
    buffer.wait(1ms);
  }
  receiving.join();
  EXPECT_EQ(buffer.counts().received, 400'000u);
  EXPECT_EQ(buffer.counts().dropped, 400'000u);
}

// Whatever comes and whatever Kafka does with it: no gap, and the sum is right.
TEST(BridgeBuffer, AddsUp) {
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    BridgeBuffer buffer("b", 7, 20'000);
    std::map<std::uint64_t, bool> sent;  // with a value
    std::uint64_t expected = 0, delivered = 0, next_n = 0;
    for (int i = 0; i < 500; ++i) {
      if (random() % 2) {
        Frame frame = frame_of_bytes(random() % 4'000);
        frame.dropped_before.resize(random() % 8 ? 0 : random() % 4);
        expected += 1 + frame.dropped_before.size();
        buffer.take(std::move(frame));
      }
      if (random() % 2) {
        if (auto next = buffer.next()) {
          EXPECT_EQ(next->n, next_n++);
          sent[next->n] = next->message.value.has_value();
        }
      }
      if (random() % 3 == 0 && !sent.empty()) {
        const auto one = std::next(sent.begin(), static_cast<std::ptrdiff_t>(random() % sent.size()));
        if (random() % 4) {
          delivered += one->second;
          buffer.delivered(one->first);
          sent.erase(one);
        } else if (buffer.refused(one->first)) {
          one->second = false;
        } else {
          sent.erase(one);
        }
      }
    }
    const BridgeCounts counts = buffer.counts();
    EXPECT_EQ(counts.received, expected);
    EXPECT_EQ(counts.delivered, delivered);
    EXPECT_LE(counts.delivered + counts.dropped + counts.rejected, counts.received);
    while (auto next = buffer.next()) sent[next->n] = next->message.value.has_value();
    for (const auto& [n, whole] : sent) buffer.delivered(n);
    const BridgeCounts end = buffer.counts();
    EXPECT_EQ(end.delivered + end.dropped + end.rejected, end.received);
    EXPECT_EQ(end.waiting, 0u);
  }
}

}  // namespace
}  // namespace vigil::ingest
