#include "alerting/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "alerting/sinks.h"
#include "core/error.h"

namespace vigil::alerting {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::chrono::milliseconds kLongestSleep{1000};  // expiry and a stepped wall clock are noticed this soon
constexpr std::chrono::milliseconds kAfterJournalFailure{1000};

std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

struct Dispatcher::Loop {
  Journal& journal;
  std::vector<Outlet> outlets;
  DispatchSettings settings;
  std::function<void(const DispatchEvent&)> on_event;
  std::mt19937_64 random;

  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false;
  bool stopping = false;
  bool ended = false;
  Steady::time_point give_up;  // set with stopping
  std::thread thread;

  Loop(Journal& j, std::vector<Outlet> o, DispatchSettings s, std::function<void(const DispatchEvent&)> e)
      : journal(j), outlets(std::move(o)), settings(std::move(s)), on_event(std::move(e)), random(settings.seed) {
    if (!settings.now_ns) settings.now_ns = wall_clock_ns;
  }

  void tell(const DispatchEvent& event) const {
    if (on_event) on_event(event);
  }

  bool must_end() {
    std::lock_guard lock(mutex);
    return stopping && Steady::now() >= give_up;
  }

  // Full jitter: uniform in [0, min(longest, first * 2^(attempts - 1))].
  std::int64_t back_off_ns(std::uint64_t attempts) {
    const int doublings = static_cast<int>(std::min<std::uint64_t>(attempts - 1, 40));
    const std::int64_t first = std::max<std::int64_t>(settings.first_back_off_ms, 0);
    std::int64_t ceiling = settings.longest_back_off_ms;
    if (first <= (ceiling >> doublings)) ceiling = first << doublings;
    return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(ceiling, 0) * kNsPerMs)(random);
  }

  static DispatchEvent::Kind kind_of(Delivery delivery) {
    switch (delivery) {
      case Delivery::delivered:
        return DispatchEvent::Kind::delivered;
      case Delivery::refused:
        return DispatchEvent::Kind::rejected;
      case Delivery::retry:
        return DispatchEvent::Kind::retry;
    }
    return DispatchEvent::Kind::retry;
  }

  void expire() {
    for (const auto& [id, sink] : journal.expire(settings.now_ns(), settings.expiry_ms * kNsPerMs)) {
      tell({DispatchEvent::Kind::expired, id, sink, "not delivered in time", 0, 0});
    }
  }

  // Sends the oldest entry of one sink if it is due. Returns when it will be due (0: look again now), nullopt: nothing
  // pending.
  std::optional<std::int64_t> visit(Sink& sink) {
    const std::int64_t now = settings.now_ns();
    const auto entry = journal.head(sink.name(), now);
    if (!entry) return std::nullopt;
    // A wall clock that was set back must not hold an action for longer than any back-off.
    const bool unreachable = entry->next_attempt_ns - now > settings.longest_back_off_ms * kNsPerMs;
    if (entry->next_attempt_ns > now && !unreachable) return entry->next_attempt_ns;
    Sink::Answer answer;
    try {
      answer = sink.send(entry->action);
    } catch (const std::exception& error) {
      answer = {Delivery::retry, error.what()};
    }
    const std::int64_t after = settings.now_ns();
    std::int64_t next = 0;
    if (answer.delivery == Delivery::retry) {
      // A wait that the end of the program cut short is no fault of the receiver: due at once after a restart.
      next = std::max<std::int64_t>(1, must_end() ? after : after + back_off_ns(entry->attempts + 1));
    }
    // Only what is committed has happened: dying before this line means the same id is sent again.
    journal.record_attempt(entry->action.id, sink.name(), answer.delivery, answer.reason, after, next);
    tell({kind_of(answer.delivery), entry->action.id, sink.name(), answer.reason, entry->attempts + 1, next});
    return next;
  }

  // One pass over the sinks until none has anything due; the earliest next attempt.
  std::optional<std::int64_t> drain() {
    expire();
    std::optional<std::int64_t> earliest;
    std::vector<Sink*> busy;
    for (const Outlet& outlet : outlets) busy.push_back(outlet.sink.get());
    while (!busy.empty()) {
      for (auto it = busy.begin(); it != busy.end();) {
        if (must_end()) return earliest;
        const auto next = visit(**it);
        if (next == 0) {
          ++it;
          continue;
        }
        if (next) earliest = std::min(earliest.value_or(*next), *next);
        it = busy.erase(it);
      }
    }
    return earliest;
  }

  void run() {
    std::string last_failure;
    while (true) {
      std::chrono::milliseconds sleep = kLongestSleep;
      bool last_pass = false;
      {
        std::lock_guard lock(mutex);
        last_pass = stopping;
        woken = false;
      }
      try {
        const auto next = drain();
        if (next) {
          const std::int64_t wait = std::max<std::int64_t>(0, *next - settings.now_ns()) / kNsPerMs + 1;
          sleep = std::min(sleep, std::chrono::milliseconds(wait));
        }
        last_failure.clear();
      } catch (const std::exception& error) {
        // The journal failed (a full disk): nothing was recorded, so nothing is lost; told once for each new cause.
        if (last_failure != error.what()) tell({DispatchEvent::Kind::journal_failed, {}, {}, error.what(), 0, 0});
        last_failure = error.what();
        sleep = kAfterJournalFailure;
      }
      std::unique_lock lock(mutex);
      if (last_pass) break;
      changed.wait_for(lock, sleep, [this] { return woken || stopping; });
    }
    std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
  }
};

Dispatcher::Dispatcher(Journal& journal, std::vector<Outlet> outlets, DispatchSettings settings,
                       std::function<void(const DispatchEvent&)> on_event)
    : loop_(std::make_unique<Loop>(journal, std::move(outlets), std::move(settings), std::move(on_event))) {
  std::vector<SinkSpec> specs;
  std::set<std::string> names;
  for (const Outlet& outlet : loop_->outlets) {
    specs.push_back({outlet.sink->name(), outlet.pipeline});
    if (!names.insert(outlet.sink->name()).second) {
      throw Error("sinks", "two sinks named '" + outlet.sink->name() + "'", "names that differ");
    }
  }
  journal.set_sinks(std::move(specs));
}

Dispatcher::~Dispatcher() { stop(0); }

void Dispatcher::start() {
  if (!loop_->thread.joinable()) loop_->thread = std::thread([loop = loop_.get()] { loop->run(); });
}

void Dispatcher::wake() {
  {
    std::lock_guard lock(loop_->mutex);
    loop_->woken = true;
  }
  loop_->changed.notify_all();
}

void Dispatcher::stop(std::int64_t grace_ms) {
  if (!loop_->thread.joinable()) return;
  {
    std::unique_lock lock(loop_->mutex);
    loop_->stopping = true;
    loop_->give_up = Steady::now() + std::chrono::milliseconds(grace_ms);
    loop_->changed.notify_all();
    loop_->changed.wait_until(lock, loop_->give_up, [this] { return loop_->ended; });
  }
  // Time is up: a sink that still waits for an answer gives up, and its action stays pending.
  for (const Outlet& outlet : loop_->outlets) {
    if (auto* waiting = dynamic_cast<WaitingSink*>(outlet.sink.get())) waiting->abandon();
  }
  loop_->thread.join();
}

}  // namespace vigil::alerting
