// How soon a peer that vanished without a word (power cut, a forgetful NAT) is noticed on any TCP link of ingest.
// Used by the subscriber's links and the publisher.
// Tests: tests/ingest/vanished_peer_test.cpp.
#pragma once

#include <chrono>
#include <string>
#include <zmq.hpp>

namespace vigil::ingest {

inline constexpr int kKeepAliveIdleS = 10, kKeepAliveProbes = 4, kKeepAliveEveryS = 5;
inline constexpr int kUnacknowledgedMs = 30'000;
inline constexpr int kConnectMs = 5'000;  // then another attempt: the kernel's own come a minute apart after a while

// The kernel cuts the link after 30 s in which the peer acknowledges nothing, whether or not there is anything to send.
inline void watch_peer(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, kKeepAliveIdleS);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, kKeepAliveEveryS);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, kKeepAliveProbes);
  socket.set(zmq::sockopt::tcp_maxrt, kUnacknowledgedMs);
  socket.set(zmq::sockopt::connect_timeout, kConnectMs);
}

// A name may otherwise mean an address of version 6.
inline bool is_v6(const std::string& endpoint) { return endpoint.find('[') != std::string::npos; }

// Heartbeats of ZeroMQ's own protocol, to peers that are known to answer them: they also notice one that hangs, or that
// something between answers for.
struct Heartbeat {
  std::chrono::milliseconds interval{10'000};
  std::chrono::milliseconds timeout{20'000};  // without an answer, or anything else, the link is cut
};

inline void beat(zmq::socket_t& socket, const Heartbeat& heartbeat) {
  socket.set(zmq::sockopt::heartbeat_ivl, static_cast<int>(heartbeat.interval.count()));
  socket.set(zmq::sockopt::heartbeat_timeout, static_cast<int>(heartbeat.timeout.count()));
  // So long the peer does without one of ours before it cuts the link itself.
  socket.set(zmq::sockopt::heartbeat_ttl, static_cast<int>((heartbeat.interval + heartbeat.timeout).count()));
}

}  // namespace vigil::ingest
