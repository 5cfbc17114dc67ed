// One sink's thread: takes what is due of it from the journal, sends it, and records what came of it. Used by the
// dispatcher, one for each sink, so that a sink that waits holds up no other. Never holds the journal while it sends.
// Tests: tests/alerting/dispatcher_test.cpp, tests/alerting/sink_worker_test.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "alerting/dispatcher.h"

namespace vigil::alerting {

class RepeatingSink;

// What the workers of one dispatcher share.
struct Dispatch {
  using Steady = std::chrono::steady_clock;

  Dispatch(Journal& of, DispatchSettings how, std::function<void(const DispatchEvent&)> told);

  Journal& journal;
  DispatchSettings settings;
  std::function<void(const DispatchEvent&)> on_event;

  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t wakes = 0;  // how often something may have become due
  bool stopping = false;
  Steady::time_point give_up;  // set with stopping
  std::size_t running = 0;     // workers

  std::mutex telling;
  std::string last_failure;  // of the journal, told once for each new cause

  void tell(const DispatchEvent& event);
  void tell_failure(const std::string& cause);
  void journal_works();
  bool must_end();
};

class SinkWorker {
 public:
  SinkWorker(Dispatch& dispatch, std::shared_ptr<Sink> sink, Pacing pacing, std::uint64_t seed);
  ~SinkWorker();  // joins: dispatch.stopping must be set
  SinkWorker(const SinkWorker&) = delete;
  SinkWorker& operator=(const SinkWorker&) = delete;

  const std::string& name() const { return health_.name; }
  SinkHealth health() const;  // thread-safe
  void start();
  void abandon();  // a wait in progress, and all later ones
  void join();

 private:
  using Time = std::optional<std::int64_t>;  // when there is something to do again, ns; 0: at once; nullopt: no idea

  void run();
  Time drain();
  Time visit();
  void handle(const OutboxEntry& entry);
  void record(const OutboxEntry& entry, const Sink::Answer& answer);
  Sink::Answer send(const OutboxEntry& entry, bool& withdrawn);
  bool may_send() const;
  Sink::Answer after_maybe(const OutboxEntry& entry, bool& withdrawn);
  Time poll();
  Time repeat();
  std::int64_t back_off_ns(std::uint64_t attempts);
  std::int64_t due_ns(const OutboxEntry& entry, std::int64_t now) const;
  Time broken_until(std::int64_t now);
  void count(const Sink::Answer& answer, std::int64_t now);

  Dispatch& dispatch_;
  std::shared_ptr<Sink> sink_;
  RepeatingSink* repeating_ = nullptr;  // sink_, where it is one
  Pacing pacing_;
  std::mt19937_64 random_;
  std::thread thread_;

  std::uint64_t failures_ = 0;  // in a row
  std::int64_t broken_until_ns_ = 0;
  bool cannot_poll_ = false;
  std::map<std::string, std::int64_t> next_poll_ns_;  // by action
  std::map<std::string, std::int64_t> told_;          // action -> when it ended, as people were last told
  std::int64_t next_repeat_ns_ = 0;

  mutable std::mutex health_mutex_;
  SinkHealth health_;
};

}  // namespace vigil::alerting
