// A transactional producer: messages and offsets together or not at all. For workers (offsets of a group they are a
// member of) and the merger (a group without members). Whatever becomes of a broker, no call waits for ever: a producer
// whose calls do not end is left behind and a new one with the same id takes its place.
// Tests: tests/ingest/kafka/transactions_kafka_test.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "ingest/kafka/message.h"
#include "ingest/kafka/settings.h"

namespace vigil::ingest::kafka {

class GroupReader;

// For one thread.
class Transactions {
 public:
  enum class Outcome {
    done,
    again,    // nothing of it counts, or nobody knows: open() again, then go back to what is committed
    fenced,   // Kafka says that a newer producer has this id; it says so too where the transaction only timed out.
              // Who reads in the group's metadata that it is not fenced opens again and goes back, as with `again`
    stopped,  // of open(): `stop` was set
  };
  // Why the last call was not `done`.
  struct Failure {
    std::string said;        // by librdkafka
    bool no_member = false;  // the group does not know this member or generation any more: GroupReader::rejoin()
    bool refused = false;    // what was sent is refused for good (size, form): the same again is refused again
  };

  Transactions(const Settings& settings, std::string transactional_id, Log log);
  ~Transactions();  // aborts what is open
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  // A producer that fences every earlier one of this id and ends what that left open; `done` at once where there is one
  // already. Waits for brokers that are away. After `again` it waits a little first, longer each time up to 2 s. The
  // first time a missing right throws Error; later it is said and waited for.
  Outcome open(const std::atomic<bool>& stop);
  // Right after the first open(): throws Error where Write on `topic`, or Read on `group` and `group_topic`, is missing
  // (a message without value in a transaction that is aborted: no reader of committed messages sees it). An empty group
  // is not tried. again: nobody knows now.
  Outcome check_rights(const std::string& topic, const std::string& group = {}, const std::string& group_topic = {});

  // Begins a transaction where none is open. False: this transaction will not commit, and commit() says what is to be
  // done. A full queue is waited for up to 10 s.
  bool send(const std::string& topic, std::int32_t partition, const std::string& key,
            const std::optional<std::string>& value, const Headers& headers);
  // What was sent and these offsets, with the reader's membership as it was when its partitions were assigned. At most
  // 40 s. Nothing sent and no offsets: done.
  Outcome commit(const GroupReader& reader, const std::map<std::int32_t, std::int64_t>& offsets);
  // The same for a group without members: one offset with metadata.
  Outcome commit(const std::string& group, const std::string& topic, std::int32_t partition, std::int64_t offset,
                 const std::string& metadata);
  // What was sent alone.
  Outcome commit();
  // Drops what was sent since the last commit; after a failure open() makes a new producer.
  void abort();
  const Failure& failure() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::ingest::kafka
