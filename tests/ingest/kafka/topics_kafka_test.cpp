// Topics that are there, missing, made, or of another number of partitions; brokers that are not there.
#include <fcntl.h>

#include "tests/ingest/kafka/broker_for_test.h"

namespace vigil::ingest::kafka {
namespace {

class KafkaTopics : public BrokerTest {};
constexpr auto kRead = Need::What::read, kWrite = Need::What::write;

TEST_F(KafkaTopics, AreMadeWhereThatIsWanted) {
  EXPECT_TRUE(open_topics(settings, {{frames, kRead}, {partials, kWrite, 1}}, stop, 20s, lines.log())) << lines.all();
  EXPECT_TRUE(lines.hold(frames + "' created, partitions: 3")) << lines.all();
  Reader reader(settings, frames, lines.log());
  std::optional<std::map<std::int32_t, Range>> ranges;
  ASSERT_TRUE(eventually([&] { return (ranges = reader.ranges(2s)).has_value(); }));
  EXPECT_EQ(ranges->size(), 3u);
  EXPECT_EQ(ranges->at(2).end, 0);
  // Once more: nothing is to be done.
  EXPECT_TRUE(open_topics(settings, {{frames, kRead, 3}, {partials, kRead, 1}}, stop, 20s, {}));
  const std::string said = thrown([&] { open_topics(settings, {{frames, kRead, 1}}, stop, 20s, {}); });
  EXPECT_NE(said.find("topic '" + frames + "' has 3 partitions, expected 1"), std::string::npos) << said;
}

TEST_F(KafkaTopics, ThatAreMissingAreNamed) {
  settings.create_partitions = 0;
  const auto begin = std::chrono::steady_clock::now();
  const std::string said = thrown([&] { open_topics(settings, {{frames, kRead}}, stop, {}, {}); });
  EXPECT_NE(said.find("Kafka at " + settings.brokers + ": topic '" + frames + "' is not there"), std::string::npos)
      << said;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_TRUE(open_topics(settings, {{frames, kRead, 0, true}}, stop, 20s, {}));
  // Asking has made none.
  EXPECT_NE(thrown([&] { open_topics(settings, {{frames, kRead}}, stop, {}, {}); }), "");
}

TEST_F(KafkaTopics, ReplicasThatCannotBeAreSaid) {
  settings.replication = 3;
  const std::string said = thrown([&] { open_topics(settings, {{frames, kWrite}}, stop, {}, {}); });
  EXPECT_NE(said.find("cannot be created"), std::string::npos) << said;
}

TEST_F(KafkaTopics, ASecretInClearReachesLoopback) {
  const std::string secret = testing::TempDir() + settings.prefix;
  const int file = ::open(secret.c_str(), O_CREAT | O_WRONLY, 0600);
  ASSERT_EQ(::write(file, "pw", 2), 2);
  ::close(file);
  settings.properties = {{"security.protocol", "sasl_plaintext"},
                         {"sasl.mechanism", "PLAIN"},
                         {"sasl.username", "u"},
                         {"sasl.password_file", secret}};
  // The broker has no such listener: the connection is made, and what is answered may yet be a refusal.
  EXPECT_FALSE(open_topics(settings, {{frames, kRead}}, stop, 2s, lines.log()));
  EXPECT_FALSE(lines.hold("Failed to connect")) << lines.all();
  ::unlink(secret.c_str());
}

TEST(KafkaNowhere, IsWaitedForAndSaid) {
  Settings settings;
  settings.brokers = "127.0.0.1:1";
  settings.prefix = "p";
  Lines lines;
  std::atomic<bool> stop = false;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(open_topics(settings, {{"p.frames", kRead}}, stop, 2s, lines.log()));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s);
  EXPECT_TRUE(
      lines.hold("waiting for Kafka at 127.0.0.1:1: 127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: "
                 "Connection refused"))
      << lines.all();
  std::thread stopper([&] {
    std::this_thread::sleep_for(500ms);
    stop = true;
  });
  EXPECT_FALSE(open_topics(settings, {{"p.frames", kRead}}, stop, {}, lines.log()));
  stopper.join();
}

}  // namespace
}  // namespace vigil::ingest::kafka
