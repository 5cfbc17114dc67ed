#include "ingest/kafka/group_state.h"

#include <librdkafka/rdkafka.h>

#include "ingest/kafka/answers.h"

namespace vigil::ingest::kafka {

void GroupReader::State::join() {
  is_closed = false;
  Hooks hooks;
  hooks.rebalanced = [this](int code, rd_kafka_topic_partition_list_t* partitions) { rebalanced(code, *partitions); };
  client = std::make_unique<Client>(
      settings, Kind::consumer, Properties{{"group.id", group}, {"partition.assignment.strategy", "range,roundrobin"}},
      log, std::move(hooks));
  rd_kafka_poll_set_consumer(client->rk());
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, topic.c_str(), RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(client->rk(), topics);
  rd_kafka_topic_partition_list_destroy(topics);
}

void GroupReader::State::leave() {
  if (!client) return;
  membership.reset();
  // Leaving tells the group at once; a broker that is away must not hold it up.
  client->handle()->is_left = true;
  if (!is_closed) {
    (void)within(std::chrono::seconds(2), [handle = client->handle()] { rd_kafka_consumer_close(handle->rk); });
  }
  client.reset();
}

void GroupReader::State::give_up(bool is_lost) {
  const std::vector<std::int32_t> partitions = std::exchange(mine, {});
  if (!partitions.empty()) {
    if (is_lost) membership.reset();
    const Partitions& tell = is_lost ? callbacks.lost : callbacks.revoked;
    if (tell) tell(partitions);
  }
  membership.reset();
  reached.clear();
  stuck.clear();
  is_placed = true;
}

void GroupReader::State::rebalanced(int code, const rd_kafka_topic_partition_list_t& partitions) {
  if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    give_up(rd_kafka_assignment_lost(client->rk()) != 0);
    rd_kafka_assign(client->rk(), nullptr);
    return;
  }
  client->answered();
  // An assignment that is lost before it was taken: the revocation follows.
  membership.reset(rd_kafka_consumer_group_metadata(client->rk()), rd_kafka_consumer_group_metadata_destroy);
  char* member = rd_kafka_memberid(client->rk());
  const bool is_member = member && *member != '\0' && rd_kafka_assignment_lost(client->rk()) == 0;
  if (member) rd_kafka_mem_free(client->rk(), member);
  if (!is_member) membership.reset();
  mine.clear();
  for (int at = 0; at < partitions.cnt; ++at) mine.push_back(partitions.elems[at].partition);
  reached.clear();
  stuck.clear();
  was_served = was_served || mine.empty();
  is_placed = mine.empty();
  if (callbacks.assigned) callbacks.assigned(mine);
  assign({});
  if (!is_placed) (void)place(std::chrono::seconds(2));
}

void GroupReader::State::assign(const std::map<std::int32_t, std::int64_t>& offsets) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
  }
  rd_kafka_assign(client->rk(), list);
  rd_kafka_topic_partition_list_destroy(list);
}

bool GroupReader::State::is_to_place() const {
  return !is_placed || (!stuck.empty() && Clock::now() - placed > std::chrono::seconds(1));
}

bool GroupReader::State::place(std::chrono::milliseconds timeout) {
  placed = Clock::now();
  const auto end = placed + timeout;
  const auto left = [&] {
    return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()),
                    std::chrono::milliseconds(50));
  };
  // Places that are known stay; the others go on at what is committed.
  std::map<std::int32_t, std::int64_t> offsets = reached;
  std::vector<std::int32_t> open, fresh, beyond;
  for (const std::int32_t partition : mine) {
    if (!offsets.contains(partition)) open.push_back(partition);
  }
  if (!open.empty()) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(static_cast<int>(open.size()));
    for (const std::int32_t partition : open) rd_kafka_topic_partition_list_add(list, topic.c_str(), partition);
    bool is_known =
        rd_kafka_committed(client->rk(), list, static_cast<int>(left().count())) == RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int at = 0; at < list->cnt; ++at) {
      is_known = is_known && list->elems[at].err == RD_KAFKA_RESP_ERR_NO_ERROR;
      if (list->elems[at].offset >= 0) {
        offsets[list->elems[at].partition] = list->elems[at].offset;
      } else {
        fresh.push_back(list->elems[at].partition);
      }
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (!is_known) return false;
  }
  std::vector<std::int32_t> asked = fresh;
  asked.insert(asked.end(), stuck.begin(), stuck.end());
  if (!asked.empty()) {
    const auto ranges = ask_ranges(*client, topic, asked, left());
    if (!ranges) return false;
    std::map<std::int32_t, std::int64_t> ends;
    for (const std::int32_t partition : fresh) {
      offsets[partition] = is_latest ? ranges->at(partition).end : ranges->at(partition).low;
      if (is_latest) ends[partition] = offsets[partition];
    }
    if (!ends.empty() && !commit(ends, left())) return false;
    for (const std::int32_t partition : stuck) {
      const Range& range = ranges->at(partition);
      std::int64_t& next = offsets[partition];
      if (next > range.end) {
        beyond.push_back(partition);
      } else if (next < range.low) {
        removed.push_back({partition, next, range.low});
        next = range.low;
      }
    }
    if (is_placed && beyond.size() == stuck.size()) return true;  // as it was
  }
  stuck = beyond;
  reached = offsets;
  for (const std::int32_t partition : beyond) {
    client->say("topic '" + topic + "', partition " + std::to_string(partition) + ": waiting at offset " +
                std::to_string(offsets[partition]) + ", which is beyond its end");
    offsets.erase(partition);  // the others go on
  }
  assign(offsets);
  is_placed = true;
  return true;
}

bool GroupReader::State::commit(const std::map<std::int32_t, std::int64_t>& offsets,
                                std::chrono::milliseconds timeout) {
  if (!client) return false;
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size()));
  for (const auto& [partition, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
  }
  // Its synchronous form waits for as long as the coordinator is away.
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client->rk());
  bool is_done = false;
  if (rd_kafka_commit_queue(client->rk(), list, queue, nullptr, nullptr) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (rd_kafka_event_t* event = rd_kafka_queue_poll(queue, static_cast<int>(timeout.count()))) {
      is_done = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
      rd_kafka_event_destroy(event);
    }
  }
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_partition_list_destroy(list);
  return is_done;
}

std::optional<Message> GroupReader::State::take(const rd_kafka_message_t& from) {
  switch (from.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
      client->answered();
      was_served = true;
      const auto place = is_placed ? reached.find(from.partition) : reached.end();
      if (place == reached.end()) return std::nullopt;  // fetched before it was given up
      const bool is_message = from.err == RD_KAFKA_RESP_ERR_NO_ERROR;
      place->second = from.offset + (is_message ? 1 : 0);
      return is_message ? std::optional(to_message(from)) : std::nullopt;
    }
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      if (const auto place = reached.find(from.partition); place != reached.end() && place->second == from.offset) {
        stuck.push_back(from.partition);
        placed = {};
      }
      return std::nullopt;
    default:
      break;
  }
  if (is_missing_right(from.err)) {
    const bool is_group = from.err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    const std::string resource = is_group ? "group '" + group + "'" : "topic '" + topic + "'";
    if (!was_served) throw_missing_right(settings, resource, "Read");
    client->say(missing_right(settings, resource, "Read"));
  } else if (from.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
    client->say("group '" + group + "': not asked for messages for too long, others take the partitions over");
  } else {
    client->say("group '" + group + "', topic '" + topic + "': " + rd_kafka_message_errstr(&from));
  }
  return std::nullopt;
}

}  // namespace vigil::ingest::kafka
