#include "alerting/sink_worker.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "alerting/sinks.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
// Expiry, a stepped wall clock and what other processes did to an action are noticed this soon.
constexpr std::chrono::milliseconds kLongestSleep{1000};
constexpr std::chrono::milliseconds kAfterJournalFailure{1000};

std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

DispatchEvent::Kind kind_of(Delivery delivery) {
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

}  // namespace

Dispatch::Dispatch(Journal& of, DispatchSettings how, std::function<void(const DispatchEvent&)> told)
    : journal(of), settings(std::move(how)), on_event(std::move(told)) {
  if (!settings.now_ns) settings.now_ns = wall_clock_ns;
}

void Dispatch::tell(const DispatchEvent& event) {
  std::lock_guard lock(telling);
  if (on_event) on_event(event);
}

void Dispatch::tell_failure(const std::string& cause) {
  std::lock_guard lock(telling);
  if (last_failure != cause && on_event) on_event({DispatchEvent::Kind::journal_failed, {}, {}, cause, 0, 0});
  last_failure = cause;
}

void Dispatch::journal_works() {
  std::lock_guard lock(telling);
  last_failure.clear();
}

bool Dispatch::must_end() {
  std::lock_guard lock(mutex);
  return stopping && Steady::now() >= give_up;
}

SinkWorker::SinkWorker(Dispatch& dispatch, std::unique_ptr<Sink> sink, std::uint64_t seed)
    : dispatch_(dispatch), sink_(std::move(sink)), name_(sink_->name()), random_(seed) {}

SinkWorker::~SinkWorker() { join(); }

void SinkWorker::start() {
  {
    std::lock_guard lock(dispatch_.mutex);
    ++dispatch_.running;
  }
  thread_ = std::thread([this] { run(); });
}

void SinkWorker::abandon() {
  if (auto* waiting = dynamic_cast<WaitingSink*>(sink_.get())) waiting->abandon();
}

void SinkWorker::join() {
  if (thread_.joinable()) thread_.join();
}

// Full jitter: uniform in [0, min(longest, first * 2^(attempts - 1))].
std::int64_t SinkWorker::back_off_ns(std::uint64_t attempts) {
  const DispatchSettings& settings = dispatch_.settings;
  const int doublings = static_cast<int>(std::min<std::uint64_t>(attempts - 1, 40));
  const std::int64_t first = std::max<std::int64_t>(settings.first_back_off_ms, 0);
  std::int64_t ceiling = settings.longest_back_off_ms;
  if (first <= (ceiling >> doublings)) ceiling = first << doublings;
  return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(ceiling, 0) * kNsPerMs)(random_);
}

// `withdrawn`: the action may no longer be sent, and nothing of it left. What the journal throws passes through.
Sink::Answer SinkWorker::send(const OutboxEntry& entry, bool& withdrawn) {
  std::exception_ptr journal_failed;
  const auto begin = [&] {
    try {
      withdrawn = !dispatch_.journal.begin_attempt(entry.action.id, name_, dispatch_.settings.now_ns());
    } catch (...) {
      journal_failed = std::current_exception();
    }
    return !withdrawn && !journal_failed;
  };
  Sink::Answer answer;
  try {
    answer = sink_->send(entry.action, begin);
  } catch (const std::exception& error) {
    answer = {Delivery::retry, shown(error.what(), 200)};
  }
  if (journal_failed) std::rethrow_exception(journal_failed);
  return answer;
}

// Sends the oldest entry if it is due. Returns when it will be due (0: look again now), nullopt: nothing pending.
std::optional<std::int64_t> SinkWorker::visit() {
  const DispatchSettings& settings = dispatch_.settings;
  const std::int64_t now = settings.now_ns();
  const auto entry = dispatch_.journal.head(name_, now);
  if (!entry) return std::nullopt;
  // A wall clock that was set back must not hold an action for longer than any back-off.
  const bool unreachable = entry->next_attempt_ns - now > settings.longest_back_off_ms * kNsPerMs;
  if (entry->next_attempt_ns > now && !unreachable) return entry->next_attempt_ns;
  bool withdrawn = false;
  const Sink::Answer answer = send(*entry, withdrawn);
  if (withdrawn) return 0;
  const std::int64_t after = settings.now_ns();
  std::int64_t next = 0;
  if (answer.delivery == Delivery::retry) {
    // A wait that the end of the program cut short is no fault of the receiver: due at once after a restart.
    next = std::max<std::int64_t>(1, dispatch_.must_end() ? after : after + back_off_ns(entry->attempts + 1));
  }
  // Only what is committed has happened: dying before this line means the same id is sent again.
  dispatch_.journal.record_attempt(entry->action.id, name_, answer.delivery, answer.reason, after, next);
  dispatch_.tell({kind_of(answer.delivery), entry->action.id, name_, answer.reason, entry->attempts + 1, next});
  return next;
}

// Visits until nothing is due; the next attempt.
std::optional<std::int64_t> SinkWorker::drain() {
  const DispatchSettings& settings = dispatch_.settings;
  for (const auto& [id, sink] : dispatch_.journal.expire(settings.now_ns(), settings.expiry_ms * kNsPerMs)) {
    dispatch_.tell({DispatchEvent::Kind::expired, id, sink, "not delivered in time", 0, 0});
  }
  while (!dispatch_.must_end()) {
    if (const auto next = visit(); next != 0) return next;
  }
  return std::nullopt;
}

void SinkWorker::run() {
  while (true) {
    std::chrono::milliseconds sleep = kLongestSleep;
    bool last_pass = false;
    std::uint64_t seen = 0;
    {
      std::lock_guard lock(dispatch_.mutex);
      last_pass = dispatch_.stopping;
      seen = dispatch_.wakes;
    }
    try {
      if (const auto next = drain()) {
        const std::int64_t wait = std::max<std::int64_t>(0, *next - dispatch_.settings.now_ns()) / kNsPerMs + 1;
        sleep = std::min(sleep, std::chrono::milliseconds(wait));
      }
      dispatch_.journal_works();
    } catch (const std::exception& error) {
      // The journal failed (a full disk): nothing was recorded, so nothing is lost.
      dispatch_.tell_failure(error.what());
      sleep = kAfterJournalFailure;
    }
    std::unique_lock lock(dispatch_.mutex);
    if (last_pass) break;
    dispatch_.changed.wait_for(lock, sleep, [&] { return dispatch_.wakes != seen || dispatch_.stopping; });
  }
  std::lock_guard lock(dispatch_.mutex);
  --dispatch_.running;
  dispatch_.changed.notify_all();
}

}  // namespace vigil::alerting
