// How soon a peer that vanished without a word (power cut, a forgetful NAT) is noticed on the links of actions.
// Used by the ZeroMQ sink and the receiver.
// Tests: tests/alerting/sinks_test.cpp.
#pragma once

#include <zmq.hpp>

namespace vigil::alerting {

// The kernel cuts the link after 30 s in which the peer acknowledges nothing, whether or not there is anything to send.
inline void watch_peer(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::tcp_keepalive_idle, 10);
  socket.set(zmq::sockopt::tcp_keepalive_intvl, 5);
  socket.set(zmq::sockopt::tcp_keepalive_cnt, 4);
  socket.set(zmq::sockopt::tcp_maxrt, 30'000);
  socket.set(zmq::sockopt::connect_timeout, 5'000);  // then another attempt
}

}  // namespace vigil::alerting
