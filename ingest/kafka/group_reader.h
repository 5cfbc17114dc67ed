// A member of a consumer group on one topic: Kafka spreads the partitions over the members. Only what is committed is
// read, nothing is committed by itself. For workers, which commit with their transactions.
// Tests: tests/ingest/kafka/group_kafka_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/kafka/message.h"
#include "ingest/kafka/reader.h"
#include "ingest/kafka/settings.h"

namespace vigil::ingest::kafka {

class Transactions;

// For one thread. The callbacks are called inside poll(), close() and nowhere else.
class GroupReader {
 public:
  using Partitions = std::function<void(const std::vector<std::int32_t>&)>;
  struct Callbacks {
    Partitions assigned;  // these and no others are mine; each goes on at what is committed
    Partitions revoked;   // about to be given up: commit now (Transactions::commit still counts)
    Partitions lost;      // they are with others already, or may be: drop what you have of them
  };

  // start: `earliest` or `latest`, where the group has committed nothing for a partition. With `latest` that end is
  // committed at once, so that whoever takes the partition over begins at the same place.
  GroupReader(const Settings& settings, const std::string& group, const std::string& topic, const std::string& start,
              Callbacks callbacks, Log log);
  ~GroupReader();  // leaves the group, calls nobody back
  GroupReader(const GroupReader&) = delete;
  GroupReader& operator=(const GroupReader&) = delete;

  // nullopt: nothing came. Throws Error for a missing right on group or topic as long as nothing was ever read;
  // later it is said and waited for. Must be called every five minutes (max.poll.interval.ms), else others take over.
  std::optional<Message> poll(std::chrono::milliseconds timeout);
  // As in Reader, of the partitions assigned now; a partition is absent until something is known of its place.
  const std::map<std::int32_t, std::int64_t>& reached() const;
  std::vector<Removed> take_removed();  // as in Reader
  // After a transaction that did not commit: all assigned partitions go on at the committed offsets (or start).
  // Messages of before are yielded no more.
  void seek_to_committed();
  // Leaves and joins again; what is assigned comes back as `lost`, in the next poll(). For one that is no member any
  // more (Transactions::Failure::no_member).
  void rejoin();
  // Without a transaction. False: not committed.
  bool commit(const std::map<std::int32_t, std::int64_t>& offsets, std::chrono::milliseconds timeout);
  // Leaves the group, calling `revoked` first, so that others take over at once; at most this long.
  void close(std::chrono::milliseconds timeout);

 private:
  friend class Transactions;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::ingest::kafka
