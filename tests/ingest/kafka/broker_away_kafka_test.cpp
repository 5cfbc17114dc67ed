// The broker is killed under everything that is open, and comes back on its data.
#include <set>

#include "ingest/kafka/group_reader.h"
#include "ingest/kafka/producer.h"
#include "tests/ingest/kafka/broker_for_test.h"

namespace vigil::ingest::kafka {
namespace {

using Outcome = Transactions::Outcome;

class KafkaAway : public BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    if (!IsSkipped() && environment("VIGIL_TEST_KAFKA_SCRIPT").empty()) {
      GTEST_SKIP() << "VIGIL_TEST_KAFKA_SCRIPT is not set: nothing to kill the broker with";
    }
  }
  static void script(const std::string& verb, const std::string& option = {}) {
    const std::string line = "'" + environment("VIGIL_TEST_KAFKA_SCRIPT") + "' " + verb + " '" +
                             environment("VIGIL_TEST_KAFKA_DIR") + "' " + option + " >/dev/null";
    ASSERT_EQ(std::system(line.c_str()), 0) << line;
  }
};

TEST_F(KafkaAway, EverythingGoesOnAndNothingCountsTwice) {
  make_topics();
  write(frames, 0, 4);
  std::multiset<std::uint64_t> delivered;
  Producer producer(
      settings,
      [&](std::uint64_t token, bool is_delivered, const std::string&) {
        if (is_delivered) delivered.insert(token);
      },
      lines.log());
  ASSERT_TRUE(producer.send(frames, 1, "k", "p0", {}, 0));
  ASSERT_TRUE(producer.flush(20s));
  Reader reader(settings, frames, lines.log());
  reader.assign({{1, 0}});
  ASSERT_TRUE(eventually([&] { return reader.poll(100ms).has_value(); }));

  Transactions worker(settings, settings.prefix + ".work.a", lines.log());
  Transactions merger(settings, settings.prefix + ".merge", lines.log());
  Transactions idle(settings, settings.prefix + ".idle", lines.log());
  GroupReader group(settings, settings.prefix + ".work", frames, "earliest", {}, lines.log());
  for (Transactions* one : {&worker, &merger, &idle}) {
    ASSERT_EQ(one->open(stop), Outcome::done);
    ASSERT_TRUE(one->send(partials, 0, "k", "before", {}));
    ASSERT_EQ(one->commit(settings.prefix + ".none", partials, 0, 0, {}), Outcome::done) << one->failure().said;
  }
  int taken = 0;
  const auto take = [&] {
    const auto message = group.poll(100ms);
    if (!message || message->partition != 0) return;
    ++taken;
    (void)worker.send(partials, 0, "w", "w:" + *message->value, {});
  };
  ASSERT_TRUE(eventually([&] {
    take();
    return taken == 4;
  })) << lines.all();
  ASSERT_TRUE(merger.send(partials, 0, "m", "m:lost", {}));

  script("stop", "--kill");
  ASSERT_TRUE(producer.send(frames, 1, "k", "p1", {}, 1));
  // Bounded, and told apart from what is done.
  auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(reader.ranges(1s));
  EXPECT_FALSE(reader.committed(settings.prefix + ".merge", partials, 0, 1s).answered);
  EXPECT_FALSE(reader.poll(300ms));
  EXPECT_FALSE(reader.read_at(1, 0, 500ms).answered);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 6s);
  std::atomic<bool> is_back = false;
  std::thread restarting([&] {
    script("again");
    is_back = true;
  });
  begin = std::chrono::steady_clock::now();
  EXPECT_NE(worker.commit(group, {{0, 4}}), Outcome::stopped);
  const bool worker_committed = worker.failure().said.empty();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 32s);
  restarting.join();
  ASSERT_TRUE(is_back);
  std::printf("the worker's commit: %s, %.1f s\n", worker.failure().said.c_str(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());

  // Those that lived through it: whatever their calls do, one more producer works at once.
  begin = std::chrono::steady_clock::now();
  const Outcome merged = merger.commit(settings.prefix + ".merge", partials, 0, 1, "1 1");
  std::printf("the merger's commit: %d %s, %.1f s\n", static_cast<int>(merged), merger.failure().said.c_str(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 32s);
  for (Transactions* one : {&worker, &merger, &idle}) {
    for (int tries = 0; tries < 3; ++tries) {
      ASSERT_EQ(one->open(stop), Outcome::done);
      if (one == &worker) break;
      ASSERT_TRUE(
          eventually([&] { return one->open(stop) == Outcome::done && one->send(partials, 0, "k", "after", {}); }));
      if (one->commit(settings.prefix + ".none", partials, 0, 0, {}) == Outcome::done) break;
      ASSERT_LT(tries, 2) << one->failure().said;
    }
  }
  if (!worker_committed) {
    taken = 0;
    group.seek_to_committed();
    EXPECT_TRUE(eventually(
        [&] {
          take();
          return taken == 4;
        },
        40s))
        << lines.all();
    EXPECT_EQ(worker.commit(group, group.reached()), Outcome::done) << worker.failure().said;
  }
  EXPECT_TRUE(producer.flush(20s)) << producer.refusal();
  EXPECT_EQ(delivered, (std::multiset<std::uint64_t>{0, 1}));
  EXPECT_TRUE(eventually([&] { return reader.poll(100ms).has_value(); }));  // p1
  const auto found = values(partials);
  for (const char* once : {"w:m0", "w:m1", "w:m2", "w:m3"})
    EXPECT_EQ(std::count(found.begin(), found.end(), once), 1) << once;
  EXPECT_EQ(std::count(found.begin(), found.end(), "m:lost"), merged == Outcome::done ? 1 : 0);
  EXPECT_EQ(std::count(found.begin(), found.end(), "after"), 2);
  EXPECT_EQ(values(frames, 1), (std::vector<std::string>{"p0", "p1"}));
  EXPECT_TRUE(lines.hold("Connection refused") || lines.hold("Disconnected")) << lines.all();
}

}  // namespace
}  // namespace vigil::ingest::kafka
