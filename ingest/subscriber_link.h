// One connection to one publisher: a SUB socket that comes back after whatever ended it, also where the peer vanished
// without a word. Used by Subscriber's thread only. ZeroMQ reconnects by itself after a lost connection, but gives an
// endpoint up for good after a breach of protocol, which a part above ZMQ_MAXMSGSIZE is; one socket an endpoint lets
// that link be made anew, and asked anew whether its peer knows heartbeats.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "ingest/link_options.h"
#include "ingest/peer_probe.h"

namespace vigil::ingest {

class SubscriberLink {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Begins to connect. Throws Error naming an endpoint that is none.
  SubscriberLink(zmq::context_t& context, std::string endpoint, std::vector<std::string> topics,
                 std::int64_t max_part_bytes, int most_messages, const Heartbeat& heartbeat = {});
  ~SubscriberLink() { close(); }
  SubscriberLink(SubscriberLink&&) = default;

  zmq::socket_t& socket() { return socket_; }
  zmq::socket_t& monitor() { return monitor_; }
  zmq::socket_t* probe() { return probe_ ? &probe_->socket() : nullptr; }  // while the peer is asked; readable: look on
  const std::string& endpoint() const { return endpoint_; }
  bool has_heartbeat() const { return has_heartbeat_; }

  struct Events {
    std::uint64_t made = 0, cut = 0;  // how many times it came up, and was up and ended
  };
  // Reads what happened to the connection, and connects where the peer has answered.
  Events read_events();
  // When to call reopen(), if the connection is down and does not come back by itself.
  std::optional<Time> reopen_at() const { return reopen_at_; }
  // When to call read_events() if nothing becomes readable before.
  std::optional<Time> look_at() const { return probe_ ? probe_->deadline() : std::nullopt; }
  // Makes the link anew; what its socket has not given out is lost, so empty it first. Throws zmq::error_t.
  void reopen();

 private:
  void open();
  void connect(bool with_heartbeat);
  void close();

  zmq::context_t& context_;
  const std::string endpoint_;
  const std::vector<std::string> topics_;
  const std::int64_t max_part_bytes_;
  const int most_messages_;
  const Heartbeat heartbeat_;
  std::optional<PeerProbe> probe_;
  bool has_heartbeat_ = false;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
  bool is_up_ = false;
  Time up_since_;
  std::chrono::milliseconds pause_{0};  // before it is made anew
  std::optional<Time> reopen_at_;
};

}  // namespace vigil::ingest
