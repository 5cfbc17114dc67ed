#include "alerting/receiver.h"

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "alerting/link_options.h"
#include "core/error.h"

namespace vigil::alerting {

struct ActionReceiver::State {
  zmq::context_t context{1};
  zmq::socket_t socket{context, zmq::socket_type::rep};
  std::string endpoint;
  std::function<void(const std::string&)> on_action;
  std::atomic<bool> stop{false};
  std::thread thread;

  void run() {
    while (!stop) {
      zmq::message_t message;
      if (!socket.recv(message, zmq::recv_flags::none)) continue;  // the receive time-out: look at stop
      const auto event = nlohmann::json::parse(message.to_string(), nullptr, false);
      nlohmann::json reply = {{"id", ""}, {"status", "rejected"}, {"reason", "not a CloudEvent"}};
      if (event.is_object() && event.contains("id") && event["id"].is_string()) {
        on_action(message.to_string());
        reply = {{"id", event["id"]}, {"status", "accepted"}};
      }
      socket.send(zmq::buffer(reply.dump()), zmq::send_flags::none);
    }
  }
};

ActionReceiver::ActionReceiver(const std::string& endpoint, std::function<void(const std::string&)> on_action)
    : state_(std::make_unique<State>()) {
  state_->on_action = std::move(on_action);
  try {
    state_->socket.set(zmq::sockopt::linger, 0);
    state_->socket.set(zmq::sockopt::rcvtimeo, 100);
    watch_peer(state_->socket);
    state_->socket.bind(endpoint);
    state_->endpoint = state_->socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& e) {
    throw Error(endpoint, std::string("cannot be bound (") + e.what() + ")",
                "a free endpoint like tcp://127.0.0.1:6000");
  }
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

ActionReceiver::~ActionReceiver() {
  state_->stop = true;
  state_->thread.join();
}

const std::string& ActionReceiver::endpoint() const { return state_->endpoint; }

}  // namespace vigil::alerting
