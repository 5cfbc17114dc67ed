#include "app/live_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/wall_clock.h"
#include "core/error.h"
#include "core/json_text.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

ordered_json counts_json(const SourceCounts& c) {
  ordered_json out = {{"batches", c.batches},     {"missing", c.missing},
                      {"duplicate", c.duplicate}, {"late", c.late},
                      {"rejected", c.rejected},   {"dropped", c.dropped},
                      {"restarts", c.restarts},   {"ignored_annotations", c.ignored_annotations}};
  if (!c.rejected_by.empty()) out["rejected_by"] = c.rejected_by;
  return out;
}

// A time of 0 is none.
ordered_json time_json(std::int64_t ns) { return ns > 0 ? ordered_json(ns) : ordered_json(nullptr); }

ordered_json source_json(const SourceActivity& source, std::uint32_t run) {
  ordered_json out = {{"newest_batch_ns", time_json(source.newest_batch_ns)},
                      {"run", source.run.load()},
                      {"ls", source.ls.load()},
                      {"orbit", source.orbit.load()},
                      {"in_run", counts_json(source.in_run.counts())},
                      {"in_program", counts_json(source.in_program.counts())}};
  if (const std::uint32_t ls = source.silent_since_ls; ls > 0) out["silent_since"] = {{"run", run}, {"ls", ls}};
  return out;
}

}  // namespace

LiveStatus::LiveStatus(alerting::Journal& journal, const Judge& judge, std::function<ProgramStatus()> program,
                       std::function<void(const std::string&)> log)
    : journal_(journal),
      judge_(judge),
      program_(std::move(program)),
      log_(std::move(log)),
      started_ns_(wall_clock_ns()) {
  thread_ = std::thread([this] { run(); });
}

LiveStatus::~LiveStatus() { stop(); }

void LiveStatus::stop() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LiveStatus::wake() {
  {
    std::lock_guard lock(mutex_);
    if (woken_) return;
    woken_ = true;
  }
  ending_changed_.notify_all();
}

void LiveStatus::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool ending = ending_;
    woken_ = false;
    lock.unlock();
    write(ending);
    const auto written = std::chrono::steady_clock::now();
    if (ending) return;
    lock.lock();
    ending_changed_.wait_until(lock, written + kPeriod, [&] { return ending_ || woken_; });
    if (woken_) ending_changed_.wait_until(lock, written + kSpacing, [&] { return ending_; });
  }
}

std::string LiveStatus::stream_line(const StreamActivity& a, const StreamSnapshot* snapshot, std::int64_t now_ns) {
  Before& before = before_[{a.model, a.stream}];
  const std::uint64_t frames = a.frames, events = a.events;
  const double seconds = before.at_ns > 0 ? static_cast<double>(now_ns - before.at_ns) / 1e9 : 0;
  const auto per_second = [&](std::uint64_t now, std::uint64_t then) {
    return seconds > 0 ? json_number(static_cast<double>(now - then) / seconds) : ordered_json(nullptr);
  };
  ordered_json out = {{"model_hash", a.model_hash},
                      {"newest_frame_ns", time_json(a.newest_frame_ns)},
                      {"newest_batch_ns", time_json(a.newest_batch_ns)},
                      {"newest_lumisection_ns", time_json(a.newest_close_ns)},
                      {"run", a.run.load()},
                      {"closed", {{"run", a.closed_run.load()}, {"ls", a.closed_ls.load()}}},
                      {"lag_s", a.lag_is_known ? json_number(static_cast<double>(a.lag_ns) / 1e9) : ordered_json()},
                      {"frames_per_s", per_second(frames, before.frames)},
                      {"events_per_s", per_second(events, before.events)}};
  before.frames = frames;
  before.events = events;
  before.at_ns = now_ns;
  if (snapshot != nullptr && snapshot->ls > 0) {
    ordered_json rates = ordered_json::object();
    for (const auto& [seed, rate] : snapshot->seed_rate_hz) rates[seed] = json_number(rate);
    out["seed_rate_hz"] = std::move(rates);
    out["coverage"] = json_number(snapshot->coverage);
    out["sequential"] = {{"quality", to_string(snapshot->sequential)}, {"reason", snapshot->sequential_reason}};
    const BudgetOfRun& b = snapshot->budget;
    out["budget"] = {{"run", b.run},
                     {"judged_ls", b.judged_ls},
                     {"pages", b.pages},
                     {"warnings", b.warnings},
                     {"expected_pages", json_number(b.expected_pages)},
                     {"expected_warnings", json_number(b.expected_warnings)}};
  }
  ordered_json sources = ordered_json::object();
  const auto known = a.sources();  // held: the judge may replace it meanwhile
  for (const auto& source : *known) sources[source->name] = source_json(*source, a.run);
  out["sources"] = std::move(sources);
  return json_text(out);
}

void LiveStatus::write(bool has_ended) {
  const std::int64_t now_ns = wall_clock_ns();
  std::vector<alerting::LiveRow> rows;
  const auto snapshot = judge_.snapshot();
  const auto streams = judge_.activity().streams();
  for (const auto& activity : *streams) {
    const StreamSnapshot* closed = nullptr;
    for (const StreamSnapshot& s : snapshot->streams) {
      if (s.model == activity->model && s.stream == activity->stream) closed = &s;
    }
    std::string line = stream_line(*activity, closed, now_ns);
    std::string& before = before_[{activity->model, activity->stream}].line;
    if (line == before) continue;
    before = line;
    rows.push_back({activity->model, activity->stream, now_ns, std::move(line)});
  }
  // A stream that was given up leaves the table.
  std::erase_if(before_, [&](const auto& entry) {
    const bool gone = std::none_of(streams->begin(), streams->end(), [&](const auto& a) {
      return a->model == entry.first.first && a->stream == entry.first.second;
    });
    if (gone) rows.push_back({entry.first.first, entry.first.second, now_ns, {}});
    return gone;
  });
  const ProgramStatus program = program_();
  ordered_json out = {{"version", VIGIL_VERSION},
                      {"mode", program.mode},
                      {"started_ns", started_ns_},
                      {"ended", has_ended},
                      {"unplaced", counts_json(judge_.activity().unplaced.counts())},
                      {"result_lines_left_out", program.lines_left_out}};
  if (!program.scale.empty()) out["scale"] = ordered_json::parse(program.scale);
  if (program.records) {
    out["recording"] = {{"stopped", !program.is_recording}, {"frames_left_out", program.frames_not_recorded}};
  }
  rows.push_back({{}, {}, now_ns, json_text(out)});
  try {
    journal_.put_live(rows);
    said_.clear();
  } catch (const Error& e) {
    before_.clear();  // all of it again
    if (said_ != e.what()) log_(std::string("status is not brought up to date: ") + e.what());
    said_ = e.what();
  }
}

}  // namespace vigil::app
