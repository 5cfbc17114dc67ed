// The other end of a live stream: a ZeroMQ XPUB socket that blocks rather than drops.
// Used by publish, simulate and demo. One thread at a time; starts none of its own.
// Tests: tests/ingest/subscriber_test.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vigil::ingest {

struct PublisherSettings {
  int queue_messages = 1000;                 // for each subscriber, before send blocks
  std::chrono::milliseconds linger{10'000};  // how long close() waits for what is not sent yet
};

class Publisher {
 public:
  // Binds. Throws Error naming the endpoint (port in use, no endpoint).
  explicit Publisher(const std::string& endpoint, const PublisherSettings& settings = {});
  ~Publisher();  // close()

  // What is bound to, with the port that a wildcard got.
  const std::string& last_endpoint() const;
  // Until somebody subscribes. False: stopped, or the time is over (none: it never is). Looks at `stop` 20 times a
  // second.
  bool wait_for_subscriber(const std::atomic<bool>& stop, std::optional<std::chrono::milliseconds> timeout = {});
  // Waits while a subscriber's queue is full. False: stopped before it was sent. Without a subscriber the message is
  // gone, as ZeroMQ has it. Throws Error on a socket that fails. No parts: nothing is sent, true.
  bool send(const std::vector<std::string>& parts, const std::atomic<bool>& stop);
  // Waits until everything is sent, as long as `linger` allows. May be repeated; nothing can be sent afterwards.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::ingest
