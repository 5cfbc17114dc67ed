// Follows a journal: a thread that looks about ten times a second whether anything was committed, reads what is new and
// tells those who listen. Looking costs a number while nothing happens, and never holds up who writes. Used by
// app/http_service.cpp for the event streams and the metrics. The destructor joins.
// Tests: tests/shift/follower_test.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shift/events/news.h"

namespace vigil::shift {

// Called on the follower's thread.
class Listener {
 public:
  virtual ~Listener() = default;
  // What was committed, oldest first; each row once. A window comes with its last lumisection or after it.
  virtual void take(const News& news) = 0;
  // Every period; `changed`: something was committed since the turn before, news or not.
  virtual void turn(bool changed) { (void)changed; }
};

class Follower {
 public:
  static constexpr std::chrono::milliseconds kPeriod{100};

  // Tells what is committed from now on. `listeners` outlive it. `log` gets a journal that cannot be read, once until
  // it can. Throws Error where it cannot be read now.
  Follower(alerting::Record& record, std::vector<Listener*> listeners, std::function<void(const std::string&)> log,
           std::chrono::milliseconds period = kPeriod);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

 private:
  void run();
  bool look();
  void read();
  void guarded(const std::function<void()>& body);
  template <class Row, class Read>
  static void drain(std::vector<Row>& into, std::int64_t& seen, const Read& read);

  alerting::Record& record_;
  const std::vector<Listener*> listeners_;
  const std::function<void(const std::string&)> log_;
  const std::chrono::milliseconds period_;
  std::uint64_t version_ = 0;
  News unread_;       // read, and not told yet: a journal may fail in the middle
  std::string said_;  // of what went wrong
  std::int64_t lumisections_ = 0, windows_ = 0, verdicts_ = 0, actions_ = 0, changes_ = 0;  // newest seq that was told
  std::mutex mutex_;
  std::condition_variable ending_changed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace vigil::shift
