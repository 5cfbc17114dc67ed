// Commits, aborts, fencing, and messages that are refused for good.
#include "tests/ingest/kafka/broker_for_test.h"

namespace vigil::ingest::kafka {
namespace {

class KafkaTransactions : public BrokerTest {};
using Outcome = Transactions::Outcome;

TEST_F(KafkaTransactions, ANewerProducerFencesTheOlder) {
  make_topics();
  const std::string id = settings.prefix + ".merge";
  Transactions older(settings, id, lines.log());
  ASSERT_EQ(older.open(stop), Outcome::done);
  ASSERT_TRUE(older.send(partials, 0, "k", "older", {}));
  Transactions newer(settings, id, lines.log());
  ASSERT_EQ(newer.open(stop), Outcome::done);
  ASSERT_TRUE(newer.send(partials, 0, "k", "newer", {}));
  ASSERT_EQ(newer.commit(id, partials, 0, 1, "2 1"), Outcome::done) << newer.failure().said;
  EXPECT_EQ(older.commit(id, partials, 0, 1, "1 1"), Outcome::fenced) << older.failure().said;
  EXPECT_NE(older.failure().said, "");
  EXPECT_FALSE(older.send(partials, 0, "k", "older", {}));
  EXPECT_EQ(values(partials), (std::vector<std::string>{"newer"}));
  Reader reader(settings, partials, lines.log());
  EXPECT_EQ(reader.committed(id, partials, 0, 5s).value.value_or(Committed{}).metadata, "2 1");
  // Who opens again fences in turn.
  ASSERT_EQ(older.open(stop), Outcome::done);
  ASSERT_TRUE(older.send(partials, 0, "k", "again", {}));
  EXPECT_EQ(older.commit(id, partials, 0, 2, "1 2"), Outcome::done) << older.failure().said;
  EXPECT_EQ(newer.commit(id, partials, 0, 2, "2 2"), Outcome::fenced) << newer.failure().said;
}

TEST_F(KafkaTransactions, WhatIsAbortedIsNotSeen) {
  make_topics();
  Transactions writer(settings, settings.prefix + ".w", lines.log());
  EXPECT_EQ(writer.commit("none", partials, 0, 0, {}), Outcome::again);  // not open
  ASSERT_EQ(writer.open(stop), Outcome::done);
  ASSERT_EQ(writer.open(stop), Outcome::done);
  ASSERT_TRUE(writer.send(partials, 0, "k", "a", {}));
  writer.abort();
  writer.abort();
  ASSERT_TRUE(writer.send(partials, 0, "k", "b", {{"vigil-partial", "1"}}));
  ASSERT_EQ(writer.commit("none", partials, 0, 0, {}), Outcome::done) << writer.failure().said;
  {
    Transactions ended(settings, settings.prefix + ".w", lines.log());
    ASSERT_EQ(ended.open(stop), Outcome::done);
    ASSERT_TRUE(ended.send(partials, 0, "k", "c", {}));
  }
  EXPECT_EQ(values(partials), (std::vector<std::string>{"b"}));
}

TEST_F(KafkaTransactions, AMessageThatIsTooLargeIsToldApart) {
  make_topics();
  Transactions writer(settings, settings.prefix + ".w", lines.log());
  ASSERT_EQ(writer.open(stop), Outcome::done);
  EXPECT_FALSE(writer.send(partials, 0, "k", std::string(70 << 20, 'x'), {}));
  EXPECT_FALSE(writer.send(partials, 0, "k", "small", {}));
  EXPECT_EQ(writer.commit("none", partials, 0, 0, {}), Outcome::again);
  EXPECT_TRUE(writer.failure().refused) << writer.failure().said;
  ASSERT_EQ(writer.open(stop), Outcome::done);
  ASSERT_TRUE(writer.send(partials, 0, "k", "small", {}));
  EXPECT_EQ(writer.commit("none", partials, 0, 0, {}), Outcome::done) << writer.failure().said;
  EXPECT_FALSE(writer.failure().refused);
  EXPECT_EQ(values(partials), (std::vector<std::string>{"small"}));
}

TEST_F(KafkaTransactions, RightsThatAreThereAreFoundAndNothingIsSeenOfIt) {
  make_topics();
  Transactions writer(settings, settings.prefix + ".w", lines.log());
  ASSERT_EQ(writer.open(stop), Outcome::done);
  EXPECT_EQ(writer.check_rights(partials), Outcome::done) << writer.failure().said;
  EXPECT_EQ(writer.check_rights(partials, settings.prefix + ".merge", partials), Outcome::done)
      << writer.failure().said;
  EXPECT_TRUE(values(partials).empty());
  Reader reader(settings, partials, lines.log());
  const auto asked = reader.committed(settings.prefix + ".merge", partials, 0, 5s);
  EXPECT_TRUE(asked.answered && !asked.value) << asked.why;
  ASSERT_TRUE(writer.send(partials, 0, "k", "a", {}));
  EXPECT_EQ(writer.commit("none", partials, 0, 0, {}), Outcome::done) << writer.failure().said;
}

TEST_F(KafkaTransactions, StopsWhileItWaits) {
  settings.brokers = "127.0.0.1:1";
  Transactions writer(settings, "w", lines.log());
  std::thread stopper([&] {
    std::this_thread::sleep_for(500ms);
    stop = true;
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(writer.open(stop), Outcome::stopped);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  stopper.join();
}

}  // namespace
}  // namespace vigil::ingest::kafka
