#include "shift/events/follower.h"

#include <gmock/gmock.h>

#include <atomic>

#include "tests/shift/record_fake.h"

namespace vigil::shift {
namespace {

using namespace std::chrono_literals;

// A record that two threads may use.
class LockedRecord : public RecordFake {
 public:
  void change(const std::function<void()>& body) {
    const std::lock_guard lock(mutex);
    body();
  }
  std::uint64_t version() override {
    const std::lock_guard lock(mutex);
    return RecordFake::version();
  }
  std::vector<Row> rows_after(Table table, std::int64_t seq, std::size_t limit) override {
    const std::lock_guard lock(mutex);
    if (fails_at == table) throw Error("vigil.db", "disk I/O error");
    return RecordFake::rows_after(table, seq, limit);
  }
  std::mutex mutex;
  std::optional<Table> fails_at;
};

class Ears : public Listener {
 public:
  void take(const News& news) override {
    const std::lock_guard lock(mutex);
    for (const auto& row : news.lumisections) heard.push_back("l" + std::to_string(row.last_ls));
    for (const auto& row : news.windows) heard.push_back("w" + std::to_string(row.last_ls));
    for (const auto& row : news.verdicts) heard.push_back("v" + std::to_string(row.last_ls));
    for (const auto& change : news.changes) heard.push_back("c" + std::to_string(change.seq));
  }
  void turn(bool changed) override {
    ++turns;
    changes += changed;
    if (throws) throw Error("ears", "deaf");
  }
  bool until(std::size_t n) {
    for (int i = 0; i < 2000; ++i) {
      {
        const std::lock_guard lock(mutex);
        if (heard.size() >= n) return true;
      }
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  std::mutex mutex;
  std::vector<std::string> heard;
  std::atomic<int> turns{0}, changes{0};
  std::atomic<bool> throws{false};
};

TEST(Follower, TellsWhatIsNewOnceAndInOrder) {
  LockedRecord record;
  record.lumisection(1, 1);  // before it began
  Ears a, b;
  Follower follower(record, {&a, &b}, {}, 5ms);
  record.change([&] {
    for (std::uint32_t ls = 2; ls <= 2501; ++ls) record.lumisection(1, ls);
    record.window("2ls", 1, 1, 2, Quality::good);
    record.verdict("2ls", "score", "ks", 1, 1, 2, Quality::good);
    record.all_changes.push_back({.seq = 1});
    ++record.number;
  });
  ASSERT_TRUE(a.until(2503) && b.until(2503));
  const std::lock_guard lock(a.mutex);
  EXPECT_EQ(a.heard.front(), "l2");
  EXPECT_EQ(a.heard[2499], "l2501");
  EXPECT_THAT(std::vector<std::string>(a.heard.begin() + 2500, a.heard.end()), testing::ElementsAre("w2", "v2", "c1"));
  EXPECT_EQ(a.heard, b.heard);
}

TEST(Follower, LosesNothingWhenTheJournalCannotBeRead) {
  LockedRecord record;
  Ears ears;
  std::mutex mutex;
  std::vector<std::string> said;
  Follower follower(
      record, {&ears},
      [&](const std::string& fact) {
        const std::lock_guard lock(mutex);
        said.push_back(fact);
      },
      5ms);
  record.change([&] {
    record.fails_at = RecordFake::Table::lumisections;  // after the windows were read
    record.lumisection(1, 1);
    record.window("1ls", 1, 1, 1, Quality::good);
  });
  std::this_thread::sleep_for(200ms);
  {
    const std::lock_guard lock(mutex);
    ASSERT_EQ(said.size(), 1u) << "said once";
    EXPECT_THAT(said.front(), testing::HasSubstr("disk I/O error"));
  }
  record.change([&] { record.fails_at.reset(); });
  ASSERT_TRUE(ears.until(2));
  std::this_thread::sleep_for(50ms);
  const std::lock_guard lock(ears.mutex);
  EXPECT_THAT(ears.heard, testing::ElementsAre("l1", "w1"));
}

TEST(Follower, OneWhoFailsHoldsUpNobody) {
  LockedRecord record;
  Ears deaf, ears;
  deaf.throws = true;
  Follower follower(
      record, {&deaf, &ears}, [](const std::string&) {}, 5ms);
  record.change([&] { record.lumisection(1, 1); });
  EXPECT_TRUE(ears.until(1));
  const int turns = ears.turns;
  std::this_thread::sleep_for(100ms);
  EXPECT_GT(ears.turns, turns);
  EXPECT_EQ(ears.changes, 1);
}

}  // namespace
}  // namespace vigil::shift
