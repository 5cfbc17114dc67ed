// Offsets, markers, aborted messages, removed ones, single ones and committed metadata.
#include <librdkafka/rdkafka.h>

#include <thread>
#include <utility>

#include "ingest/kafka/client.h"
#include "ingest/kafka/producer.h"
#include "tests/ingest/kafka/broker_for_test.h"

namespace vigil::ingest::kafka {
namespace {

class KafkaReader : public BrokerTest {
 protected:
  void remove_before(const std::string& topic, std::int32_t partition, std::int64_t offset) {
    const Client client(settings, Kind::consumer, {}, {});
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
    rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(list);
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client.rk());
    rd_kafka_DeleteRecords(client.rk(), &request, 1, nullptr, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 10000);
    ASSERT_TRUE(event && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
  }

  std::vector<std::string> read_to(Reader& reader, std::int32_t partition, std::int64_t end) {
    std::vector<std::string> found;
    EXPECT_TRUE(eventually([&] {
      if (const auto message = reader.poll(100ms)) found.push_back(message->value.value_or("(none)"));
      return reader.reached().at(partition) >= end;
    })) << "stays at "
        << reader.reached().at(partition);
    return found;
  }
};

TEST_F(KafkaReader, PassesMarkersAndAbortedMessages) {
  make_topics();
  write(partials, 0, 2);  // 0, 1, marker 2
  {
    Transactions writer(settings, settings.prefix + ".writer", lines.log());
    ASSERT_EQ(writer.open(stop), Transactions::Outcome::done);
    ASSERT_TRUE(writer.send(partials, 0, "k", "aborted", {}));
    std::this_thread::sleep_for(1s);  // it is on the broker, unless the machine is very busy
    writer.abort();
  }
  write(partials, 0, 1, "n");
  Reader reader(settings, partials, lines.log());
  std::optional<std::map<std::int32_t, Range>> ranges;
  // m0 m1 marker aborted marker n0 marker: 7, where the aborted one was there at all
  std::int64_t end = 0;
  ASSERT_TRUE(eventually([&] {
    if (!(ranges = reader.ranges(2s))) return false;
    const std::int64_t before = std::exchange(end, ranges->at(0).end);
    std::this_thread::sleep_for(300ms);
    return end >= 5 && end == before;
  }));
  EXPECT_LE(end, 7);
  EXPECT_EQ(ranges->at(0).low, 0);
  reader.assign({{0, 0}});
  EXPECT_EQ(read_to(reader, 0, end), (std::vector<std::string>{"m0", "m1", "n0"}));
  EXPECT_EQ(reader.reached().at(0), end);
  // An open transaction is not there yet.
  Transactions open(settings, settings.prefix + ".open", lines.log());
  ASSERT_EQ(open.open(stop), Transactions::Outcome::done);
  ASSERT_TRUE(open.send(partials, 0, "k", "open", {}));
  std::this_thread::sleep_for(500ms);
  ranges = reader.ranges(2s);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->at(0).end, end);
  EXPECT_FALSE(reader.poll(300ms));
  ASSERT_EQ(open.commit("none", partials, 0, 0, {}), Transactions::Outcome::done);
  EXPECT_EQ(read_to(reader, 0, end + 2), (std::vector<std::string>{"open"}));
}

TEST_F(KafkaReader, KeepsPlacesAndGoesWhereItIsTold) {
  make_topics();
  for (int partition = 0; partition < 3; ++partition) write(frames, partition, 4, std::to_string(partition) + ":");
  Reader reader(settings, frames, lines.log());
  reader.assign({{0, 0}, {1, 2}});
  std::vector<std::string> found;
  ASSERT_TRUE(eventually([&] {
    if (const auto message = reader.poll(100ms)) found.push_back(*message->value);
    return reader.reached().at(0) == 5 && reader.reached().at(1) == 5;
  }));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::string>{"0:0", "0:1", "0:2", "0:3", "1:2", "1:3"}));
  reader.assign({{0, 0}, {1, 3}, {2, 3}});  // 0 goes on, 1 goes back, 2 is new
  found.clear();
  ASSERT_TRUE(eventually([&] {
    if (const auto message = reader.poll(100ms)) found.push_back(*message->value);
    return reader.reached().at(1) == 5 && reader.reached().at(2) == 5;
  }));
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::string>{"1:3", "2:3"}));
  reader.assign({});
  EXPECT_TRUE(reader.reached().empty());
  EXPECT_FALSE(reader.poll(100ms));
}

TEST_F(KafkaReader, SaysWhatWasRemovedUnread) {
  make_topics();
  write(frames, 1, 9);
  remove_before(frames, 1, 5);
  Reader reader(settings, frames, lines.log());
  reader.assign({{1, 2}});
  EXPECT_EQ(read_to(reader, 1, 10), (std::vector<std::string>{"m5", "m6", "m7", "m8"}));
  const auto removed = reader.take_removed();
  ASSERT_EQ(removed.size(), 1u);
  EXPECT_EQ(removed[0].partition, 1);
  EXPECT_EQ(removed[0].first, 2);
  EXPECT_EQ(removed[0].next, 5);
  EXPECT_TRUE(reader.take_removed().empty());
  const auto ranges = reader.ranges(2s);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->at(1).low, 5);
  // Beyond the end: it waits there, and goes on when the end comes.
  reader.assign({{0, 2}});
  EXPECT_FALSE(reader.poll(1500ms));
  EXPECT_TRUE(lines.hold("waiting at offset 2, which is beyond its end")) << lines.all();
  write(frames, 0, 4);
  EXPECT_EQ(read_to(reader, 0, 5), (std::vector<std::string>{"m2", "m3"}));
}

TEST_F(KafkaReader, ReadsSingleMessagesAgain) {
  make_topics();
  write(frames, 0, 6);
  remove_before(frames, 0, 2);
  Reader reader(settings, frames, lines.log());
  reader.assign({{0, 2}});
  for (const std::int64_t offset : {3, 4, 5, 2, 2}) {
    const auto found = reader.read_at(0, offset, 5s);
    ASSERT_TRUE(found.answered) << offset << ": " << found.why;
    ASSERT_TRUE(found.value) << offset;
    EXPECT_EQ(*found.value->value, "m" + std::to_string(offset));
    EXPECT_EQ(found.value->offset, offset);
  }
  for (const std::int64_t offset : {1, 6, 7, 100}) {  // removed, a marker, the end, beyond it
    const auto found = reader.read_at(0, offset, 5s);
    EXPECT_TRUE(found.answered) << offset << ": " << found.why;
    EXPECT_FALSE(found.value) << offset;
  }
  EXPECT_FALSE(reader.read_at(7, 0, 1s).value);
  EXPECT_EQ(read_to(reader, 0, 7).size(), 4u);  // the reading of before is untouched
}

TEST_F(KafkaReader, CarriesKeysHeadersAndMissingValues) {
  make_topics();
  int reports = 0;
  Producer producer(
      settings, [&](std::uint64_t, bool delivered, const std::string&) { reports += delivered; }, lines.log());
  const std::string binary("\0\xff\n", 3);
  ASSERT_TRUE(producer.send(frames, 0, "", std::nullopt, {{"a", ""}, {"b", binary}, {"a", "2"}}, 0));
  ASSERT_TRUE(producer.send(frames, 0, binary, "", {}, 1));
  ASSERT_TRUE(producer.send(frames, 0, "k", std::string(5 << 20, 'x'), {}, 2));
  ASSERT_TRUE(producer.flush(20s)) << lines.all();
  EXPECT_EQ(reports, 3);
  Reader reader(settings, frames, lines.log());
  reader.assign({{0, 0}});
  std::vector<Message> found;
  ASSERT_TRUE(eventually([&] {
    if (auto message = reader.poll(100ms)) found.push_back(std::move(*message));
    return found.size() == 3;
  }));
  EXPECT_FALSE(found[0].value);
  EXPECT_EQ(found[0].headers, (Headers{{"a", ""}, {"b", binary}, {"a", "2"}}));
  EXPECT_EQ(*header(found[0], "a"), "2");
  EXPECT_EQ(header(found[0], "c"), nullptr);
  EXPECT_EQ(found[1].key, binary);
  EXPECT_EQ(found[1].value, "");
  EXPECT_EQ(found[2].value->size(), 5u << 20);
}

TEST_F(KafkaReader, TellsWhatAGroupHasCommitted) {
  make_topics();
  write(partials, 0, 3);
  Reader reader(settings, partials, lines.log());
  const std::string group = settings.prefix + ".merge";
  auto asked = reader.committed(group, partials, 0, 5s);
  ASSERT_TRUE(asked.answered) << asked.why;
  EXPECT_FALSE(asked.value);
  Transactions merger(settings, group, lines.log());
  ASSERT_EQ(merger.open(stop), Transactions::Outcome::done);
  ASSERT_EQ(merger.commit(group, partials, 0, 3, "1234567890 42"), Transactions::Outcome::done)
      << merger.failure().said;
  asked = reader.committed(group, partials, 0, 5s);
  ASSERT_TRUE(asked.answered) << asked.why;
  ASSERT_TRUE(asked.value);
  EXPECT_EQ(asked.value->offset, 3);
  EXPECT_EQ(asked.value->metadata, "1234567890 42");
  ASSERT_EQ(merger.commit(group, partials, 0, 4, {}), Transactions::Outcome::done);
  asked = reader.committed(group, partials, 0, 5s);
  ASSERT_TRUE(asked.value);
  EXPECT_EQ(asked.value->offset, 4);
  EXPECT_EQ(asked.value->metadata, "");
}

}  // namespace
}  // namespace vigil::ingest::kafka
