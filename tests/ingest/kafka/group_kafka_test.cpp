// Members of a group: what they are given, what they hand over, and what becomes of one that was stopped.
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>

#include "ingest/kafka/client.h"
#include "ingest/kafka/group_reader.h"
#include "tests/ingest/kafka/broker_for_test.h"

extern char** environ;

namespace vigil::ingest::kafka {
namespace {

using Outcome = Transactions::Outcome;

// A worker of the smallest kind: each message is a partial, committed with its offset when told or when it is revoked.
class Member {
 public:
  Member(const Settings& settings, const std::string& name, Log log, const std::string& start = "earliest")
      : name_(name),
        frames_(settings.prefix + ".frames"),
        partials_(settings.prefix + ".partials"),
        transactions_(settings, settings.prefix + ".work." + name, log),
        reader_(settings, settings.prefix + ".work", frames_, start,
                {[this](const auto& partitions) { mine = partitions; },
                 [this](const auto&) {
                   ++revoked;
                   commit();
                   mine.clear();
                 },
                 [this](const auto&) {
                   ++lost;
                   transactions_.abort();
                   next_.clear();
                   mine.clear();
                 }},
                log) {
    opened = transactions_.open(stop_);
  }

  bool step(std::chrono::milliseconds time = 100ms) {
    const auto message = reader_.poll(time);
    if (!message) return false;
    EXPECT_TRUE(transactions_.send(partials_, 0, name_, name_ + ":" + message->value.value_or("(none)"), {}))
        << transactions_.failure().said;
    next_ = reader_.reached();
    ++taken;
    return true;
  }

  Outcome commit() {
    const Outcome outcome = transactions_.commit(reader_, next_);
    next_.clear();
    return outcome;
  }

  void go_back() {
    next_.clear();
    opened = transactions_.open(stop_);
    reader_.seek_to_committed();
  }

  GroupReader& reader() { return reader_; }
  Transactions& transactions() { return transactions_; }

  Outcome opened = Outcome::stopped;
  std::vector<std::int32_t> mine;
  int revoked = 0, lost = 0, taken = 0;

 private:
  std::string name_, frames_, partials_;
  std::atomic<bool> stop_ = false;
  std::map<std::int32_t, std::int64_t> next_;
  Transactions transactions_;
  GroupReader reader_;
};

class KafkaGroup : public BrokerTest {};

TEST_F(KafkaGroup, HandsOverWithItsTransaction) {
  make_topics();
  for (int partition = 0; partition < 3; ++partition) write(frames, partition, 5, std::to_string(partition));
  Member first(settings, "a", lines.log());
  ASSERT_TRUE(eventually([&] {
    first.step();
    return first.taken >= 7;
  })) << lines.all();
  EXPECT_EQ(first.mine.size(), 3u);
  // Uncommitted as yet; a second member makes it commit and share.
  Member second(settings, "b", lines.log());
  ASSERT_TRUE(eventually([&] {
    first.step(50ms);
    second.step(50ms);
    return first.taken + second.taken >= 15 && !second.mine.empty() && !first.mine.empty();
  })) << lines.all();
  EXPECT_GE(first.revoked, 1);
  EXPECT_EQ(first.lost + second.lost, 0);
  EXPECT_EQ(first.mine.size() + second.mine.size(), 3u);
  EXPECT_EQ(first.commit(), Outcome::done) << first.transactions().failure().said;
  EXPECT_EQ(second.commit(), Outcome::done) << second.transactions().failure().said;
  // It leaves: the other has all at once.
  second.reader().close(10s);
  EXPECT_EQ(second.revoked, 1);
  const auto left = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] {
    first.step();
    return first.mine.size() == 3;
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - left, 5s);
  auto found = values(partials);
  for (std::string& value : found) value = value.substr(2);
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, (std::vector<std::string>{"00", "01", "02", "03", "04", "10", "11", "12", "13", "14", "20", "21",
                                             "22", "23", "24"}));
}

TEST_F(KafkaGroup, GoesBackToWhatIsCommitted) {
  make_topics();
  write(frames, 0, 4);  // 0..3 and the marker 4
  Member member(settings, "a", lines.log());
  ASSERT_TRUE(eventually([&] { return member.step() && member.taken == 2; }));
  ASSERT_EQ(member.commit(), Outcome::done) << member.transactions().failure().said;
  ASSERT_TRUE(eventually([&] { return member.step() && member.taken == 4; }));
  EXPECT_EQ(member.reader().reached().at(0), 4);
  member.transactions().abort();
  member.go_back();
  ASSERT_TRUE(eventually([&] { return member.step() && member.taken == 6; })) << lines.all();
  ASSERT_TRUE(eventually([&] {
    member.step();
    return member.reader().reached().at(0) == 5;
  }));
  ASSERT_EQ(member.commit(), Outcome::done) << member.transactions().failure().said;
  EXPECT_EQ(values(partials), (std::vector<std::string>{"a:m0", "a:m1", "a:m2", "a:m3"}));
  // Leaving and joining again loses what is not committed, and nothing else.
  write(frames, 0, 1, "n");
  ASSERT_TRUE(eventually([&] { return member.step(); }));
  member.reader().rejoin();
  const int before = member.taken;
  ASSERT_TRUE(eventually([&] { return member.step() && member.taken == before + 1; })) << lines.all();
  EXPECT_EQ(member.lost, 1);
  ASSERT_EQ(member.commit(), Outcome::done) << member.transactions().failure().said;
  EXPECT_EQ(values(partials).back(), "a:n0");
  EXPECT_EQ(values(partials).size(), 5u);
}

TEST_F(KafkaGroup, LatestIsCommittedAtOnce) {
  make_topics();
  write(frames, 0, 3, "old");
  {
    Member member(settings, "a", lines.log(), "latest");
    ASSERT_TRUE(eventually([&] {
      member.step();
      return member.reader().reached().size() == 3;
    })) << lines.all();
    EXPECT_EQ(member.taken, 0);
  }
  write(frames, 0, 2, "new");
  Member member(settings, "b", lines.log(), "latest");
  ASSERT_TRUE(eventually([&] {
    member.step();
    return member.taken == 2;
  })) << lines.all();
  EXPECT_EQ(member.commit(), Outcome::done) << member.transactions().failure().said;
  EXPECT_EQ(values(partials), (std::vector<std::string>{"b:new0", "b:new1"}));
}

TEST_F(KafkaGroup, PartitionsThatAreAddedAreReadFromTheirStart) {
  settings.properties.emplace_back("topic.metadata.refresh.interval.ms", "1000");
  make_topics();
  Member member(settings, "a", lines.log());
  ASSERT_TRUE(eventually([&] {
    member.step();
    return member.reader().reached().size() == 3;
  }));
  {
    const Client client(settings, Kind::consumer, {}, {});
    std::array<char, 512> error{};
    rd_kafka_NewPartitions_t* wanted = rd_kafka_NewPartitions_new(frames.c_str(), 5, error.data(), error.size());
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client.rk());
    rd_kafka_CreatePartitions(client.rk(), &wanted, 1, nullptr, queue);
    rd_kafka_event_t* event = rd_kafka_queue_poll(queue, 10000);
    ASSERT_TRUE(event && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_NewPartitions_destroy(wanted);
  }
  write(frames, 4, 2);
  ASSERT_TRUE(eventually([&] {
    member.step();
    return member.taken == 2;
  })) << lines.all();
  EXPECT_EQ(member.mine.size(), 5u);
  EXPECT_EQ(member.lost, 0);
  EXPECT_EQ(member.commit(), Outcome::done) << member.transactions().failure().said;
  Reader reader(settings, frames, lines.log());
  const auto ranges = reader.ranges(5s);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->size(), 5u);
}

// Run by the next test in a process of its own, which can be stopped.
TEST(KafkaStoppedMember, DISABLED_Runs) {
  Settings settings;
  settings.brokers = environment("VIGIL_TEST_KAFKA");
  settings.prefix = environment("VIGIL_TEST_KAFKA_PREFIX");
  settings.properties = {{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "500"}};
  Lines lines;
  Member member(settings, "stopped", lines.log());
  ASSERT_TRUE(eventually([&] {
    member.step();
    return member.taken == 4;
  }));
  ASSERT_EQ(::write(3, "r", 1), 1);
  char go = 0;
  ASSERT_EQ(::read(4, &go, 1), 1);
  const bool is_refused = member.commit() == Outcome::again && member.transactions().failure().no_member;
  ASSERT_EQ(::write(3, is_refused ? "y" : "n", 1), 1);
  // It joins again and shares.
  member.go_back();
  member.reader().rejoin();
  const bool is_back = eventually([&] {
    member.step();
    return member.lost > 0 && !member.mine.empty();
  });
  ASSERT_EQ(::write(3, is_back ? "y" : "n", 1), 1);
}

TEST_F(KafkaGroup, AMemberThatWasStoppedIsRefused) {
  make_topics();
  write(frames, 0, 2, "0");
  write(frames, 1, 2, "1");
  int out[2], in[2];
  ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in[0], 9);  // not onto one that is still needed
  posix_spawn_file_actions_adddup2(&files, out[1], 3);
  posix_spawn_file_actions_adddup2(&files, 9, 4);
  std::string program = "/proc/self/exe", filter = "--gtest_filter=KafkaStoppedMember.*",
              disabled = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
  ::setenv("VIGIL_TEST_KAFKA_PREFIX", settings.prefix.c_str(), 1);
  pid_t child = 0;
  ASSERT_EQ(::posix_spawn(&child, "/proc/self/exe", &files, nullptr, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&files);
  ::close(out[1]);
  ::close(in[0]);
  char said = 0;
  EXPECT_EQ(::read(out[0], &said, 1), 1);
  EXPECT_EQ(said, 'r');
  ::kill(child, SIGSTOP);
  {
    Member member(settings, "other", lines.log());
    EXPECT_TRUE(eventually(
        [&] {
          member.step();
          return member.taken == 4;
        },
        30s))
        << lines.all();
    EXPECT_EQ(member.commit(), Outcome::done) << member.transactions().failure().said;
    ::kill(child, SIGCONT);
    EXPECT_EQ(::write(in[1], "g", 1), 1);
    EXPECT_EQ(::read(out[0], &said, 1), 1);
    EXPECT_EQ(said, 'y') << "the stopped member's commit was not refused";
    std::thread other([&] {
      EXPECT_EQ(::read(out[0], &said, 1), 1);
      EXPECT_EQ(said, 'y') << "the stopped member did not come back";
      ::kill(child, SIGKILL);
    });
    EXPECT_TRUE(eventually([&] {
      member.step();
      return ::waitpid(child, nullptr, WNOHANG) == child;
    }));
    other.join();
  }
  const auto found = values(partials);
  EXPECT_EQ(found.size(), 4u);
  for (const std::string& value : found) EXPECT_TRUE(value.starts_with("other:")) << value;
  ::close(out[0]);
  ::close(in[1]);
}

}  // namespace
}  // namespace vigil::ingest::kafka
