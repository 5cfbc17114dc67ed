// A link made anew over and over: what the one before left behind in ZeroMQ must not get in its way.
#include "ingest/subscriber_link.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <thread>

namespace vigil::ingest {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kPartBytes = 1 << 20;
constexpr const char* kNobody = "tcp://127.0.0.1:9";  // refuses at once: events come while the link is closed

// Sockets are given back by ZeroMQ's own threads; as long as those run, waiting for them helps.
bool reopened(SubscriberLink& link) {
  for (int attempt = 0; attempt < 500; ++attempt) {
    try {
      link.reopen();
      return true;
    } catch (const zmq::error_t& e) {
      if (e.num() != EMFILE) throw;
      std::this_thread::sleep_for(10ms);
    }
  }
  return false;
}

TEST(SubscriberLink, CanBeReopenedForEver) {
  zmq::context_t context;
  SubscriberLink link(context, kNobody, {}, kPartBytes, 1000);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(reopened(link)) << "ZeroMQ stands still after " << i;
}

TEST(SubscriberLink, KeepsWhatCameBeforeTheCut) {
  constexpr int kMessages = 200;
  zmq::context_t context;
  auto publisher = std::make_unique<zmq::context_t>();
  zmq::socket_t socket(*publisher, ZMQ_XPUB);
  socket.set(zmq::sockopt::linger, 10'000);
  socket.bind("tcp://127.0.0.1:*");
  SubscriberLink link(context, socket.get(zmq::sockopt::last_endpoint), {}, kPartBytes, 1000);
  zmq::message_t subscription;
  socket.set(zmq::sockopt::rcvtimeo, 10);
  for (int i = 0; i < 1000 && !socket.recv(subscription); ++i) (void)link.read_events();
  for (int i = 0; i < kMessages; ++i) ASSERT_TRUE(socket.send(zmq::str_buffer("message"), zmq::send_flags::none));
  socket.close();
  publisher.reset();  // all is sent
  std::uint64_t cuts = 0;
  for (int i = 0; i < 1000 && cuts == 0; ++i) {
    cuts += link.read_events().cut;
    std::this_thread::sleep_for(10ms);
  }
  ASSERT_EQ(cuts, 1u);
  ASSERT_TRUE(link.reopen_at());
  int received = 0;
  for (zmq::message_t message; link.socket().recv(message, zmq::recv_flags::dontwait);) ++received;
  EXPECT_EQ(received, kMessages);
}

TEST(SubscriberLink, SetsItsSocketsLimitsEachTime) {
  zmq::context_t context;
  SubscriberLink link(context, kNobody, {"a/"}, kPartBytes, 7);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(link.socket().get(zmq::sockopt::rcvhwm), 7);
    EXPECT_EQ(link.socket().get(zmq::sockopt::maxmsgsize), kPartBytes);
    link.reopen();
  }
}

}  // namespace
}  // namespace vigil::ingest
