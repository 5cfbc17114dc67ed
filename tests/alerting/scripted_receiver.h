// A receiving pipeline in a thread, over real ZeroMQ: binds a REP socket and answers as it is told.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

namespace vigil::alerting {

class Receiver {
 public:
  // The reply to a CloudEvent and how many were received before it; nullopt: none, ever.
  using Reply = std::function<std::optional<std::string>(const nlohmann::json& event, std::size_t before)>;

  explicit Receiver(Reply reply, const std::string& endpoint = "tcp://127.0.0.1:*") : reply_(std::move(reply)) {
    socket_.set(zmq::sockopt::linger, 0);
    // A port just left by another receiver may take a moment to be free.
    for (int attempt = 0;; ++attempt) {
      try {
        socket_.bind(endpoint);
        break;
      } catch (const zmq::error_t&) {
        if (attempt == 100) throw;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
    endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
    thread_ = std::thread([this] { run(); });
  }
  ~Receiver() {
    stop_ = true;
    thread_.join();
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  const std::string& endpoint() const { return endpoint_; }
  std::vector<std::string> received() const {  // ids, in order
    std::lock_guard lock(mutex_);
    return ids_;
  }
  std::vector<nlohmann::json> events() const {
    std::lock_guard lock(mutex_);
    return events_;
  }
  bool malformed() const { return malformed_; }

 private:
  // ROUTER does what REP does, and can also not answer.
  void run() {
    while (!stop_) {
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(10));
      if ((item.revents & ZMQ_POLLIN) == 0) continue;
      std::vector<zmq::message_t> frames;
      do {
        frames.emplace_back();
        (void)socket_.recv(frames.back());
      } while (frames.back().more());
      const auto event = nlohmann::json::parse(frames.back().to_string_view(), nullptr, false);
      if (frames.size() != 3 || frames[1].size() != 0 || !event.is_object()) {
        malformed_ = true;
        continue;
      }
      std::size_t before = 0;
      {
        std::lock_guard lock(mutex_);
        before = ids_.size();
        ids_.push_back(event.at("id"));
        events_.push_back(event);
      }
      const auto reply = reply_(event, before);
      if (!reply) continue;
      try {
        socket_.send(frames[0], zmq::send_flags::sndmore);
        socket_.send(zmq::message_t{}, zmq::send_flags::sndmore);
        socket_.send(zmq::buffer(*reply), zmq::send_flags::none);
      } catch (const zmq::error_t&) {  // the peer has gone
      }
    }
  }

  Reply reply_;
  std::string endpoint_;
  zmq::context_t context_{1};
  zmq::socket_t socket_{context_, zmq::socket_type::router};
  std::atomic<bool> stop_ = false;
  std::atomic<bool> malformed_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> ids_;
  std::vector<nlohmann::json> events_;
  std::thread thread_;
};

inline std::string accepted(const nlohmann::json& event) {
  return nlohmann::json{{"id", event.at("id")}, {"status", "accepted"}}.dump();
}
inline Receiver::Reply always_accepted() {
  return [](const nlohmann::json& event, std::size_t) { return accepted(event); };
}

}  // namespace vigil::alerting
