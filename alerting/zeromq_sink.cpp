// Request and reply with a pipeline over ZeroMQ, as docs/actions_wire.md says: DEALER here, REP or ROUTER there.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <zmq.hpp>

#include "alerting/link_options.h"
#include "alerting/sinks.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::int64_t kReplyBytes = 64 * 1024;  // a peer that sends more is disconnected by libzmq
constexpr std::size_t kReasonCharacters = 200;   // of what a pipeline says
constexpr milliseconds kSlice{20};               // how soon abandon() is noticed

// libzmq takes port 99999 and connects to 99999 modulo 65536.
bool port_is_valid(std::string_view endpoint) {
  if (!endpoint.starts_with("tcp://")) return true;
  const std::string_view digits = endpoint.substr(endpoint.rfind(':') + 1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && end == digits.data() + digits.size() && port >= 1 && port <= 65535;
}

class ZeromqSink : public WaitingSink {
 public:
  explicit ZeromqSink(const SinkSettings& settings)
      : name_(settings.name), endpoint_(settings.text("endpoint")), timeout_(settings.number("reply_timeout_ms")) {
    const std::string where = "sink " + shown(name_) + ", endpoint '" + endpoint_ + "'";
    if (!port_is_valid(endpoint_)) throw Error(where, "no port to connect to", "tcp://HOST:PORT, PORT 1 to 65535");
    try {
      open();
    } catch (const zmq::error_t& error) {
      throw Error(where, error.what(), "a ZeroMQ endpoint such as tcp://127.0.0.1:6000");
    }
  }

  std::string name() const override { return name_; }
  RenderedRequest render(const OutgoingAction& action) const override {
    return {name_, "ZMQ", endpoint_, "application/cloudevents+json", action.cloudevent};
  }
  void abandon() override { abandoned_ = true; }

  Answer send(const OutgoingAction& action, const Begin& begin) override {
    try {
      if (!socket_) open();
      Answer answer = exchange(action, begin);
      // After anything but a proper answer the socket is opened anew: a late reply must not meet the next action.
      if (answer.delivery == Delivery::retry) socket_.reset();
      return answer;
    } catch (const zmq::error_t& error) {
      socket_.reset();
      return {Delivery::retry, endpoint_ + ": " + error.what()};
    }
  }

 private:
  void open() {
    zmq::socket_t socket(context_, zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::immediate, true);  // nothing is queued for a peer that is not there
    socket.set(zmq::sockopt::maxmsgsize, kReplyBytes);
    socket.set(zmq::sockopt::rcvhwm, 16);
    watch_peer(socket);  // a peer that hangs shows by its missing reply, after which the link is made anew
    socket.set(zmq::sockopt::reconnect_ivl, 50);
    socket.set(zmq::sockopt::reconnect_ivl_max, 1000);
    socket.connect(endpoint_);
    socket_ = std::move(socket);
  }

  // Waits for `event` until `deadline`; false when it passed or the wait was abandoned.
  bool await(short event, Clock::time_point deadline) {
    while (!abandoned_) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
      if (left.count() < 0) return false;
      zmq::pollitem_t item{socket_->handle(), 0, event, 0};
      zmq::poll(&item, 1, std::min(left, kSlice));
      if ((item.revents & event) != 0) return true;
      if (left.count() == 0) return false;
    }
    return false;
  }

  Answer unanswered(const char* what) const {
    if (abandoned_) return {Delivery::retry, "abandoned: vigil is ending"};
    return {Delivery::retry,
            std::string(what) + " within " + std::to_string(timeout_.count()) + " ms from " + endpoint_};
  }

  Answer exchange(const OutgoingAction& action, const Begin& begin) {
    const auto deadline = Clock::now() + timeout_;
    if (!await(ZMQ_POLLOUT, deadline)) return unanswered("no connection");
    if (!begin()) return {};
    if (!socket_->send(zmq::message_t{}, zmq::send_flags::sndmore | zmq::send_flags::dontwait) ||
        !socket_->send(zmq::buffer(action.cloudevent), zmq::send_flags::dontwait)) {
      return unanswered("no connection");
    }
    if (!await(ZMQ_POLLIN, deadline)) return unanswered("no reply");
    std::vector<zmq::message_t> frames(1);
    while (socket_->recv(frames.back(), zmq::recv_flags::dontwait)) {
      if (!frames.back().more()) break;
      if (frames.size() < 3) frames.emplace_back();  // of an overlong reply only the count matters
    }
    if (frames.size() != 2 || frames[0].size() != 0) return {Delivery::retry, "a reply that is not delimiter and body"};
    return answer_of(frames[1].to_string_view(), action.id);
  }

  static Answer answer_of(std::string_view body, const std::string& id) {
    const auto reply = nlohmann::json::parse(body, nullptr, false);
    if (!reply.is_object()) return {Delivery::retry, "a reply that is not a JSON object"};
    const auto text = [&](const char* key) -> std::optional<std::string> {
      const auto found = reply.find(key);
      if (found == reply.end() || !found->is_string()) return std::nullopt;
      return found->get<std::string>();
    };
    const auto replied = text("id");
    if (replied != id) return {Delivery::retry, "a reply for another id: " + shown(replied.value_or("none"))};
    const auto status = text("status");
    if (status == "accepted") return {Delivery::delivered, {}};
    if (status == "rejected") return {Delivery::refused, shown(text("reason").value_or(""), kReasonCharacters)};
    return {Delivery::retry, "a reply of unknown status: " + shown(status.value_or("none"))};
  }

  std::string name_;
  std::string endpoint_;
  milliseconds timeout_;
  std::atomic<bool> abandoned_ = false;
  zmq::context_t context_{1};
  std::optional<zmq::socket_t> socket_;
};

}  // namespace

std::unique_ptr<Sink> make_zeromq_sink(const SinkSettings& settings) { return std::make_unique<ZeromqSink>(settings); }

}  // namespace vigil::alerting
