#include "ingest/peer_probe.h"

#include <string_view>
#include <utility>

#include "ingest/link_options.h"

namespace vigil::ingest {
namespace {

// Source: rfc.zeromq.org/spec/37 (ZMTP 3.1), "greeting": signature, version, mechanism, as-server, filler.
constexpr std::size_t kSignature = 10, kMajor = 10, kMinor = 11, kVersionEnd = 12, kGreeting = 64;
constexpr std::chrono::seconds kPatience{2};  // for the rest of a greeting

std::string own_greeting() {
  std::string greeting(kGreeting, '\0');
  greeting[0] = '\xff';
  greeting[8] = '\x01';
  greeting[9] = '\x7f';
  greeting[kMajor] = 3;
  greeting[kMinor] = 0;  // the least: some peers refuse a minor version above their own
  greeting.replace(kVersionEnd, 4, "NULL");
  return greeting;
}

bool is_signature(std::string_view greeting) {
  return greeting.size() >= kSignature && greeting[0] == '\xff' && (greeting[9] & 1) != 0;
}

}  // namespace

PeerProbe::PeerProbe(zmq::context_t& context, const std::string& endpoint) : context_(&context), endpoint_(endpoint) {
  connect();
}

void PeerProbe::connect() {
  socket_ = zmq::socket_t(*context_, ZMQ_STREAM);
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::ipv6, is_v6(endpoint_));
  watch_peer(socket_);
  socket_.connect(endpoint_);
  greeting_.clear();
  deadline_.reset();
}

std::optional<bool> PeerProbe::answer() {
  zmq::message_t peer, bytes;
  while (socket_.recv(peer, zmq::recv_flags::dontwait)) {
    if (!peer.more() || !socket_.recv(bytes, zmq::recv_flags::none)) continue;
    if (bytes.size() > 0) {
      if (greeting_.size() < kVersionEnd) greeting_.append(bytes.to_string_view().substr(0, kGreeting));
    } else if (!deadline_) {  // it is there
      deadline_ = std::chrono::steady_clock::now() + kPatience;
      if (socket_.send(peer, zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
        (void)socket_.send(zmq::buffer(own_greeting()), zmq::send_flags::dontwait);
      }
    } else if (greeting_.empty()) {  // gone without a word: ZeroMQ connects again
      deadline_.reset();
    } else {
      deadline_ = std::chrono::steady_clock::now();
    }
  }
  if (greeting_.size() >= kVersionEnd) {
    const int major = greeting_[kMajor], minor = greeting_[kMinor];
    return is_signature(greeting_) && (major > 3 || (major == 3 && minor >= 1));
  }
  if (!deadline_ || std::chrono::steady_clock::now() < *deadline_) return std::nullopt;
  if (!greeting_.empty()) return false;  // of a version whose greeting is shorter
  connect();
  return std::nullopt;
}

}  // namespace vigil::ingest
