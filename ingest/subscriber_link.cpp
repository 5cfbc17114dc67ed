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

// ZeroMQ announces its own next attempt at once.
constexpr std::chrono::milliseconds kOwnAttempt{300};

constexpr const char* kExpected = "tcp://HOST:PORT or ipc://PATH";

void require_reachable(const std::string& endpoint) {
  const std::string where = "subscribe to '" + endpoint + "'";
  // This context is nobody else's: such a link could never come up.
  if (endpoint.starts_with("inproc:")) throw Error(where, "inproc ends at this process", kExpected);
  if (!endpoint.starts_with("tcp://")) return;
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
                               std::int64_t max_part_bytes, int most_messages)
    : context_(context),
      endpoint_(std::move(endpoint)),
      topics_(std::move(topics)),
      max_part_bytes_(max_part_bytes),
      most_messages_(most_messages) {
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
  socket_.set(zmq::sockopt::ipv6, endpoint_.find('[') != std::string::npos);  // else a name may mean a v6 address
  for (const std::string& topic : topics_) socket_.set(zmq::sockopt::subscribe, topic);
  if (topics_.empty()) socket_.set(zmq::sockopt::subscribe, "");

  // Never a name again: ZeroMQ gives one free some time after its socket is closed, when another may have that address.
  static std::atomic<std::uint64_t> opened{0};
  const std::string events = "inproc://events-" + std::to_string(opened++);
  constexpr int kEvents =
      ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED;
  if (zmq_socket_monitor(socket_.handle(), events.c_str(), kEvents) != 0) throw zmq::error_t();
  monitor_ = zmq::socket_t(context_, ZMQ_PAIR);
  monitor_.set(zmq::sockopt::linger, 0);
  monitor_.connect(events);
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
  if (socket_) zmq_socket_monitor(socket_.handle(), nullptr, 0);
  monitor_.close();
  socket_.close();
}

std::uint64_t SubscriberLink::read_events() {
  std::uint64_t cuts = 0;
  zmq::message_t part;
  while (monitor_.recv(part, zmq::recv_flags::dontwait)) {
    // First part: event (16 bits) and value; second: the address.
    std::uint16_t event = 0;
    if (part.size() >= sizeof event) std::memcpy(&event, part.data(), sizeof event);
    while (part.more() && monitor_.recv(part, zmq::recv_flags::none)) {
    }
    switch (event) {
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        is_up_ = true;
        [[fallthrough]];
      case ZMQ_EVENT_CONNECTED:
      case ZMQ_EVENT_CONNECT_RETRIED:
        reopen_at_.reset();
        break;
      case ZMQ_EVENT_DISCONNECTED:
        cuts += std::exchange(is_up_, false) ? 1 : 0;
        reopen_at_ = std::chrono::steady_clock::now() + kOwnAttempt;
        break;
      default:
        break;
    }
  }
  return cuts;
}

}  // namespace vigil::ingest
