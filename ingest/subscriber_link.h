// One connection to one publisher: a SUB socket that comes back after whatever ended it.
// Used by Subscriber's thread only. ZeroMQ reconnects by itself after a lost connection, but gives an endpoint up for
// good after a breach of protocol, which a part above ZMQ_MAXMSGSIZE is; one socket an endpoint lets that link be made
// anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

namespace vigil::ingest {

class SubscriberLink {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Connects. Throws Error naming an endpoint that is none.
  SubscriberLink(zmq::context_t& context, std::string endpoint, std::vector<std::string> topics,
                 std::int64_t max_part_bytes, int most_messages);
  ~SubscriberLink() { close(); }
  SubscriberLink(SubscriberLink&&) = default;

  zmq::socket_t& socket() { return socket_; }
  zmq::socket_t& monitor() { return monitor_; }
  // Reads what happened to the connection; how many times it was up and ended.
  std::uint64_t read_events();
  // When to call reopen(), if the connection is down and does not come back by itself.
  std::optional<Time> reopen_at() const { return reopen_at_; }
  // Makes the link anew; what its socket has not given out is lost, so empty it first. Throws zmq::error_t.
  void reopen();

 private:
  void open();
  void close();

  zmq::context_t& context_;
  const std::string endpoint_;
  const std::vector<std::string> topics_;
  const std::int64_t max_part_bytes_;
  const int most_messages_;
  zmq::socket_t socket_;
  zmq::socket_t monitor_;
  bool is_up_ = false;
  std::optional<Time> reopen_at_;
};

}  // namespace vigil::ingest
