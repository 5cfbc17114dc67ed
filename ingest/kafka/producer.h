// The producer of a bridge: idempotent, acknowledged by all replicas in sync, never given up by time. What fails for a
// reason that may go away (brokers, rights, a topic that is gone) is sent again, for ever.
// Tests: tests/ingest/kafka/producer_kafka_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ingest/kafka/message.h"
#include "ingest/kafka/settings.h"

namespace vigil::ingest::kafka {

// For one thread. Nothing but flush() and poll() waits.
class Producer {
 public:
  // Called inside poll() and flush(), once for each message that send() took. Not delivered: refused for good, for what
  // the message is (its size, its form), `why`.
  using Report = std::function<void(std::uint64_t token, bool delivered, const std::string& why)>;

  // queue_mb: what may wait for its report, at most.
  Producer(const Settings& settings, Report report, Log log, std::uint32_t queue_mb = 1024);
  ~Producer();  // what waits is dropped
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Copies. False: the queue is full, nothing was taken. Messages of one partition keep their order, but for those sent
  // again after a refusal that went away, which may also come twice.
  bool send(const std::string& topic, std::int32_t partition, const std::string& key,
            const std::optional<std::string>& value, const Headers& headers, std::uint64_t token);
  void poll(std::chrono::milliseconds timeout);
  std::uint64_t waiting() const;                  // taken, and not reported yet
  bool flush(std::chrono::milliseconds timeout);  // true: nothing waits
  // The number of partitions, asked in the background every 10 s from the first call on; nullopt: not known yet.
  std::optional<std::int32_t> partitions(const std::string& topic);
  // What the brokers refuse at present and what is therefore sent again (a missing right, a topic that is not there),
  // with resource and operation. Empty: nothing. Said through the log when it begins; a right that is missing from the
  // start on is for the caller to say.
  std::string refusal() const;
  bool lacks_right() const;  // refusal() is that

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::ingest::kafka
