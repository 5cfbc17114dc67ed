// What a group has committed, asked without being one of it. For Reader.
// Tests: tests/ingest/kafka/reader_kafka_test.cpp.
#pragma once

#include <mutex>
#include <string>

#include "ingest/kafka/client.h"
#include "ingest/kafka/reader.h"

namespace vigil::ingest::kafka {

// A client that bears the group's name and never joins. (librdkafka 2.0 has a request for any group's offsets, which
// aborts the process where the coordinator is away: its assertion on eonce->refcnt.) Thread-safe.
class GroupOffsets {
 public:
  GroupOffsets(const Settings& settings, std::string group, Log log);

  Asked<Committed> read(const std::string& topic, std::int32_t partition, std::chrono::milliseconds timeout);

 private:
  // Refusals come beside the answers.
  void hear();

  const Settings settings_;
  const std::string group_;
  std::mutex mutex_;
  Client client_;
  bool is_refused_ = false;
};

}  // namespace vigil::ingest::kafka
