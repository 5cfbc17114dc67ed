// TLS, credentials and rights: each that is missing is named, and the least rights of docs/scale_out.md are enough.
// librdkafka 2.0 cannot grant Write on a transactional id: who starts the broker grants `granted-` (prefixed) to
// worker, merger and nobody.
#include <librdkafka/rdkafka.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "ingest/kafka/client.h"
#include "ingest/kafka/group_reader.h"
#include "ingest/kafka/producer.h"
#include "tests/ingest/kafka/broker_for_test.h"

namespace vigil::ingest::kafka {
namespace {

using Outcome = Transactions::Outcome;

class KafkaSecure : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("VIGIL_TEST_KAFKA_SECURE").empty()) GTEST_SKIP() << "VIGIL_TEST_KAFKA_SECURE is not set: no broker";
    folder = environment("VIGIL_TEST_KAFKA_SECURE_DIR");
    prefix = "s" + std::to_string(::getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    frames = prefix + ".frames";
    partials = prefix + ".partials";
  }

  Settings as(const std::string& user) const {
    Settings settings;
    settings.brokers = environment("VIGIL_TEST_KAFKA_SECURE");
    settings.prefix = prefix;
    settings.properties = {{"security.protocol", "sasl_ssl"},
                           {"sasl.mechanism", "SCRAM-SHA-512"},
                           {"sasl.username", user},
                           {"sasl.password_file", folder + "/secrets/" + user},
                           {"ssl.ca.location", folder + "/ca.pem"},
                           {"session.timeout.ms", "6000"}};
    return settings;
  }

  void make_topics() {
    Settings settings = as("admin");
    settings.create_partitions = 1;
    ASSERT_TRUE(
        open_topics(settings, {{frames, Need::What::write}, {partials, Need::What::write}}, stop, 20s, lines.log()))
        << lines.all();
  }

  void allow(const std::string& user, rd_kafka_ResourceType_t type, const std::string& name,
             const std::vector<rd_kafka_AclOperation_t>& operations, bool is_prefix = false) {
    const Settings settings = as("admin");
    const Client client(settings, Kind::producer, {}, {});
    std::vector<rd_kafka_AclBinding_t*> rights;
    std::array<char, 512> error{};
    for (const auto operation : operations) {
      rights.push_back(rd_kafka_AclBinding_new(
          type, name.c_str(), is_prefix ? RD_KAFKA_RESOURCE_PATTERN_PREFIXED : RD_KAFKA_RESOURCE_PATTERN_LITERAL,
          ("User:" + user).c_str(), "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, error.data(), error.size()));
    }
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client.rk());
    rd_kafka_CreateAcls(client.rk(), rights.data(), rights.size(), nullptr, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 10000);
    ASSERT_TRUE(event && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AclBinding_destroy_array(rights.data(), rights.size());
    std::this_thread::sleep_for(200ms);  // in force a little after the answer
  }

  // What was thrown, within the time that is promised.
  std::string refused(const std::function<void()>& what) const {
    const auto begin = std::chrono::steady_clock::now();
    const std::string said = thrown(what);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s) << said;
    return said;
  }

  std::string folder, prefix, frames, partials;
  std::atomic<bool> stop = false;
  Lines lines;
};

#define EXPECT_SAID(said, text) EXPECT_NE((said).find(text), std::string::npos) << (said)

TEST_F(KafkaSecure, WrongCredentialsAndCertificatesAreNamed) {
  make_topics();
  const std::string wrong = std::filesystem::temp_directory_path() / (prefix + ".secret");
  std::ofstream(wrong) << "Wr0ngSecret";
  std::filesystem::permissions(wrong, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  Settings settings = as("worker");
  settings.properties[3].second = wrong;
  std::string said = refused([&] { open_topics(settings, {{frames, Need::What::read}}, stop, {}, lines.log()); });
  EXPECT_SAID(said, "Kafka at " + settings.brokers);
  EXPECT_SAID(said, "uthentication failed");
  EXPECT_EQ(said.find("Wr0ng"), std::string::npos) << said;
  EXPECT_FALSE(lines.hold("Wr0ng")) << lines.all();
  said = refused([&] { Transactions(settings, "x", lines.log()).open(stop); });
  EXPECT_SAID(said, "uthentication failed");
  std::filesystem::remove(wrong);

  settings = as("worker");
  settings.properties.erase(settings.properties.begin() + 4);  // the system's authorities do not know this one
  said = refused([&] { open_topics(settings, {{frames, Need::What::read}}, stop, {}, lines.log()); });
  EXPECT_SAID(said, "certificate verif");
  // A secret's file that is gone: no client.
  settings = as("worker");
  settings.properties[3].second += ".gone";
  said = refused([&] { open_topics(settings, {{frames, Need::What::read}}, stop, {}, lines.log()); });
  EXPECT_SAID(said, "secret file");
}

TEST_F(KafkaSecure, RightsThatAreMissingAreNamed) {
  make_topics();
  std::string said = refused([&] { open_topics(as("nobody"), {{frames, Need::What::read}}, stop, {}, lines.log()); });
  EXPECT_SAID(said, "topic '" + frames + "': Describe is not allowed for user 'nobody'");
  Settings creating = as("nobody");
  creating.create_partitions = 1;
  allow("nobody", RD_KAFKA_RESOURCE_TOPIC, prefix, {RD_KAFKA_ACL_OPERATION_DESCRIBE}, true);
  said = refused([&] { open_topics(creating, {{prefix + ".new", Need::What::write}}, stop, {}, lines.log()); });
  EXPECT_SAID(said, "topic '" + prefix + ".new': Create is not allowed for user 'nobody'");
  said = refused([&] { open_topics(as("nobody"), {{frames, Need::What::read}}, stop, {}, lines.log()); });
  EXPECT_SAID(said, "topic '" + frames + "': Read is not allowed for user 'nobody'");
  said = refused([&] {
    GroupReader reader(as("nobody"), prefix + ".work", frames, "earliest", {}, lines.log());
    for (int at = 0; at < 20; ++at) reader.poll(1s);
  });
  EXPECT_SAID(said, "group '" + prefix + ".work': Read is not allowed for user 'nobody'");
  said = refused([&] { Transactions(as("nobody"), prefix + ".work.x", lines.log()).open(stop); });
  EXPECT_SAID(said, "transactional id '" + prefix + ".work.x': Write is not allowed for user 'nobody'");
  Transactions writer(as("nobody"), "granted-" + prefix + ".work.x", lines.log());
  ASSERT_EQ(writer.open(stop), Outcome::done);
  said = refused([&] { (void)writer.check_rights(partials); });
  EXPECT_SAID(said, "topic '" + partials + "': Write is not allowed for user 'nobody'");
  allow("nobody", RD_KAFKA_RESOURCE_TOPIC, partials, {RD_KAFKA_ACL_OPERATION_WRITE});
  ASSERT_EQ(writer.open(stop), Outcome::done);
  EXPECT_EQ(writer.check_rights(partials), Outcome::done) << writer.failure().said;
  said = refused([&] { (void)writer.check_rights(partials, prefix + ".merge", frames); });
  EXPECT_SAID(said, "group '" + prefix + ".merge': Read is not allowed for user 'nobody'");
  Reader reader(as("nobody"), partials, lines.log());
  const auto asked = reader.committed(prefix + ".merge", partials, 0, 5s);
  EXPECT_TRUE(asked.refused);
  EXPECT_SAID(asked.why, "group '" + prefix + ".merge': Read is not allowed for user 'nobody'");
  allow("nobody", RD_KAFKA_RESOURCE_GROUP, prefix, {RD_KAFKA_ACL_OPERATION_READ}, true);
  ASSERT_EQ(writer.open(stop), Outcome::done);
  said = refused([&] { (void)writer.check_rights(partials, prefix + ".merge", frames); });
  EXPECT_SAID(said, "topic '" + frames + "': Read is not allowed for user 'nobody'");
  said = refused([&] {
    GroupReader group(as("nobody"), prefix + ".work", frames, "earliest", {}, lines.log());
    for (int at = 0; at < 20; ++at) group.poll(1s);
  });
  EXPECT_SAID(said, "topic '" + frames + "': Read is not allowed for user 'nobody'");
}

TEST_F(KafkaSecure, ABridgeNeedsWriteAndDescribeAndWaitsForThem) {
  make_topics();
  allow("bridge", RD_KAFKA_RESOURCE_TOPIC, frames, {RD_KAFKA_ACL_OPERATION_DESCRIBE});
  int delivered = 0;
  Producer producer(
      as("bridge"), [&](std::uint64_t, bool is_delivered, const std::string&) { delivered += is_delivered; },
      lines.log());
  ASSERT_TRUE(open_topics(as("bridge"), {{frames, Need::What::write}}, stop, 20s, lines.log()));
  ASSERT_TRUE(producer.send(frames, 0, "k", "v", {}, 0));
  ASSERT_TRUE(eventually([&] {
    producer.poll(100ms);
    return !producer.refusal().empty();
  }));
  EXPECT_SAID(producer.refusal(), "topic '" + frames + "': Write");
  EXPECT_SAID(producer.refusal(), "is not allowed for user 'bridge'");
  EXPECT_EQ(producer.waiting(), 1u);
  allow("bridge", RD_KAFKA_RESOURCE_TOPIC, frames, {RD_KAFKA_ACL_OPERATION_WRITE});
  EXPECT_TRUE(producer.flush(20s)) << producer.refusal();
  EXPECT_EQ(delivered, 1);
}

TEST_F(KafkaSecure, TheLeastRightsOfWorkerAndMergerAreEnough) {
  make_topics();
  allow("worker", RD_KAFKA_RESOURCE_TOPIC, frames, {RD_KAFKA_ACL_OPERATION_READ});
  allow("worker", RD_KAFKA_RESOURCE_TOPIC, partials, {RD_KAFKA_ACL_OPERATION_WRITE});
  allow("worker", RD_KAFKA_RESOURCE_GROUP, prefix + ".work.", {RD_KAFKA_ACL_OPERATION_READ}, true);
  allow("merger", RD_KAFKA_RESOURCE_TOPIC, partials, {RD_KAFKA_ACL_OPERATION_READ});
  const std::string results = frames;  // any topic it may write to
  allow("merger", RD_KAFKA_RESOURCE_TOPIC, results, {RD_KAFKA_ACL_OPERATION_WRITE});
  allow("merger", RD_KAFKA_RESOURCE_GROUP, prefix + ".merge", {RD_KAFKA_ACL_OPERATION_READ});
  Producer producer(as("admin"), {}, lines.log());
  ASSERT_TRUE(producer.send(frames, 0, "k", "v", {}, 0));
  ASSERT_TRUE(producer.flush(20s));

  ASSERT_TRUE(open_topics(as("worker"), {{frames, Need::What::read}, {partials, Need::What::write, 1}}, stop, 20s,
                          lines.log()));
  Transactions worker(as("worker"), "granted-" + prefix + ".work.w", lines.log());
  ASSERT_EQ(worker.open(stop), Outcome::done);
  ASSERT_EQ(worker.check_rights(partials), Outcome::done) << worker.failure().said;
  GroupReader group(as("worker"), prefix + ".work.abc", frames, "earliest", {}, lines.log());
  ASSERT_TRUE(eventually([&] { return group.poll(100ms).has_value(); })) << lines.all();
  ASSERT_TRUE(worker.send(partials, 0, "0", "partial", {}));
  ASSERT_EQ(worker.commit(group, group.reached()), Outcome::done) << worker.failure().said;

  ASSERT_TRUE(open_topics(as("merger"), {{partials, Need::What::read, 1}, {results, Need::What::write, 1}}, stop, 20s,
                          lines.log()));
  Transactions merger(as("merger"), "granted-" + prefix + ".merge", lines.log());
  ASSERT_EQ(merger.open(stop), Outcome::done);
  ASSERT_EQ(merger.check_rights(results, prefix + ".merge", partials), Outcome::done) << merger.failure().said;
  Reader reader(as("merger"), partials, lines.log());
  reader.assign({{0, 0}});
  ASSERT_TRUE(eventually([&] { return reader.poll(100ms).has_value(); })) << lines.all();
  ASSERT_TRUE(merger.send(results, 0, "model/stream", "line", {}));
  ASSERT_EQ(merger.commit(prefix + ".merge", partials, 0, reader.reached().at(0), "1 1"), Outcome::done)
      << merger.failure().said;
  EXPECT_EQ(reader.committed(prefix + ".merge", partials, 0, 5s).value.value_or(Committed{}).metadata, "1 1");
}

}  // namespace
}  // namespace vigil::ingest::kafka
