#include "ingest/publisher.h"

#include <zmq.h>

#include <algorithm>
#include <zmq.hpp>

#include "core/error.h"
#include "ingest/link_options.h"

namespace vigil::ingest {
namespace {
constexpr std::chrono::milliseconds kLook{50};  // between two looks at `stop`
}

struct Publisher::State {
  std::string endpoint;
  zmq::context_t context;
  zmq::socket_t socket{context, ZMQ_XPUB};
  std::int64_t subscriptions = 0;

  // Takes what subscribers said; the socket would keep it for ever.
  void read_subscriptions() {
    zmq::message_t message;
    while (socket.recv(message, zmq::recv_flags::dontwait)) {
      if (message.size() == 0) continue;
      const char said = *message.data<char>();
      if (said == 1) ++subscriptions;
      if (said == 0 && subscriptions > 0) --subscriptions;
    }
  }
};

Publisher::Publisher(const std::string& endpoint, const PublisherSettings& settings)
    : state_(std::make_unique<State>()) {
  zmq::socket_t& socket = state_->socket;
  try {
    socket.set(zmq::sockopt::xpub_nodrop, true);
    socket.set(zmq::sockopt::sndhwm, settings.queue_messages);
    socket.set(zmq::sockopt::sndtimeo, static_cast<int>(kLook.count()));
    socket.set(zmq::sockopt::linger, static_cast<int>(settings.linger.count()));
    socket.set(zmq::sockopt::ipv6, is_v6(endpoint));
    watch_peer(socket);  // who connects sends the heartbeats
    socket.bind(endpoint);
    state_->endpoint = socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& e) {
    throw Error("publish on '" + endpoint + "'", e.what(), "a free tcp://ADDRESS:PORT or ipc://PATH");
  }
}

Publisher::~Publisher() { close(); }

const std::string& Publisher::last_endpoint() const { return state_->endpoint; }

bool Publisher::wait_for_subscriber(const std::atomic<bool>& stop, std::optional<std::chrono::milliseconds> timeout) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    for (;;) {
      state_->read_subscriptions();
      if (state_->subscriptions > 0) return true;
      if (stop) return false;
      auto wait = kLook;
      if (timeout) {
        const auto left = begin + *timeout - std::chrono::steady_clock::now();
        if (left <= left.zero()) return false;
        wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(left));
      }
      zmq::pollitem_t item{state_->socket.handle(), 0, ZMQ_POLLIN, 0};
      try {
        zmq::poll(&item, 1, wait);
      } catch (const zmq::error_t& e) {
        if (e.num() != EINTR) throw;
      }
    }
  } catch (const zmq::error_t& e) {
    throw Error("publish on '" + state_->endpoint + "'", e.what());
  }
}

bool Publisher::send(const std::vector<std::string>& parts, const std::atomic<bool>& stop) {
  try {
    state_->read_subscriptions();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto flags = i + 1 < parts.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      // Room is asked for before the first part alone: the others never wait, so no message is cut in two by `stop`.
      for (;;) {
        if (i == 0 && stop) return false;
        if (zmq_send(state_->socket.handle(), parts[i].data(), parts[i].size(), static_cast<int>(flags)) >= 0) break;
        const int error = zmq_errno();
        if (error != EAGAIN && error != EINTR) throw zmq::error_t();
      }
    }
  } catch (const zmq::error_t& e) {
    throw Error("publish on '" + state_->endpoint + "'", e.what());
  }
  return true;
}

void Publisher::close() {
  state_->socket.close();
  state_->context.close();  // lingers
}

}  // namespace vigil::ingest
