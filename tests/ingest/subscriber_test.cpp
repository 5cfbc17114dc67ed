// Subscriber and Publisher over real sockets on 127.0.0.1: order, topics, several publishers, drops, stop, cut links.
#include "ingest/subscriber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <zmq.hpp>

#include "core/error.h"
#include "ingest/publisher.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kAnyPort = "tcp://127.0.0.1:*";
const std::atomic<bool> never{false};

std::vector<std::string> message(std::uint64_t seq, std::size_t padding = 0, const std::string& source = "link0") {
  MapText map = good_map();
  map.set("seq", value(seq)).set("source", value(source));
  if (padding > 0) map.add("padding", binary(std::string(padding, 'x')));
  return {"scouting/anomaly", map.bytes()};
}

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

TEST(Subscriber, YieldsFramesInOrderWithHeaderAndPosition) {
  Publisher publisher(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher.last_endpoint()}});
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  constexpr std::uint64_t kFrames = 3000;  // more than either side's queue of messages
  std::thread sender([&] {
    for (std::uint64_t i = 0; i < kFrames; ++i) ASSERT_TRUE(publisher.send(message(i), never));
  });
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    const auto frame = subscriber.next();
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->parts, message(i));
    ASSERT_EQ(frame->header.seq, i);
    ASSERT_EQ(frame->header.topic, "scouting/anomaly");
    ASSERT_EQ(frame->position, std::to_string(i));
    ASSERT_TRUE(frame->dropped_before.empty());
  }
  sender.join();
  EXPECT_EQ(subscriber.counters().frames, kFrames);
  EXPECT_EQ(subscriber.counters().dropped, 0u);
  EXPECT_GT(subscriber.counters().bytes, kFrames * 100);
  subscriber.request_stop();
  EXPECT_FALSE(subscriber.next());
  EXPECT_FALSE(subscriber.next());
}

TEST(Subscriber, StopYieldsWhatWasReceivedAlready) {
  Publisher publisher(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher.last_endpoint()}, .queue_frames = 4});
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(publisher.send(message(i), never));
  ASSERT_TRUE(eventually([&] { return subscriber.counters().frames == 4; }));
  subscriber.request_stop();
  subscriber.request_stop();
  for (std::uint64_t i = 0; i < 4; ++i) {
    const auto frame = subscriber.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->header.seq, i);
  }
  EXPECT_FALSE(subscriber.next());
}

TEST(Subscriber, StopWakesANextThatWaits) {
  Publisher publisher(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher.last_endpoint()}});
  std::thread stopper([&] {
    std::this_thread::sleep_for(50ms);
    subscriber.request_stop();
  });
  EXPECT_FALSE(subscriber.next());
  stopper.join();
}

TEST(Subscriber, EndsWithoutAnybodyReading) {
  Publisher publisher(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher.last_endpoint()}, .queue_frames = 1});
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  for (std::uint64_t i = 0; i < 50; ++i) ASSERT_TRUE(publisher.send(message(i), never));
}

TEST(Subscriber, TakesAskedTopicsFromSeveralPublishers) {
  Publisher first(kAnyPort), second(kAnyPort);
  Subscriber subscriber(
      {.endpoints = {first.last_endpoint(), second.last_endpoint()}, .topics = {"scouting/", "express/a"}});
  ASSERT_TRUE(first.wait_for_subscriber(never, 10s));
  ASSERT_TRUE(second.wait_for_subscriber(never, 10s));
  // Both subscriptions must have arrived; the second may lie behind the first by a moment.
  std::this_thread::sleep_for(100ms);
  ASSERT_TRUE(first.send({"other/anomaly", "no"}, never));
  ASSERT_TRUE(first.send({"scouting/anomaly", "1"}, never));
  ASSERT_TRUE(second.send({"express/b", "no"}, never));
  ASSERT_TRUE(second.send({"express/anomaly", "2"}, never));
  std::vector<std::string> bodies;
  for (int i = 0; i < 2; ++i) {
    const auto frame = subscriber.next();
    ASSERT_TRUE(frame);
    bodies.push_back(frame->parts.at(1));
  }
  EXPECT_THAT(bodies, testing::UnorderedElementsAre("1", "2"));
  EXPECT_EQ(subscriber.counters().frames, 2u);
}

TEST(Subscriber, KeepsAMessageOfAnyNumberOfParts) {
  Publisher publisher(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher.last_endpoint()}});
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  ASSERT_TRUE(publisher.send({"alone"}, never));
  ASSERT_TRUE(publisher.send({"a", "b", "c"}, never));
  ASSERT_TRUE(publisher.send(std::vector<std::string>(1000, "many"), never));
  ASSERT_TRUE(publisher.send(message(0), never));
  EXPECT_EQ(subscriber.next()->parts.size(), 1u);
  EXPECT_EQ(subscriber.next()->parts.size(), 3u);
  const std::size_t kept = subscriber.next()->parts.size();
  EXPECT_TRUE(kept > 2 && kept < 1000) << kept;
  EXPECT_EQ(subscriber.next()->parts, message(0));
}

// Every frame is either yielded or named, once.
void expect_drops_accounted(const SubscriberSettings& limits, std::size_t padding, std::uint64_t frames) {
  Publisher publisher(kAnyPort);
  SubscriberSettings settings = limits;
  settings.endpoints = {publisher.last_endpoint()};
  Subscriber subscriber(settings);
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  for (std::uint64_t i = 0; i < frames; ++i) ASSERT_TRUE(publisher.send(message(i, padding), never));
  ASSERT_TRUE(eventually([&] { return subscriber.counters().frames == frames; }));
  const auto first = subscriber.next();  // makes room
  ASSERT_TRUE(first);
  EXPECT_EQ(first->header.seq, 0u) << "the newest are dropped, not the oldest";
  ASSERT_TRUE(publisher.send(message(frames, padding), never));
  ASSERT_TRUE(eventually([&] { return subscriber.counters().frames == frames + 1; }));
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(publisher.send(message(frames + 1 + i, padding), never));
  ASSERT_TRUE(eventually([&] { return subscriber.counters().frames == frames + 4; }));
  subscriber.request_stop();
  std::uint64_t expected = 1, yielded = 1, dropped = 0, last_position = 0;
  bool after_the_last = false;
  while (const auto frame = subscriber.next()) {
    EXPECT_FALSE(after_the_last);
    EXPECT_GT(std::stoull(frame->position), last_position);
    last_position = std::stoull(frame->position);
    for (const FrameHeader& header : frame->dropped_before) {
      EXPECT_EQ(header.seq, expected++);
      EXPECT_EQ(header.source, "link0");
      ++dropped;
    }
    if (frame->parts.empty()) {
      after_the_last = true;
      continue;
    }
    EXPECT_EQ(frame->header.seq, expected++);
    ++yielded;
  }
  EXPECT_EQ(expected, frames + 4);
  EXPECT_TRUE(after_the_last) << "the last frames found no room";
  EXPECT_GE(dropped, frames - 10);
  EXPECT_EQ(subscriber.counters().dropped, dropped);
  EXPECT_EQ(yielded + dropped, frames + 4);
}

TEST(Subscriber, AccountsForDropsOfAQueueFullOfFrames) {
  expect_drops_accounted({.endpoints = {}, .queue_frames = 3}, 0, 200);
}

TEST(Subscriber, AccountsForDropsOfAQueueFullOfBytes) {
  expect_drops_accounted({.endpoints = {}, .queue_bytes = 300'000}, 100'000, 60);
}

TEST(Subscriber, CountsALinkCutForATooLongPart) {
  Publisher publisher(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher.last_endpoint()}, .max_part_bytes = 10'000});
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  ASSERT_TRUE(publisher.send(message(0), never));
  ASSERT_TRUE(subscriber.next());
  ASSERT_TRUE(publisher.send(message(1, 20'000), never));
  ASSERT_TRUE(eventually([&] { return subscriber.counters().links_cut >= 1; }));
  // The link comes back by itself, and the stream goes on.
  std::atomic<bool> done{false};
  std::thread sender([&] {
    for (std::uint64_t i = 2; !done; ++i) {
      publisher.send(message(i), done);
      std::this_thread::sleep_for(10ms);
    }
  });
  const auto frame = subscriber.next();
  done = true;
  sender.join();
  ASSERT_TRUE(frame);
  EXPECT_GE(frame->header.seq, 2u);
}

TEST(Subscriber, NamesABadEndpoint) {
  EXPECT_THAT(message_of([] { Subscriber s({.endpoints = {"nonsense"}}); }), HasSubstr("'nonsense'"));
  EXPECT_THAT(message_of([] { Subscriber s({.endpoints = {"tcp://127.0.0.1:99999"}}); }),
              HasSubstr("tcp://127.0.0.1:99999"));
  EXPECT_THAT(message_of([] { Subscriber s({.endpoints = {"inproc://here"}}); }), HasSubstr("inproc://here"));
  EXPECT_THAT(message_of([] { Subscriber s({.endpoints = {}}); }), HasSubstr("no endpoint"));
}

TEST(Publisher, NamesAPortInUse) {
  Publisher publisher(kAnyPort);
  EXPECT_THAT(publisher.last_endpoint(), testing::StartsWith("tcp://127.0.0.1:"));
  const std::string text = message_of([&] { Publisher second(publisher.last_endpoint()); });
  EXPECT_THAT(text, HasSubstr(publisher.last_endpoint()));
  EXPECT_THAT(text, HasSubstr("in use"));
  EXPECT_THAT(message_of([] { Publisher p("tcp://nowhere"); }), HasSubstr("tcp://nowhere"));
}

TEST(Publisher, WaitsForASubscriberAsLongAsItIsTold) {
  Publisher publisher(kAnyPort);
  EXPECT_FALSE(publisher.wait_for_subscriber(never, 20ms));
  std::atomic<bool> stop{true};
  EXPECT_FALSE(publisher.wait_for_subscriber(stop));
}

TEST(Publisher, BlocksRatherThanDropsAndCanBeStopped) {
  PublisherSettings settings;
  settings.queue_messages = 2;
  settings.linger = 100ms;
  Publisher publisher(kAnyPort, settings);
  // A subscriber that does not read: a bare socket with the smallest buffers.
  zmq::context_t context;
  zmq::socket_t socket(context, ZMQ_SUB);
  socket.set(zmq::sockopt::rcvhwm, 1);
  socket.set(zmq::sockopt::rcvbuf, 4096);
  socket.set(zmq::sockopt::subscribe, "");
  socket.connect(publisher.last_endpoint());
  ASSERT_TRUE(publisher.wait_for_subscriber(never, 10s));
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sent{0};
  std::thread sender([&] {
    while (publisher.send(message(sent, 1 << 20), stop)) ++sent;
  });
  std::uint64_t before = ~0ull;
  ASSERT_TRUE(eventually([&] {  // until nothing more gets away
    const bool is_stuck = sent == before;
    before = sent;
    std::this_thread::sleep_for(200ms);
    return is_stuck && sent == before && before > 0;
  }));
  zmq::message_t part;
  std::uint64_t received = 0;
  std::thread stopper([&] {
    ASSERT_TRUE(eventually([&] { return sent > before; })) << "reading makes room";
    stop = true;
  });
  while (received < before) {
    ASSERT_TRUE(socket.recv(part));
    ASSERT_TRUE(socket.recv(part));
    std::vector<std::string> expected = message(received, 1 << 20);
    ASSERT_EQ(part.to_string_view(), expected.at(1)) << "lost before " << received;
    ++received;
  }
  stopper.join();
  sender.join();
}

TEST(Publisher, CloseSendsWhatIsLeft) {
  constexpr std::uint64_t kFrames = 500;
  auto publisher = std::make_unique<Publisher>(kAnyPort);
  Subscriber subscriber({.endpoints = {publisher->last_endpoint()}});
  ASSERT_TRUE(publisher->wait_for_subscriber(never, 10s));
  for (std::uint64_t i = 0; i < kFrames; ++i) ASSERT_TRUE(publisher->send(message(i, 10'000), never));
  publisher->close();
  publisher.reset();
  ASSERT_TRUE(eventually([&] { return subscriber.counters().frames == kFrames; }));
}

}  // namespace
}  // namespace vigil::ingest
