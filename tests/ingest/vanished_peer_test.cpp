// Peers that vanish without a word, and peers that know no heartbeats, played byte by byte over a bare TCP socket.
// Source of the bytes: rfc.zeromq.org/spec/37 (ZMTP 3.1) and /spec/23 (3.0).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "ingest/subscriber.h"
#include "ingest/subscriber_link.h"
#include "tests/ingest/batch_for_test.h"

namespace vigil::ingest {
namespace {

using namespace test;
using namespace std::chrono_literals;

constexpr Heartbeat kFast{.interval = 100ms, .timeout = 200ms};

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 4000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

// A publisher of ZMTP 3.`minor` that answers no heartbeat. While `silent` it takes connections and says nothing.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(int minor) : minor_(minor) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0) throw errno;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    endpoint_ = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedPeer() {
    stop_ = true;
    thread_.join();
    for (const Connection& c : connections_) ::close(c.fd);
    ::close(listener_);
  }

  const std::string& endpoint() const { return endpoint_; }
  int links() const { return links_; }    // connections that shook hands and subscribed
  int probes() const { return probes_; }  // connections that only asked
  int pings() const { return pings_; }
  std::atomic<bool> silent{false};
  // To every link.
  void publish(const std::vector<std::string>& parts) {
    std::string bytes;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      bytes += static_cast<char>((i + 1 < parts.size() ? 1 : 0) | 2);  // more, long
      for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(std::uint64_t{parts[i].size()} >> shift);
      bytes += parts[i];
    }
    std::lock_guard lock(mutex_);
    for (const Connection& c : connections_) {
      if (c.is_link) say(c, bytes);
    }
  }

 private:
  struct Connection {
    int fd = -1;
    std::string heard;
    bool said_ready = false, is_link = false;
  };

  static void say(const Connection& c, const std::string& bytes) {
    (void)!::send(c.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void greet(const Connection& c) {
    std::string greeting(64, '\0');
    greeting[0] = '\xff';
    greeting[8] = '\x01';
    greeting[9] = '\x7f';
    greeting[10] = 3;
    greeting[11] = static_cast<char>(minor_);
    greeting.replace(12, 4, "NULL");
    say(c, greeting);
  }

  void hear(Connection& c) {
    if (silent) return;
    if (!c.said_ready && c.heard.size() > 64) {
      say(c, std::string("\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03PUB", 27));
      c.said_ready = true;
    }
    // A subscription comes as a message (3.0) or as a command (3.1); the probe sends neither.
    if (!c.is_link && c.heard.size() > 64 &&
        (c.heard.find("SUBSCRIBE") != std::string::npos ||
         c.heard.find(std::string("\x00\x01\x01", 3), 64) != std::string::npos)) {
      c.is_link = true;
      ++links_;
    }
    for (std::size_t at; (at = c.heard.find("\x04PING")) != std::string::npos;) {
      ++pings_;
      c.heard.erase(at, 5);
    }
  }

  void run() {
    while (!stop_) {
      std::vector<pollfd> items = {{listener_, POLLIN, 0}};
      for (const Connection& c : connections_) items.push_back({c.fd, POLLIN, 0});
      if (::poll(items.data(), items.size(), 10) <= 0) continue;
      std::lock_guard lock(mutex_);
      for (std::size_t i = items.size(); i-- > 1;) {
        if (items[i].revents == 0) continue;
        char bytes[4096];
        const ssize_t n = ::recv(items[i].fd, bytes, sizeof bytes, 0);
        Connection& c = connections_[i - 1];
        if (n > 0) {
          c.heard.append(bytes, static_cast<std::size_t>(n));
          hear(c);
        } else {
          if (!c.is_link) ++probes_;
          ::close(c.fd);
          connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(i - 1));
        }
      }
      if (items[0].revents != 0) {
        connections_.push_back({::accept(listener_, nullptr, nullptr), {}, false, false});
        if (!silent) greet(connections_.back());
      }
    }
  }

  const int minor_;
  int listener_ = -1;
  std::string endpoint_;
  std::mutex mutex_;
  std::vector<Connection> connections_;
  std::atomic<bool> stop_{false};
  std::atomic<int> links_{0}, probes_{0}, pings_{0};
  std::thread thread_;
};

std::vector<std::string> message(std::uint64_t seq) {
  return {"scouting/anomaly", good_map().set("seq", value(seq)).bytes()};
}

// It falls silent with its connection open, as after a power cut behind a proxy; what comes in its place gets a new
// link.
TEST(VanishedPeer, OfVersion31IsNoticedAndTheLinkMadeAnew) {
  ScriptedPeer peer(1);
  std::mutex mutex;
  std::vector<bool> said;
  Subscriber subscriber({.endpoints = {peer.endpoint()}, .heartbeat = kFast, .on_link = [&](const LinkEvent& event) {
                           EXPECT_EQ(event.endpoint, peer.endpoint());
                           std::lock_guard lock(mutex);
                           said.push_back(event.made);
                           EXPECT_EQ(event.made, event.heartbeat);
                         }});
  ASSERT_TRUE(eventually([&] { return peer.links() == 1; }));
  peer.publish(message(0));
  ASSERT_EQ(subscriber.next()->header.seq, 0u);
  peer.silent = true;
  ASSERT_TRUE(eventually([&] { return subscriber.counters().links_cut >= 1; })) << "never noticed";
  std::this_thread::sleep_for(300ms);  // nobody answers: nothing is made
  peer.silent = false;
  const int before = peer.links();
  ASSERT_TRUE(eventually([&] { return peer.links() > before; })) << "never made anew";
  peer.publish(message(1));
  ASSERT_EQ(subscriber.next()->header.seq, 1u);
  EXPECT_GE(subscriber.counters().links_made, 2u);
  subscriber.request_stop();
  while (subscriber.next()) {
  }
  std::lock_guard lock(mutex);
  ASSERT_GE(said.size(), 3u);
  EXPECT_EQ(std::vector<bool>(said.begin(), said.begin() + 3), (std::vector<bool>{true, false, true}));
}

TEST(VanishedPeer, OfVersion30GetsNoHeartbeatAndIsNotCut) {
  ScriptedPeer peer(0);
  std::atomic<bool> beats{true};
  Subscriber subscriber({.endpoints = {peer.endpoint()}, .heartbeat = kFast, .on_link = [&](const LinkEvent& event) {
                           beats = event.heartbeat;
                         }});
  ASSERT_TRUE(eventually([&] { return peer.links() == 1; }));
  std::this_thread::sleep_for(10 * kFast.interval);
  EXPECT_EQ(subscriber.counters().links_cut, 0u);
  EXPECT_EQ(peer.pings(), 0);
  EXPECT_EQ(peer.probes(), 1);
  peer.publish(message(0));
  EXPECT_EQ(subscriber.next()->header.seq, 0u);
  EXPECT_EQ(subscriber.counters().links_made, 1u);
  EXPECT_FALSE(beats);
}

// A peer that is known to answer, and does: an idle link stays.
TEST(VanishedPeer, IsNotOneThatAnswers) {
  zmq::context_t context;
  zmq::socket_t publisher(context, ZMQ_XPUB);
  publisher.bind("tcp://127.0.0.1:*");
  Subscriber subscriber({.endpoints = {publisher.get(zmq::sockopt::last_endpoint)}, .heartbeat = kFast});
  zmq::message_t subscription;
  ASSERT_TRUE(publisher.recv(subscription));
  std::this_thread::sleep_for(10 * kFast.interval);
  EXPECT_EQ(subscriber.counters().links_cut, 0u);
  EXPECT_EQ(subscriber.counters().links_made, 1u);
  ASSERT_FALSE(publisher.recv(subscription, zmq::recv_flags::dontwait)) << "subscribed twice";
}

TEST(VanishedPeer, IsLookedForOnEverySocket) {
  zmq::context_t context;
  SubscriberLink link(context, "tcp://127.0.0.1:9", {}, 1 << 20, 10);
  EXPECT_EQ(link.socket().get(zmq::sockopt::tcp_keepalive), 1);
  EXPECT_LE(
      link.socket().get(zmq::sockopt::tcp_keepalive_idle) +
          link.socket().get(zmq::sockopt::tcp_keepalive_cnt) * link.socket().get(zmq::sockopt::tcp_keepalive_intvl),
      50);
  EXPECT_LE(link.socket().get(zmq::sockopt::tcp_maxrt), 50'000);
  EXPECT_EQ(link.probe()->get(zmq::sockopt::tcp_keepalive), 1);
}

}  // namespace
}  // namespace vigil::ingest
