// Asks a peer which version of ZeroMQ's protocol it speaks, on a connection of its own, before the link that matters is
// made. Used by SubscriberLink: a peer of a version before 3.1 need not know heartbeats (some close a link on one), and
// ZeroMQ sends them to any. Waits for nothing; subscribes to nothing.
// Tests: tests/ingest/vanished_peer_test.cpp.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <zmq.hpp>

namespace vigil::ingest {

class PeerProbe {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // Begins to connect, and goes on trying. Throws zmq::error_t on an endpoint that is none.
  PeerProbe(zmq::context_t& context, const std::string& endpoint);
  PeerProbe(PeerProbe&&) = default;
  PeerProbe& operator=(PeerProbe&&) = default;

  zmq::socket_t& socket() { return socket_; }  // readable: look at answer()
  // Whether the peer speaks version 3.1 or later; nullopt: not known yet. A peer that says nothing at all is none, and
  // asked again.
  std::optional<bool> answer();
  // When answer() should be looked at if nothing comes before.
  std::optional<Time> deadline() const { return deadline_; }

 private:
  void connect();

  zmq::context_t* context_;
  std::string endpoint_;
  zmq::socket_t socket_;
  std::string greeting_;          // the peer's, as far as it has come
  std::optional<Time> deadline_;  // of the rest of it
};

}  // namespace vigil::ingest
