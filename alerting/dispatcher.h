// Delivery: one worker thread a sink takes due outbox entries from the journal, sends them, and records what became of
// them. Used by the program. The only place that reads the wall clock for actions. Never holds the journal while a sink
// waits, and no sink holds up another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/journal.h"
#include "core/action.h"

namespace vigil::alerting {

struct DispatchSettings {
  std::int64_t expiry_ms = 24ll * 3600 * 1000;
  std::int64_t first_back_off_ms = 1000;             // attempt k waits uniformly in [0, first * 2^(k-1)] ...
  std::int64_t longest_back_off_ms = 5 * 60 * 1000;  // ... and never longer
  std::uint64_t seed = 1;                            // of the jitter
  std::function<std::int64_t()> now_ns;              // empty: the wall clock, UTC
  // Whether an action's alarms are out of sight: people are not told of it. Called on the workers' threads.
  std::function<bool(const OutgoingAction&)> is_shelved = {};
  // Asked after the outbox was read and again before an attempt begins: false holds all of it up, nothing is sent.
  // Empty: it may. Called on the workers' threads; must not wait.
  std::function<bool()> may_send = {};
};

// What happened to one action at one sink; given to the program, which logs it.
struct DispatchEvent {
  enum class Kind : std::uint8_t { delivered, rejected, retry, expired, journal_failed };
  Kind kind = Kind::retry;
  std::string id;
  std::string sink;
  std::string reason;  // fit for a line of the log
  std::uint64_t attempts = 0;
  std::int64_t next_attempt_ns = 0;  // retry
};

// How one sink is driven. The wait before attempt k+1 is uniform in [0, first * 2^(k-1)], and never longer than
// `longest`; what a receiver asks for is a lower bound.
struct Pacing {
  std::optional<std::int64_t> first_back_off_ms, longest_back_off_ms;  // absent: the dispatcher's
  std::uint64_t breaker_failures = 0;  // so many in a row, and nothing is sent for a while; 0: it goes on
  std::int64_t breaker_open_ms = 60'000;
  std::int64_t settle_ms = 0;           // from the begin of an attempt that may have done it, to the next step
  std::uint64_t max_server_errors = 0;  // 5xx answers to one action, with which it is refused; 0: no limit
  std::int64_t poll_ms = 60'000;        // between two looks at one run
  bool dry_run = false;                 // delivered at once, nothing is sent
};

struct Outlet {
  std::unique_ptr<Sink> sink;
  Routing routing;
  Pacing pacing = {};
  std::string type = {};  // of the sink
};

// How a sink does.
struct SinkHealth {
  enum class State : std::uint8_t { ok, broken, stopped };
  std::string name;
  State state = State::ok;
  std::string reason;  // of the newest failure, while it is not ok
};
std::string_view to_string(SinkHealth::State state);

// Order: one action at a time per sink and model, oldest first; the next is not sent before the one before it is
// delivered, refused, rejected or expired. An attempt is committed before its first byte leaves, if the action's state
// lets it out; an answer counts once it is committed: a death between the two means the same id is sent again, never
// that one is lost.
class Dispatcher {
 public:
  // `journal` must outlive it; its set_sinks() is called with the names of `outlets`, which must differ (Error
  // otherwise). `on_event` (may be empty) is called on the workers' threads, one at a time, without the journal held;
  // it must not throw.
  Dispatcher(Journal& journal, std::vector<Outlet> outlets, DispatchSettings settings = {},
             std::function<void(const DispatchEvent&)> on_event = {});
  ~Dispatcher();  // stop(0)
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void start();
  // Something was committed: look now. Thread-safe.
  void wake();
  // Tries what is due, for grace_ms at most, then ends the threads. Idempotent; not started again. What is undelivered
  // stays in the journal.
  void stop(std::int64_t grace_ms);
  std::vector<SinkHealth> health() const;  // in the order of the outlets; thread-safe

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace vigil::alerting
