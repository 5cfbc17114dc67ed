#include "ingest/kafka/answers.h"

#include <librdkafka/rdkafka.h>

namespace vigil::ingest::kafka {
namespace {

using PartitionList =
    std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

PartitionList list_of(const std::string& topic, const std::vector<std::int32_t>& partitions, std::int64_t offset) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())),
                     rd_kafka_topic_partition_list_destroy);
  for (const std::int32_t partition : partitions) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  }
  return list;
}

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

// One request a broker: the logical offsets -1 and -2 are what ListOffsets takes in the place of a time.
bool ask_offsets(const Client& client, rd_kafka_topic_partition_list_t* list, Clock::time_point end) {
  const int left = milliseconds_until(end);
  if (left == 0 || rd_kafka_offsets_for_times(client.rk(), list, left) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  for (int at = 0; at < list->cnt; ++at) {
    if (list->elems[at].err != RD_KAFKA_RESP_ERR_NO_ERROR || list->elems[at].offset < 0) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<std::int32_t>> ask_partitions(const Client& client, const std::string& topic,
                                                        std::chrono::milliseconds timeout) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(client.rk(), topic.c_str(), nullptr);
  const rd_kafka_metadata_t* found = nullptr;
  const auto code = rd_kafka_metadata(client.rk(), 0, handle, &found, static_cast<int>(timeout.count()));
  std::optional<std::vector<std::int32_t>> partitions;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && found->topic_cnt == 1 &&
      found->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    partitions.emplace();
    for (int at = 0; at < found->topics[0].partition_cnt; ++at)
      partitions->push_back(found->topics[0].partitions[at].id);
  }
  if (found) rd_kafka_metadata_destroy(found);
  rd_kafka_topic_destroy(handle);
  return partitions;
}

std::optional<std::map<std::int32_t, Range>> ask_ranges(const Client& client, const std::string& topic,
                                                        const std::vector<std::int32_t>& partitions,
                                                        std::chrono::milliseconds timeout) {
  const auto end = Clock::now() + timeout;
  const PartitionList low = list_of(topic, partitions, RD_KAFKA_OFFSET_BEGINNING);
  const PartitionList high = list_of(topic, partitions, RD_KAFKA_OFFSET_END);
  if (!ask_offsets(client, low.get(), end) || !ask_offsets(client, high.get(), end)) return std::nullopt;
  std::map<std::int32_t, Range> ranges;
  for (int at = 0; at < low->cnt; ++at) ranges[low->elems[at].partition].low = low->elems[at].offset;
  for (int at = 0; at < high->cnt; ++at) ranges[high->elems[at].partition].end = high->elems[at].offset;
  return ranges;
}

}  // namespace vigil::ingest::kafka
