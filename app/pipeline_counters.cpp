#include "app/pipeline_counters.h"

#include <time.h>

#include <algorithm>
#include <utility>

namespace vigil::app {
namespace {

constexpr std::array<const char*, PipelineCounters::kStages> kStageNames = {"read", "emulate", "judge", "journal"};
constexpr auto kRelaxed = std::memory_order_relaxed;

std::int64_t thread_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

PipelineCounters::PipelineCounters(const std::vector<std::string>& models) {
  for (const std::string& model : models) models_.emplace_back().name = model;
}

PipelineCounters::Reading::Reading(PipelineCounters* counters)
    : counters_(counters != nullptr && counters->stages_[read].frames.load(kRelaxed) % kSampled == 0 ? counters
                                                                                                     : nullptr) {
  if (counters_ != nullptr) began_ns_ = thread_time_ns();
}

PipelineCounters::Reading::~Reading() {
  if (counters_ == nullptr) return;
  const auto took = static_cast<std::uint64_t>(std::max<std::int64_t>(0, thread_time_ns() - began_ns_));
  counters_->stages_[read].busy_ns.fetch_add(took * kSampled, kRelaxed);
}

void PipelineCounters::add(Stage stage, std::chrono::steady_clock::duration busy, std::uint64_t frames) {
  StageCount& count = stages_[stage];
  count.busy_ns.fetch_add(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(busy).count()), kRelaxed);
  count.frames.fetch_add(frames, kRelaxed);
}

void PipelineCounters::add_frame(const Frame& frame) {
  stages_[read].frames.fetch_add(1, kRelaxed);
  std::uint64_t bytes = 0;
  for (const std::string& part : frame.parts) bytes += part.size();
  frames_.fetch_add((frame.parts.empty() ? 0u : 1u) + frame.dropped_before.size(), kRelaxed);
  bytes_.fetch_add(bytes, kRelaxed);
  dropped_.fetch_add(frame.dropped_before.size(), kRelaxed);
}

void PipelineCounters::add_emulated(std::string_view model, std::uint64_t events, bool failed) {
  for (ModelCount& count : models_) {
    if (count.name != model) continue;
    (failed ? count.failures : count.events).fetch_add(failed ? 1 : events, kRelaxed);
    return;
  }
}

void PipelineCounters::add_judged(std::int64_t arrived_ns, std::uint64_t events) {
  const std::int64_t second = arrived_ns / 1'000'000'000;
  Second& slot = seconds_[static_cast<std::size_t>(second) % kSeconds];
  // One writer: the judge stage. Who reads between the two stores sees a second too few, not events twice.
  if (slot.at.load(kRelaxed) != second) {
    slot.events.store(0, kRelaxed);
    slot.at.store(second, std::memory_order_release);
  }
  slot.events.store(slot.events.load(kRelaxed) + events, kRelaxed);
}

void PipelineCounters::add_commit(std::chrono::steady_clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const auto at = std::lower_bound(kCommitBounds.begin(), kCommitBounds.end(), seconds) - kCommitBounds.begin();
  commits_[static_cast<std::size_t>(at)].fetch_add(1, kRelaxed);
  commit_ns_.fetch_add(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count()),
                       kRelaxed);
}

void PipelineCounters::add_journal_error(const std::string& why, bool is_over) {
  journal_errors_.fetch_add(1, kRelaxed);
  if (!is_over) return;
  const std::lock_guard lock(mutex_);
  journal_ = why;
}

void PipelineCounters::add_delivery(const std::string& sink, Delivery what) {
  const std::lock_guard lock(mutex_);
  SinkSnapshot& counts = sinks_[sink];
  switch (what) {
    case Delivery::delivered:
      ++counts.delivered;
      break;
    case Delivery::rejected:
      ++counts.rejected;
      break;
    case Delivery::expired:
      ++counts.expired;
      break;
    case Delivery::retried:
      ++counts.retried;
      break;
  }
}

void PipelineCounters::set_intake(std::function<Intake()> intake) {
  const std::lock_guard lock(mutex_);
  if (intake_) last_intake_ = intake_();
  if (!intake && last_intake_) last_intake_->queued = 0;
  intake_ = std::move(intake);
}

double PipelineCounters::events_per_s(std::int64_t now_ns) const {
  const std::int64_t now = now_ns / 1'000'000'000;
  std::uint64_t events = 0;
  for (const Second& second : seconds_) {
    const std::int64_t at = second.at.load(std::memory_order_acquire);
    if (at >= now - kRateSeconds && at < now) events += second.events.load(kRelaxed);  // whole seconds only
  }
  return static_cast<double>(events) / static_cast<double>(kRateSeconds);
}

PipelineSnapshot PipelineCounters::snapshot(std::int64_t now_ns) const {
  PipelineSnapshot out;
  out.events_per_s = events_per_s(now_ns);
  out.frames_received = frames_.load(kRelaxed);
  out.received_bytes = bytes_.load(kRelaxed);
  out.frames_dropped = dropped_.load(kRelaxed);
  for (std::size_t i = 0; i < kStages; ++i) {
    out.stages[kStageNames[i]] = {static_cast<double>(stages_[i].busy_ns.load(kRelaxed)) / 1e9,
                                  stages_[i].frames.load(kRelaxed)};
  }
  for (const ModelCount& count : models_) {
    out.emulated_events[count.name] = count.events.load(kRelaxed);
    out.emulator_failures[count.name] = count.failures.load(kRelaxed);
  }
  out.journal_errors = journal_errors_.load(kRelaxed);
  std::uint64_t commits = 0;
  for (std::size_t i = 0; i < kCommitBounds.size(); ++i) {
    commits += commits_[i].load(kRelaxed);
    out.commit_seconds.emplace_back(kCommitBounds[i], commits);
  }
  out.commits = commits + commits_.back().load(kRelaxed);
  out.commit_seconds_sum = static_cast<double>(commit_ns_.load(kRelaxed)) / 1e9;
  const std::lock_guard lock(mutex_);
  if (const std::optional<Intake> intake = intake_ ? intake_() : last_intake_) {
    out.frames_received = intake->frames;
    out.received_bytes = intake->bytes;
    out.frames_dropped = intake->dropped;
    out.queue_frames = intake->queued;
    out.queue_capacity = intake->capacity;
  }
  out.journal = journal_;
  out.sinks = sinks_;
  return out;
}

}  // namespace vigil::app
