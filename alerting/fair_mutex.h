// A mutex that is had in the order in which it was asked for. std::mutex lets whoever runs take it again: beside a
// hundred sinks that retry, one that has not sent yet, or the commit of a lumisection, could wait for minutes. Used by
// the journal. A Lockable of the standard library.
// Tests: tests/alerting/fair_mutex_test.cpp.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace vigil::alerting {

class FairMutex {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    if (!is_held_) {
      is_held_ = true;
      return;
    }
    Waiter me;
    waiting_.push_back(&me);
    me.turn.wait(guard, [&] { return me.has_it; });
  }

  // Hands it to who waits longest.
  void unlock() {
    const std::lock_guard guard(mutex_);
    if (waiting_.empty()) {
      is_held_ = false;
      return;
    }
    Waiter* const next = waiting_.front();
    waiting_.pop_front();
    next->has_it = true;
    next->turn.notify_one();  // inside: `next` ends as soon as its owner wakes
  }

  std::size_t waiting() const {
    const std::lock_guard guard(mutex_);
    return waiting_.size();
  }

 private:
  struct Waiter {
    std::condition_variable turn;
    bool has_it = false;
  };
  mutable std::mutex mutex_;
  std::deque<Waiter*> waiting_;
  bool is_held_ = false;
};

}  // namespace vigil::alerting
