#include "ingest/kafka/group_offsets.h"

#include <librdkafka/rdkafka.h>

#include <thread>
#include <utility>

namespace vigil::ingest::kafka {

GroupOffsets::GroupOffsets(const Settings& settings, std::string group, Log log)
    : settings_(settings),
      group_(std::move(group)),
      client_(settings, Kind::consumer, Properties{{"group.id", group_}}, std::move(log)) {
  rd_kafka_poll_set_consumer(client_.rk());
}

void GroupOffsets::hear() {
  while (rd_kafka_message_t* message = rd_kafka_consumer_poll(client_.rk(), 0)) {
    is_refused_ = is_refused_ || message->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    rd_kafka_message_destroy(message);
  }
}

Asked<Committed> GroupOffsets::read(const std::string& topic, std::int32_t partition,
                                    std::chrono::milliseconds timeout) {
  const std::lock_guard lock(mutex_);
  const auto end = Clock::now() + timeout;
  const std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)> list(
      rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_t& place = *rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  Asked<Committed> asked;
  is_refused_ = false;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    // In slices: without the right there is no answer, only an error beside it.
    rd_kafka_resp_err_t code =
        rd_kafka_committed(client_.rk(), list.get(), static_cast<int>(std::clamp<std::int64_t>(left, 1, 500)));
    hear();
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = place.err;
    asked.answered = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (asked.answered) {
      client_.answered();
      if (place.offset >= 0) {
        asked.value = Committed{place.offset, {static_cast<const char*>(place.metadata), place.metadata_size}};
      }
      return asked;
    }
    const bool is_group = is_refused_ || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    asked.refused = is_group || is_missing_right(code);
    asked.why = is_group        ? missing_right(settings_, "group '" + group_ + "'", "Read")
                : asked.refused ? missing_right(settings_, "topic '" + topic + "'", "Describe")
                                : error_text(code);
    if (asked.refused || Clock::now() >= end) return asked;
    // For some milliseconds after each commit, while the transaction's marker is being written.
    if (code == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace vigil::ingest::kafka
