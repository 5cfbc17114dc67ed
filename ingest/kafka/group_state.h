// What a GroupReader is made of, which Transactions looks into for its membership. For the sources of ingest/kafka.
// Tests: tests/ingest/kafka/group_kafka_test.cpp.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ingest/kafka/client.h"
#include "ingest/kafka/group_reader.h"

struct rd_kafka_consumer_group_metadata_s;

namespace vigil::ingest::kafka {

// Partitions move all at once (no cooperative rebalance): each change of the group passes through a revocation and an
// assignment, so that a membership belongs to exactly one assignment.
struct GroupReader::State {
  void join();
  void leave();  // whatever is assigned; bounded; calls nobody back
  void rebalanced(int code, const rd_kafka_topic_partition_list_s& partitions);
  void give_up(bool is_lost);
  bool is_to_place() const;
  // Finds the offsets where the assigned partitions go on, and lets them; false: not known now.
  bool place(std::chrono::milliseconds timeout);
  void assign(const std::map<std::int32_t, std::int64_t>& offsets);
  bool commit(const std::map<std::int32_t, std::int64_t>& offsets, std::chrono::milliseconds timeout);
  std::optional<Message> take(const rd_kafka_message_s& from);

  Settings settings;
  std::string group, topic;
  bool is_latest = false;
  Callbacks callbacks;
  Log log;
  std::unique_ptr<Client> client;
  std::vector<std::int32_t> mine;
  std::map<std::int32_t, std::int64_t> reached;
  std::vector<std::int32_t> stuck;  // their offset is not in the partition
  Clock::time_point placed;         // when that was last tried
  std::vector<Removed> removed;
  bool is_placed = true;    // `mine` go on at known offsets
  bool was_served = false;  // once, ever: what it may do, it was seen to do
  bool given_up = false;    // what is assigned was left by rejoin()
  bool is_closed = false;
  // The membership at the time of the assignment. Later ones are no good: once the group has forgotten us, librdkafka
  // has no member id, and with none the broker takes offsets of anybody.
  std::shared_ptr<rd_kafka_consumer_group_metadata_s> membership;
};

}  // namespace vigil::ingest::kafka
