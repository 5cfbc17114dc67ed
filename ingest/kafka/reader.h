// Partitions of one topic read from given offsets, without a group, only what is committed. For the merger, for replay
// and watch, and for single frames again. Commits nothing.
// Tests: tests/ingest/kafka/reader_kafka_test.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/kafka/message.h"
#include "ingest/kafka/settings.h"

namespace vigil::ingest::kafka {

struct Range {
  std::int64_t low = 0;  // first offset that is kept
  std::int64_t end = 0;  // last stable offset: what lies before it is decided, committed or aborted, and can be read
};

// Messages that Kafka removed before they were read: offsets first .. next-1.
struct Removed {
  std::int32_t partition = 0;
  std::int64_t first = 0;
  std::int64_t next = 0;
};

struct Committed {
  std::int64_t offset = 0;
  std::string metadata;
};

// One thread calls assign, poll, reached and take_removed. ranges, read_at and committed may be called by other threads
// meanwhile (read_at by one at a time). No call waits longer than it is told to, give or take a second.
class Reader {
 public:
  // Throws Error where the settings do not make a client (a secret's file is gone). Connects with the first call.
  Reader(const Settings& settings, std::string topic, Log log);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // What is read from now on, by partition. Partitions that are read already keep their place if they are named with
  // the offset they were assigned with, or with the one they have reached; else they are read from the new one. An
  // offset below the first kept goes on at the first kept, see take_removed(); one beyond the end waits there, which is
  // said.
  void assign(const std::map<std::int32_t, std::int64_t>& from);
  // nullopt: nothing came. In order within a partition. Rights and brokers that went away are said and waited for.
  std::optional<Message> poll(std::chrono::milliseconds timeout);
  // Of each assigned partition the offset before which everything was yielded: beyond transaction markers and aborted
  // messages too, so that at the end of a partition it equals Range::end.
  const std::map<std::int32_t, std::int64_t>& reached() const;
  // What was removed unread since the last call; empty nearly always.
  std::vector<Removed> take_removed();

  // Of every partition of the topic, also those added since; asked of the brokers now. nullopt: no answer now.
  std::optional<std::map<std::int32_t, Range>> ranges(std::chrono::milliseconds timeout);
  // One message again, whatever is assigned. Answered without value: it is not there (any more). Offsets read one after
  // the other are quick.
  Asked<Message> read_at(std::int32_t partition, std::int64_t offset, std::chrono::milliseconds timeout);
  // What `group` has committed for a partition of any topic; Describe on the group is enough, which Read brings. While
  // a transaction that commits there is open there is no answer: it may still be either.
  Asked<Committed> committed(const std::string& group, const std::string& topic, std::int32_t partition,
                             std::chrono::milliseconds timeout);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace vigil::ingest::kafka
