// The start of every command on Kafka: brokers that are away are waited for, topics are there as they must be, or made,
// and what is wrong is an Error that names broker, resource and operation. Keeps no connection.
// Tests: tests/ingest/kafka/topics_kafka_test.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ingest/kafka/log.h"
#include "ingest/kafka/settings.h"

namespace vigil::ingest::kafka {

struct Need {
  enum class What { read, write };
  std::string topic;
  What what = What::read;
  std::uint32_t exactly_partitions = 0;  // 0: any number
  bool may_be_missing = false;           // then it is not created either
};

// Waits for brokers that are away, saying so, until `stop` or for `patience` (nullopt: for ever); false: stopped, or
// patience is over. Creates what is missing where settings.create_partitions is above 0: PREFIX.frames with so many
// partitions, any other topic with 1. Throws Error within 20 s of a broker that answers: credentials, certificate, a
// missing topic, its number of partitions, a right. Read is tried; of Write only what Metadata shows (Describe): Kafka
// tells it with the first message, see Transactions::check_rights and Producer::refusal.
bool open_topics(const Settings& settings, const std::vector<Need>& needs, const std::atomic<bool>& stop,
                 std::optional<std::chrono::seconds> patience, const Log& log);

}  // namespace vigil::ingest::kafka
