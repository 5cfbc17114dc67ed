// Single messages by their offset, through a client of its own, which is made with the first one.
// For Reader. Tests: tests/ingest/kafka/reader_kafka_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ingest/kafka/message.h"
#include "ingest/kafka/settings.h"

struct rd_kafka_topic_s;

namespace vigil::ingest::kafka {

class Client;

class SingleReader {
 public:
  SingleReader(const Settings& settings, std::string topic, Log log);
  ~SingleReader();
  SingleReader(const SingleReader&) = delete;
  SingleReader& operator=(const SingleReader&) = delete;

  // Answered without value: nothing is there that could be read.
  Asked<Message> read(std::int32_t partition, std::int64_t offset, std::chrono::milliseconds timeout);

 private:
  void start(std::int32_t partition, std::int64_t offset);
  void stop();

  Settings settings_;
  std::string topic_;
  Log log_;
  std::unique_ptr<Client> client_;
  rd_kafka_topic_s* handle_ = nullptr;
  std::int32_t partition_ = -1;  // the one that is being fetched
  std::int64_t next_ = 0;        // its next offset
};

}  // namespace vigil::ingest::kafka
