// A real broker for the tests of ingest/kafka: where it is, prefixes nobody else uses, and the script that kills it.
// VIGIL_TEST_KAFKA=HOST:PORT, VIGIL_TEST_KAFKA_SCRIPT and _DIR for tests that stop it,
// VIGIL_TEST_KAFKA_SECURE=HOST:PORT and _SECURE_DIR for one with TLS and rights; what is missing skips the tests that
// need it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "ingest/kafka/reader.h"
#include "ingest/kafka/settings.h"
#include "ingest/kafka/topics.h"
#include "ingest/kafka/transactions.h"

namespace vigil::ingest::kafka {

using namespace std::chrono_literals;

inline std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

inline bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds time = 60s) {
  for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
    if (holds()) return true;
    std::this_thread::sleep_for(20ms);
  }
  return holds();
}

// What throws, or what it said.
inline std::string thrown(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

class Lines {
 public:
  Log log() {
    return [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      all_.push_back(line);
    };
  }
  bool hold(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    for (const std::string& line : all_) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }
  std::string all() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& line : all_) text += line + "\n";
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

class BrokerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("VIGIL_TEST_KAFKA").empty()) GTEST_SKIP() << "VIGIL_TEST_KAFKA is not set: no broker";
    static std::atomic<int> count = 0;
    settings.brokers = environment("VIGIL_TEST_KAFKA");
    settings.prefix = "t" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    settings.create_partitions = 3;
    settings.properties = {{"session.timeout.ms", "6000"}, {"heartbeat.interval.ms", "500"}};
    frames = settings.prefix + ".frames";
    partials = settings.prefix + ".partials";
  }

  void make_topics() {
    ASSERT_TRUE(
        open_topics(settings, {{frames, Need::What::write}, {partials, Need::What::read, 1}}, stop, 20s, lines.log()));
  }

  // One committed transaction of messages "PREFIX0".. to a partition.
  void write(const std::string& topic, std::int32_t partition, int count, const std::string& text = "m") {
    Transactions writer(settings, settings.prefix + ".writer", lines.log());
    ASSERT_EQ(writer.open(stop), Transactions::Outcome::done);
    for (int at = 0; at < count; ++at) ASSERT_TRUE(writer.send(topic, partition, "k", text + std::to_string(at), {}));
    ASSERT_EQ(writer.commit("none", topic, 0, 0, {}), Transactions::Outcome::done);
  }

  // Values of a partition up to its end now.
  std::vector<std::string> values(const std::string& topic, std::int32_t partition = 0) {
    Reader reader(settings, topic, lines.log());
    std::vector<std::string> found;
    std::optional<std::map<std::int32_t, Range>> ranges;
    // A commit is done some milliseconds before its marker is in the partition: the end must have come to rest.
    for (std::int64_t before = -2, now = -1; before != now;) {
      std::this_thread::sleep_for(300ms);
      EXPECT_TRUE(eventually([&] { return (ranges = reader.ranges(2s)).has_value(); }));
      if (!ranges) return found;
      before = std::exchange(now, ranges->at(partition).end);
    }
    reader.assign({{partition, ranges->at(partition).low}});
    for (const auto end = std::chrono::steady_clock::now() + 20s;
         reader.reached().at(partition) < ranges->at(partition).end;) {
      if (const auto message = reader.poll(200ms)) found.push_back(message->value.value_or("(none)"));
      if (std::chrono::steady_clock::now() > end) {
        ADD_FAILURE() << "stays at " << reader.reached().at(partition) << " of " << ranges->at(partition).end;
        break;
      }
    }
    return found;
  }

  Settings settings;
  std::string frames, partials;
  std::atomic<bool> stop = false;
  Lines lines;
};

}  // namespace vigil::ingest::kafka
