#include "alerting/fair_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace vigil::alerting {
namespace {

TEST(FairMutex, IsHadInTheOrderInWhichItWasAskedFor) {
  FairMutex mutex;
  std::vector<std::size_t> order;
  std::vector<std::thread> threads;
  mutex.lock();
  for (std::size_t i = 0; i < 20; ++i) {
    threads.emplace_back([&, i] {
      const std::lock_guard guard(mutex);
      order.push_back(i);
    });
    while (mutex.waiting() <= i) std::this_thread::yield();
  }
  mutex.unlock();
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);
  EXPECT_EQ(order.size(), 20u);
}

TEST(FairMutex, NobodyIsStarvedByWhoTakesItAgainAtOnce) {
  FairMutex mutex;
  std::atomic<bool> ends{false};
  std::uint64_t count = 0;
  std::vector<std::thread> greedy;
  for (int i = 0; i < 8; ++i) {
    greedy.emplace_back([&] {
      while (!ends) {
        const std::lock_guard guard(mutex);
        ++count;
      }
    });
  }
  for (int turn = 0; turn < 100; ++turn) {
    const std::lock_guard guard(mutex);  // hangs for who is starved
    ++count;
  }
  ends = true;
  for (std::thread& thread : greedy) thread.join();
  EXPECT_GE(count, 100u);
}

}  // namespace
}  // namespace vigil::alerting
