// A bridge's producer: every message is reported once, whatever becomes of it.
#include <set>

#include "ingest/kafka/producer.h"
#include "tests/ingest/kafka/broker_for_test.h"

namespace vigil::ingest::kafka {
namespace {

class KafkaProducer : public BrokerTest {};

TEST_F(KafkaProducer, ReportsEveryMessageOnce) {
  make_topics();
  std::multiset<std::uint64_t> delivered;
  std::vector<std::string> refused;
  Producer producer(
      settings,
      [&](std::uint64_t token, bool is_delivered, const std::string& why) {
        if (is_delivered) {
          delivered.insert(token);
        } else {
          refused.push_back(std::to_string(token) + " " + why);
        }
      },
      lines.log());
  for (std::uint64_t token = 0; token < 300; ++token) {
    ASSERT_TRUE(producer.send(frames, static_cast<std::int32_t>(token % 3), "k", "v", {}, token));
  }
  ASSERT_TRUE(producer.send(frames, 0, "k", std::string(70 << 20, 'x'), {}, 1000));  // refused here
  EXPECT_EQ(producer.waiting(), 301u);
  ASSERT_TRUE(producer.flush(20s)) << lines.all();
  EXPECT_EQ(producer.waiting(), 0u);
  EXPECT_EQ(delivered.size(), 300u);
  EXPECT_EQ(std::set(delivered.begin(), delivered.end()).size(), 300u);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].substr(0, 5), "1000 ");
  EXPECT_EQ(values(frames, 2).size(), 100u);
  EXPECT_EQ(producer.refusal(), "");
}

TEST_F(KafkaProducer, KnowsTheNumberOfPartitions) {
  make_topics();
  Producer producer(settings, {}, lines.log());
  EXPECT_TRUE(eventually([&] { return producer.partitions(frames) == 3; }));
  EXPECT_EQ(producer.partitions(settings.prefix + ".none"), std::nullopt);
}

TEST_F(KafkaProducer, ATopicThatIsMissingIsWaitedFor) {
  settings.properties.emplace_back("topic.metadata.propagation.max.ms", "1000");
  int delivered = 0;
  Producer producer(
      settings, [&](std::uint64_t, bool is_delivered, const std::string&) { delivered += is_delivered; }, lines.log());
  ASSERT_TRUE(producer.send(frames, 0, "k", "v", {}, 0));
  ASSERT_TRUE(eventually(
      [&] {
        producer.poll(100ms);
        return !producer.refusal().empty();
      },
      40s));
  EXPECT_NE(producer.refusal().find("topic '" + frames + "'"), std::string::npos) << producer.refusal();
  EXPECT_TRUE(lines.hold(frames)) << lines.all();
  EXPECT_EQ(producer.waiting(), 1u);
  make_topics();
  EXPECT_TRUE(producer.flush(20s)) << producer.refusal();
  EXPECT_EQ(delivered, 1);
  EXPECT_EQ(producer.refusal(), "");
}

TEST_F(KafkaProducer, AFullQueueTakesNoMore) {
  settings.brokers = "127.0.0.1:1";
  Producer producer(settings, {}, lines.log(), 2);
  int taken = 0;
  while (taken < 100 && producer.send(frames, 0, "k", std::string(100000, 'x'), {}, 0)) ++taken;
  EXPECT_GE(taken, 10);
  EXPECT_LE(taken, 22);
  EXPECT_EQ(producer.waiting(), static_cast<std::uint64_t>(taken));
  EXPECT_FALSE(producer.flush(200ms));
}

}  // namespace
}  // namespace vigil::ingest::kafka
