#include "ingest/kafka/reader.h"

#include <librdkafka/rdkafka.h>

#include <mutex>
#include <utility>

#include "ingest/kafka/answers.h"
#include "ingest/kafka/client.h"
#include "ingest/kafka/group_offsets.h"
#include "ingest/kafka/single_reader.h"

namespace vigil::ingest::kafka {

// The consumer without group of librdkafka ("simple"): it needs no right on a group and no coordinator.
struct Reader::State {
  struct Place {
    std::int64_t from = 0;  // as assigned
    std::int64_t next = 0;
    bool is_stuck = false;  // next is not in the partition: before the first kept, or beyond the end
  };

  State(const Settings& given, std::string name, const Log& log_to)
      : settings(given),
        topic(std::move(name)),
        log(log_to),
        client(settings, Kind::consumer, {{"fetch.wait.max.ms", "100"}}, log),
        handle(rd_kafka_topic_new(client.rk(), topic.c_str(), nullptr)),
        queue(rd_kafka_queue_new(client.rk())),
        single(settings, topic, log) {}
  ~State() {
    for (const auto& [partition, place] : places) rd_kafka_consume_stop(handle, partition);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(handle);
  }

  void start(std::int32_t partition, std::int64_t offset) {
    rd_kafka_consume_start_queue(handle, partition, offset, queue);
    reached[partition] = places[partition].next = offset;
    places[partition].is_stuck = false;
  }

  void advance(std::int32_t partition, std::int64_t next) {
    const auto place = places.find(partition);
    if (place == places.end()) return;
    reached[partition] = place->second.next = next;
  }

  // Where partitions are stuck: those whose messages were removed go on at the first kept; the others wait.
  void free_stuck() {
    std::vector<std::int32_t> stuck;
    for (const auto& [partition, place] : places) {
      if (place.is_stuck) stuck.push_back(partition);
    }
    const auto now = Clock::now();
    if (stuck.empty() || now - freed < std::chrono::milliseconds(500)) return;
    freed = now;
    const auto ranges = ask_ranges(client, topic, stuck, std::chrono::seconds(1));
    if (!ranges) return;
    for (const std::int32_t partition : stuck) {
      const Range& range = ranges->at(partition);
      const std::int64_t next = places[partition].next;
      if (next > range.end) {
        client.say("topic '" + topic + "', partition " + std::to_string(partition) + ": waiting at offset " +
                   std::to_string(next) + ", which is beyond its end");
        continue;
      }
      if (next < range.low) removed.push_back({partition, next, range.low});
      rd_kafka_consume_stop(handle, partition);
      start(partition, std::max(next, range.low));
    }
  }

  std::optional<Message> take(const rd_kafka_message_t& from) {
    switch (from.err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR:
        client.answered();
        if (!places.contains(from.partition)) return std::nullopt;
        advance(from.partition, from.offset + 1);
        return to_message(from);
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        client.answered();
        advance(from.partition, from.offset);
        return std::nullopt;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        // Of an assignment of before: that offset is no concern any more.
        if (const auto place = places.find(from.partition);
            place != places.end() && place->second.next == from.offset) {
          place->second.is_stuck = true;
        }
        return std::nullopt;
      default:
        // Goes on by itself once it is mended.
        client.say(is_missing_right(from.err) ? missing_right(settings, "topic '" + topic + "'", "Read")
                                              : "topic '" + topic + "': " + rd_kafka_message_errstr(&from));
        return std::nullopt;
    }
  }

  Settings settings;
  std::string topic;
  Log log;
  Client client;
  rd_kafka_topic_t* handle;
  rd_kafka_queue_t* queue;
  SingleReader single;
  std::mutex mutex;  // of `groups`
  std::map<std::string, std::unique_ptr<GroupOffsets>> groups;
  std::map<std::int32_t, Place> places;
  std::map<std::int32_t, std::int64_t> reached;
  std::vector<Removed> removed;
  Clock::time_point freed;
};

Reader::Reader(const Settings& settings, std::string topic, Log log)
    : state_(std::make_unique<State>(settings, std::move(topic), std::move(log))) {}
Reader::~Reader() = default;

void Reader::assign(const std::map<std::int32_t, std::int64_t>& from) {
  for (auto at = state_->places.begin(); at != state_->places.end();) {
    const auto wanted = from.find(at->first);
    const bool goes_on =
        wanted != from.end() && (wanted->second == at->second.from || wanted->second == at->second.next);
    if (goes_on) {
      ++at;
      continue;
    }
    rd_kafka_consume_stop(state_->handle, at->first);
    state_->reached.erase(at->first);
    at = state_->places.erase(at);
  }
  for (const auto& [partition, offset] : from) {
    if (!state_->places.contains(partition)) state_->start(partition, offset);
    state_->places[partition].from = offset;
  }
}

std::optional<Message> Reader::poll(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  for (;;) {
    state_->free_stuck();
    rd_kafka_poll(state_->client.rk(), 0);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 500));
    rd_kafka_message_t* message = rd_kafka_consume_queue(state_->queue, wait);
    if (!message) {
      if (left.count() <= wait) return std::nullopt;
      continue;
    }
    auto taken = state_->take(*message);
    rd_kafka_message_destroy(message);
    if (taken) return taken;
  }
}

const std::map<std::int32_t, std::int64_t>& Reader::reached() const { return state_->reached; }

std::vector<Removed> Reader::take_removed() { return std::exchange(state_->removed, {}); }

std::optional<std::map<std::int32_t, Range>> Reader::ranges(std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  const auto partitions = ask_partitions(state_->client, state_->topic, timeout);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  if (!partitions || left.count() <= 0) return std::nullopt;
  return ask_ranges(state_->client, state_->topic, *partitions, left);
}

Asked<Message> Reader::read_at(std::int32_t partition, std::int64_t offset, std::chrono::milliseconds timeout) {
  return state_->single.read(partition, offset, timeout);
}

Asked<Committed> Reader::committed(const std::string& group, const std::string& topic, std::int32_t partition,
                                   std::chrono::milliseconds timeout) {
  GroupOffsets* offsets = nullptr;
  {
    const std::lock_guard lock(state_->mutex);
    auto& known = state_->groups[group];
    if (!known) known = std::make_unique<GroupOffsets>(state_->settings, group, state_->log);
    offsets = known.get();
  }
  return offsets->read(topic, partition, timeout);
}

}  // namespace vigil::ingest::kafka
