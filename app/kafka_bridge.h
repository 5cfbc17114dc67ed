// The sending half of `vigil bridge`: marks its session in every partition, then sends what the buffer holds, in order
// within each partition, and tells the buffer what was acknowledged. For one thread; receives nothing.
// Tests: tests/contract/kafka_bridge_test.py.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "ingest/bridge_buffer.h"
#include "ingest/kafka/producer.h"

namespace vigil::app {

class KafkaBridge {
 public:
  KafkaBridge(const ingest::kafka::Settings& kafka, ingest::BridgeBuffer& buffer, std::uint32_t buffer_mb,
              ingest::kafka::Log log);

  // Sends what there is and takes reports, in about 10 ms. Throws FailedRunning where Kafka refuses the marks, Error
  // where the right to write them is missing.
  void turn();
  bool has_begun() const { return marks_sent_ && marks_ == 0; }

 private:
  struct Place {
    std::uint64_t n = 0;
    std::int32_t partition = 0;
    std::size_t bytes = 0;
  };
  struct Again {
    Place place;
    ingest::FrameMessage message;
  };
  void begin();
  void report(std::uint64_t token, bool delivered, const std::string& why);
  bool send(const Place& place, const ingest::FrameMessage& message);
  bool send_next();

  ingest::BridgeBuffer& buffer_;
  const std::string topic_, place_;
  const ingest::kafka::Log log_;
  std::int32_t partitions_ = 0;
  bool marks_sent_ = false;
  std::int32_t marks_ = 0;      // not acknowledged
  std::string refused_mark_;    // why
  std::size_t proven_ = 0;      // bytes of a message that this topic takes
  std::optional<Place> alone_;  // a larger one; nothing is sent behind it until it is known whether it is taken
  std::deque<Again> again_;     // in the place of what was refused
  std::optional<ingest::BridgeBuffer::Next> next_;
  ingest::kafka::Producer producer_;  // last: reports to what is above
};

}  // namespace vigil::app
