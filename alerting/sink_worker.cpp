#include "alerting/sink_worker.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "alerting/sinks.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kHeldUpNs = 100 * kNsPerMs;  // between two questions whether it may be sent
constexpr std::int64_t kNsPerSecond = 1000 * kNsPerMs;
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
    case Delivery::maybe_done:
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

SinkWorker::SinkWorker(Dispatch& dispatch, std::shared_ptr<Sink> sink, Pacing pacing, std::uint64_t seed)
    : dispatch_(dispatch),
      sink_(std::move(sink)),
      repeating_(dynamic_cast<RepeatingSink*>(sink_.get())),
      pacing_(pacing),
      random_(seed) {
  health_.name = sink_->name();
}

SinkWorker::~SinkWorker() { join(); }

SinkHealth SinkWorker::health() const {
  std::lock_guard lock(health_mutex_);
  return health_;
}

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
  const std::int64_t first = std::max<std::int64_t>(pacing_.first_back_off_ms.value_or(settings.first_back_off_ms), 0);
  std::int64_t ceiling = pacing_.longest_back_off_ms.value_or(settings.longest_back_off_ms);
  if (first <= (ceiling >> doublings)) ceiling = first << doublings;
  return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(ceiling, 0) * kNsPerMs)(random_);
}

// A wall clock that was set back must not hold an action.
std::int64_t SinkWorker::due_ns(const OutboxEntry& entry, std::int64_t now) const {
  if (now < entry.last_attempt_ns - kNsPerSecond) return now;
  const std::int64_t settled = entry.unanswered ? entry.begun_ns + pacing_.settle_ms * kNsPerMs : 0;
  return std::max(entry.next_attempt_ns, settled);
}

SinkWorker::Time SinkWorker::broken_until(std::int64_t now) {
  if (broken_until_ns_ > now && broken_until_ns_ - now <= pacing_.breaker_open_ms * kNsPerMs) return broken_until_ns_;
  return std::nullopt;
}

// The circuit breaker: what comes after the pause is one probe, for one more failure opens it again.
void SinkWorker::count(const Sink::Answer& answer, std::int64_t now) {
  const bool failed = answer.delivery == Delivery::retry || answer.delivery == Delivery::maybe_done;
  failures_ = failed ? failures_ + 1 : 0;
  const bool breaks = pacing_.breaker_failures > 0 && failures_ >= pacing_.breaker_failures;
  broken_until_ns_ = breaks ? now + pacing_.breaker_open_ms * kNsPerMs : 0;
  std::lock_guard lock(health_mutex_);
  health_.state = answer.stop ? SinkHealth::State::stopped : breaks ? SinkHealth::State::broken : SinkHealth::State::ok;
  health_.reason = health_.state == SinkHealth::State::ok ? std::string{} : answer.reason;
}

bool SinkWorker::may_send() const { return !dispatch_.settings.may_send || dispatch_.settings.may_send(); }

// `withdrawn`: the action may no longer be sent, and nothing of it left. What the journal throws passes through.
Sink::Answer SinkWorker::send(const OutboxEntry& entry, bool& withdrawn) {
  std::exception_ptr journal_failed;
  bool begun = false;
  const auto begin = [&] {
    try {
      if (!may_send()) {
        withdrawn = true;
        return false;
      }
      begun = dispatch_.journal.begin_attempt(entry.action.id, name(), dispatch_.settings.now_ns());
      withdrawn = !begun;
    } catch (...) {
      journal_failed = std::current_exception();
    }
    return begun;
  };
  Sink::Answer answer;
  try {
    if (pacing_.dry_run) {
      (void)sink_->render(entry.action);
      if (begin()) answer = {Delivery::delivered, "dry run"};
    } else if (repeating_ != nullptr) {
      const std::int64_t now = dispatch_.settings.now_ns();
      const std::int64_t starts = entry.first_begun_ns != 0 ? entry.first_begun_ns : now;
      answer = repeating_->tell({{entry.action, starts, entry.open ? 0 : now}}, now, begin);
    } else {
      answer = sink_->send(entry.action, begin);
    }
  } catch (const std::exception& error) {
    answer = {begun ? Delivery::maybe_done : Delivery::retry, shown(error.what(), 200)};
  }
  if (journal_failed) std::rethrow_exception(journal_failed);
  return answer;
}

// An earlier attempt may have done it: look first, where the sink can; nothing is sent until a look has succeeded.
Sink::Answer SinkWorker::after_maybe(const OutboxEntry& entry, bool& withdrawn) {
  const bool too_many = pacing_.max_server_errors > 0 && entry.server_errors >= pacing_.max_server_errors;
  std::optional<Sink::Answer> found;
  try {
    if (!pacing_.dry_run) found = sink_->look_up(entry.action);
  } catch (const std::exception& error) {
    found = Sink::Answer{Delivery::retry, shown(error.what(), 200)};
  }
  if (found && found->delivery != Delivery::refused) return *found;
  if (too_many) {
    return {Delivery::refused, std::to_string(entry.server_errors) + " server errors, the last: " + entry.reason};
  }
  return send(entry, withdrawn);
}

void SinkWorker::handle(const OutboxEntry& entry) {
  bool withdrawn = false;
  Sink::Answer answer = entry.unanswered ? after_maybe(entry, withdrawn) : send(entry, withdrawn);
  if (withdrawn) return;
  // Where nothing can be looked up, the answer that is one too many ends it at once.
  if (answer.server_error && pacing_.settle_ms == 0 && pacing_.max_server_errors > 0 &&
      entry.server_errors + 1 >= pacing_.max_server_errors) {
    answer.delivery = Delivery::refused;
    answer.reason = std::to_string(entry.server_errors + 1) + " server errors, the last: " + answer.reason;
  }
  record(entry, answer);
}

void SinkWorker::record(const OutboxEntry& entry, const Sink::Answer& answer) {
  const std::int64_t after = dispatch_.settings.now_ns();
  const bool again = answer.delivery == Delivery::retry || answer.delivery == Delivery::maybe_done;
  std::int64_t next = 0;
  if (again) {
    const std::int64_t wait = std::max(back_off_ns(entry.attempts + 1), answer.not_before_ms * kNsPerMs);
    // A wait that the end of the program cut short is no fault of the receiver: due at once after a restart.
    next = std::max<std::int64_t>(1, dispatch_.must_end() ? after : after + wait);
  }
  // Only what is committed has happened: dying before this line means that it may be done.
  Attempt attempt{entry.action.id, name(), answer.delivery, answer.reason, after, next, answer.run, answer.url};
  attempt.server_error = answer.server_error;
  attempt.done = answer.done;
  attempt.watched =
      answer.delivery == Delivery::delivered && !pacing_.dry_run && (repeating_ != nullptr || !answer.run.empty());
  dispatch_.journal.record_attempt(attempt);
  count(answer, after);
  dispatch_.tell({kind_of(answer.delivery), entry.action.id, name(), answer.reason, entry.attempts + 1, next});
}

// Handles the oldest entry that is due, of any model.
SinkWorker::Time SinkWorker::visit() {
  const std::int64_t now = dispatch_.settings.now_ns();
  if (health().state == SinkHealth::State::stopped) return std::nullopt;
  if (const auto until = broken_until(now)) return until;
  Time next;
  const std::vector<OutboxEntry> heads = dispatch_.journal.heads(name(), now);
  if (!heads.empty() && !may_send()) return now + kHeldUpNs;
  for (const OutboxEntry& entry : heads) {
    const std::int64_t due = due_ns(entry, now);
    if (due <= now) {
      handle(entry);
      return 0;
    }
    next = std::min(due, next.value_or(due));
  }
  return next;
}

// Looks at one run downstream whose time has come.
SinkWorker::Time SinkWorker::poll() {
  if (cannot_poll_ || pacing_.dry_run || broken_until(dispatch_.settings.now_ns())) return std::nullopt;
  const std::vector<StartedRun> runs = dispatch_.journal.started_runs(name());
  std::map<std::string, std::int64_t> times;
  for (const StartedRun& run : runs) times[run.id] = next_poll_ns_.contains(run.id) ? next_poll_ns_[run.id] : 0;
  next_poll_ns_ = std::move(times);
  const std::int64_t now = dispatch_.settings.now_ns();
  Time next;
  for (const StartedRun& run : runs) {
    std::int64_t& due = next_poll_ns_[run.id];
    if (due > now && due - now <= pacing_.poll_ms * kNsPerMs) {
      next = std::min(due, next.value_or(due));
      continue;
    }
    due = now + pacing_.poll_ms * kNsPerMs;
    std::optional<Sink::Progress> found;
    try {
      found = sink_->poll(run.run);
    } catch (const std::exception&) {  // a look that failed says nothing; the next one comes
      return 0;
    }
    if (!found) {
      cannot_poll_ = true;
      return std::nullopt;
    }
    if (!found->state.empty()) {
      dispatch_.journal.record_progress(run.id, name(), run.run, found->state, found->reason,
                                        dispatch_.settings.now_ns());
    }
    return 0;
  }
  return next;
}

// Tells people again of what goes on, and of what has just ended.
SinkWorker::Time SinkWorker::repeat() {
  const std::int64_t now = dispatch_.settings.now_ns();
  if (repeating_ == nullptr || pacing_.dry_run || health().state == SinkHealth::State::stopped) return std::nullopt;
  if (const auto until = broken_until(now)) return until;
  const std::int64_t since = now - repeating_->linger_ms() * kNsPerMs;
  std::vector<OpenAlert> alerts;
  std::map<std::string, std::int64_t> ends;
  bool changed = false;
  for (const ToldAction& told : dispatch_.journal.told_actions(name(), now, since, dispatch_.settings.is_shelved)) {
    if (told.ended_ns != 0 && told.ended_ns < since) continue;
    alerts.push_back({told.action, told.first_begun_ns, told.ended_ns});
    ends[told.action.id] = told.ended_ns;
    const auto known = told_.find(told.action.id);
    changed = changed || known == told_.end() || known->second != told.ended_ns;
  }
  const std::int64_t period = repeating_->repeat_ms() * kNsPerMs;
  if (alerts.empty()) return std::nullopt;
  const bool waits = next_repeat_ns_ > now && next_repeat_ns_ - now <= period;
  if (waits && (!changed || failures_ > 0)) return next_repeat_ns_;
  if (!may_send()) return now + kHeldUpNs;
  Sink::Answer answer;
  try {
    answer = repeating_->tell(alerts, now, {});
  } catch (const std::exception& error) {
    answer = {Delivery::retry, shown(error.what(), 200)};
  }
  const std::int64_t after = dispatch_.settings.now_ns();
  count(answer, after);
  // What is refused is not told again at once either.
  if (answer.delivery == Delivery::delivered || answer.delivery == Delivery::refused) told_ = std::move(ends);
  next_repeat_ns_ = after + (failures_ > 0 ? std::min(period, back_off_ns(failures_)) : period);
  return next_repeat_ns_;
}

// Goes on until nothing is due; when there is something again.
SinkWorker::Time SinkWorker::drain() {
  const DispatchSettings& settings = dispatch_.settings;
  for (const auto& [id, sink] : dispatch_.journal.expire(settings.now_ns(), settings.expiry_ms * kNsPerMs)) {
    dispatch_.tell({DispatchEvent::Kind::expired, id, sink, "not delivered in time", 0, 0});
  }
  Time next;
  while (!dispatch_.must_end()) {
    next = visit();
    if (next == 0) continue;
    const Time polled = poll();
    if (polled == 0) continue;
    for (const Time& other : {polled, repeat()}) {
      if (other) next = std::min(*other, next.value_or(*other));
    }
    return next;
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
