// One call of librdkafka's transactions, bounded whatever it does, and what came of it. For the sources of
// ingest/kafka. Tests: tests/ingest/kafka/transactions_kafka_test.cpp.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "ingest/kafka/client.h"

struct rd_kafka_error_s;

namespace vigil::ingest::kafka {

struct Called {
  bool returned = false;  // false: it is left behind, and so must be the client
  bool is_fatal = false;
  bool is_retriable = false;
  bool needs_abort = false;
  int code = 0;
  std::string text;

  bool is_ok() const { return returned && code == 0; }
  bool is_fenced() const;     // by a newer producer; or the transaction timed out
  bool is_no_member() const;  // of the group whose offsets were to be committed
};

// `made` runs in a thread of its own and must own all it uses; it returns the error, or nullptr.
Called call(const Client& client, std::chrono::milliseconds bound, std::function<rd_kafka_error_s*(rd_kafka_s*)> made);

// What became of the messages of a transaction, from the delivery reports, which may come on any thread.
class Refusal {
 public:
  void note(int code);
  void clear();
  int code() const;  // the first that was refused; 0: none
  bool is_any() const;
  bool is_delivered() const;
  bool is_permanent() const;

 private:
  mutable std::mutex mutex_;
  int code_ = 0;
  int reports_ = 0;
  int delivered_ = 0;
};

// The message itself is what the brokers refuse: it is refused the next time too.
bool is_refused_for_good(int code);
// Copies; the code of librdkafka. A null value and an empty one differ.
int produce(rd_kafka_s* rk, const std::string& topic, std::int32_t partition, const std::string& key,
            const std::optional<std::string>& value, const Headers& headers, void* opaque);
void put_offset(rd_kafka_topic_partition_list_s& list, const std::string& topic, std::int32_t partition,
                std::int64_t offset, const std::string& metadata);

}  // namespace vigil::ingest::kafka
