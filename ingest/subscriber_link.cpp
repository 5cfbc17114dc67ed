#include "ingest/subscriber_link.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/error.h"

#ifdef __SANITIZE_THREAD__
// The installed libzmq is not instrumented: messages change hands there by atomics ThreadSanitizer does not see. What
// libzmq itself does is left out; everything of ours is still watched.
extern "C" __attribute__((weak)) const char* __tsan_default_suppressions() { return "called_from_lib:libzmq.so\n"; }
#endif

namespace vigil::ingest {
namespace {

constexpr std::chrono::hours kAsGoodAsNever{24};  // as ZeroMQ's own next attempt
// ZeroMQ announces its own next attempt at once, if it makes one.
constexpr std::chrono::milliseconds kOwnAttempt{300};
// A link that does not stay up is made anew after pauses that double, so that it fills neither log nor peer.
constexpr std::chrono::milliseconds kLongestPause{2'400};
constexpr std::chrono::seconds kStable{10};
// A peer that takes the connection and does not go on with it is tried anew.
constexpr std::chrono::milliseconds kHandshake{10'000};

constexpr const char* kExpected = "tcp://HOST:PORT or ipc://PATH";

bool is_tcp(const std::string& endpoint) { return endpoint.starts_with("tcp://"); }

void require_reachable(const std::string& endpoint) {
  const std::string where = "subscribe to '" + endpoint + "'";
  // This context is nobody else's: such a link could never come up.
  if (endpoint.starts_with("inproc:")) throw Error(where, "inproc ends at this process", kExpected);
  if (!is_tcp(endpoint)) return;
  // ZeroMQ would look at the port only when it connects, and say nothing.
  const std::string port = endpoint.substr(endpoint.rfind(':') + 1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
    throw Error(where, "port '" + port + "'", "1..65535");
  }
}

}  // namespace

SubscriberLink::SubscriberLink(zmq::context_t& context, std::string endpoint, std::vector<std::string> topics,
                               std::int64_t max_part_bytes, int most_messages, const Heartbeat& heartbeat)
    : context_(context),
      endpoint_(std::move(endpoint)),
      topics_(std::move(topics)),
      max_part_bytes_(max_part_bytes),
      most_messages_(most_messages),
      heartbeat_(heartbeat) {
  require_reachable(endpoint_);
  try {
    open();
  } catch (const zmq::error_t& e) {
    throw Error("subscribe to '" + endpoint_ + "'", e.what(), kExpected);
  }
}

void SubscriberLink::open() {
  socket_ = zmq::socket_t(context_, ZMQ_SUB);
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::maxmsgsize, max_part_bytes_);
  socket_.set(zmq::sockopt::rcvhwm, most_messages_);
  socket_.set(zmq::sockopt::ipv6, is_v6(endpoint_));
  socket_.set(zmq::sockopt::handshake_ivl, static_cast<int>(kHandshake.count()));
  watch_peer(socket_);
  // Each connection after its own probe. Not never (-1): ZeroMQ would throw away what came before the cut.
  if (is_tcp(endpoint_))
    socket_.set(zmq::sockopt::reconnect_ivl, static_cast<int>(std::chrono::milliseconds(kAsGoodAsNever).count()));
  for (const std::string& topic : topics_) socket_.set(zmq::sockopt::subscribe, topic);
  if (topics_.empty()) socket_.set(zmq::sockopt::subscribe, "");

  // Never a name again: ZeroMQ gives one free some time after its socket is closed, when another may have that address.
  static std::atomic<std::uint64_t> opened{0};
  const std::string events = "inproc://events-" + std::to_string(opened++);
  constexpr int kEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                          ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_CLOSED;
  if (zmq_socket_monitor(socket_.handle(), events.c_str(), kEvents) != 0) throw zmq::error_t();
  monitor_ = zmq::socket_t(context_, ZMQ_PAIR);
  monitor_.set(zmq::sockopt::linger, 0);
  monitor_.connect(events);
  // Peers on this machine vanish with a word: their system says it.
  if (is_tcp(endpoint_)) {
    probe_.emplace(context_, endpoint_);
  } else {
    connect(false);
  }
}

void SubscriberLink::connect(bool with_heartbeat) {
  probe_.reset();
  has_heartbeat_ = with_heartbeat;
  if (with_heartbeat) beat(socket_, heartbeat_);
  socket_.connect(endpoint_);
}

void SubscriberLink::reopen() {
  reopen_at_.reset();
  is_up_ = false;
  close();
  open();
}

// Events must end before their reader goes: an event without one would hold up ZeroMQ's own thread, and every link, for
// ever.
void SubscriberLink::close() {
  probe_.reset();
  if (socket_) zmq_socket_monitor(socket_.handle(), nullptr, 0);
  monitor_.close();
  socket_.close();
}

SubscriberLink::Events SubscriberLink::read_events() {
  Events events;
  if (probe_) {
    if (const auto answer = probe_->answer()) connect(*answer);
  }
  zmq::message_t part;
  while (monitor_.recv(part, zmq::recv_flags::dontwait)) {
    // First part: event (16 bits) and value; second: the address.
    std::uint16_t event = 0;
    if (part.size() >= sizeof event) std::memcpy(&event, part.data(), sizeof event);
    while (part.more() && monitor_.recv(part, zmq::recv_flags::none)) {
    }
    switch (event) {
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        events.made += std::exchange(is_up_, true) ? 0 : 1;
        up_since_ = std::chrono::steady_clock::now();
        reopen_at_.reset();
        break;
      case ZMQ_EVENT_CONNECTED:
        reopen_at_.reset();
        break;
      case ZMQ_EVENT_CONNECT_RETRIED:
        if (!is_tcp(endpoint_)) reopen_at_.reset();
        break;
      case ZMQ_EVENT_DISCONNECTED:
      case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      case ZMQ_EVENT_CLOSED:  // no connection, although the probe had one
        if (std::exchange(is_up_, false)) {
          ++events.cut;
          const bool was_stable = std::chrono::steady_clock::now() - up_since_ >= kStable;
          pause_ = was_stable ? kOwnAttempt : std::clamp(2 * pause_, kOwnAttempt, kLongestPause);
        }
        // Whoever is there next may be another, so it is asked anew.
        reopen_at_ = std::chrono::steady_clock::now() + std::max(pause_, kOwnAttempt);
        break;
      default:
        break;
    }
  }
  return events;
}

}  // namespace vigil::ingest
