// One sink's thread: takes what is due of it from the journal, sends it, and records what came of it. Used by the
// dispatcher, one for each sink, so that a sink that waits holds up no other. Never holds the journal while it sends.
// Tests: tests/alerting/dispatcher_test.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "alerting/dispatcher.h"

namespace vigil::alerting {

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
  SinkWorker(Dispatch& dispatch, std::unique_ptr<Sink> sink, std::uint64_t seed);
  ~SinkWorker();  // joins: dispatch.stopping must be set
  SinkWorker(const SinkWorker&) = delete;
  SinkWorker& operator=(const SinkWorker&) = delete;

  const std::string& name() const { return name_; }
  void start();
  void abandon();  // a wait in progress, and all later ones
  void join();

 private:
  void run();
  std::optional<std::int64_t> drain();
  std::optional<std::int64_t> visit();
  Sink::Answer send(const OutboxEntry& entry, bool& withdrawn);
  std::int64_t back_off_ns(std::uint64_t attempts);

  Dispatch& dispatch_;
  std::unique_ptr<Sink> sink_;
  std::string name_;
  std::mt19937_64 random_;
  std::thread thread_;
};

}  // namespace vigil::alerting
