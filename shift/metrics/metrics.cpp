#include "shift/metrics/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/event_batch.h"
#include "core/utc_time.h"
#include "shift/documents/json_values.h"
#include "shift/documents/live_table.h"
#include "shift/metrics/process_metrics.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;
using Labels = MetricFamilies::Labels;

constexpr std::array kStates = {"good", "medium", "bad", "unknown", "stale", "shelved"};
constexpr std::array kStages = {"read", "emulate", "judge", "journal"};
constexpr std::chrono::seconds kRefreshedS{1};  // a status is made anew after
constexpr std::chrono::seconds kScrapedS{120};  // since the last scrape: somebody scrapes
// Statuses that the server answers with (shift/server/problem.cpp).
constexpr std::array kCodes = {200, 304, 400, 401, 403, 404, 405, 408, 409, 410, 413, 414, 415, 421, 429, 431, 503};

Labels with(Labels labels, const char* name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}

void tell_state(MetricFamilies& out, const Labels& stream, const std::string& family, const std::string& state) {
  for (const char* const each : kStates) {
    out.put("vigil_state", with(with(stream, "family", family), "state", each), state == each ? 1.0 : 0.0);
  }
}

// Whether there is a reference to judge by. Enough lumisections are not always enough events; an older vigil did not
// say.
bool is_judging(const ordered_json& facts) {
  const ordered_json& reference = object_at(facts, "reference");
  if (const auto known = reference.find("known"); known != reference.end()) return *known == true;
  const auto learned = number_at(reference, "learned"), wanted = number_at(reference, "wanted");
  return learned && wanted && *learned >= *wanted;
}

void tell_stream(MetricFamilies& out, const ordered_json& stream, const std::set<StreamName>& told_closes,
                 std::optional<std::int64_t> made_ns) {
  const Labels labels{{"model", text_at(stream, "model")}, {"stream", text_at(stream, "stream")}};
  out.put("vigil_model_info",
          with(with(with(labels, "version", text_at(stream, "version")), "hash", text_at(stream, "model_hash")),
               "firmware", text_at(stream, "firmware")),
          1.0);
  tell_state(out, labels, "all", text_at(stream, "state"));
  for (const ordered_json& family : stream.value("families", ordered_json::array())) {
    tell_state(out, labels, text_at(family, "name"), text_at(family, "state"));
  }
  if (const auto run = number_at(stream, "run")) out.put("vigil_run_number", labels, *run);
  if (const auto ls = number_at(stream, "ls")) out.put("vigil_lumisection_number", labels, *ls);
  // The live table comes seconds after a first lumisection.
  const auto age_s = number_at(stream, "age_s");
  if (made_ns && age_s && !told_closes.contains({text_at(stream, "model"), text_at(stream, "stream")})) {
    out.put("vigil_last_close_timestamp_seconds", labels, static_cast<double>(*made_ns) / 1e9 - *age_s);
  }
  if (const auto lag = number_at(stream, "lag_s")) out.put("vigil_data_lag_seconds", labels, *lag);
  for (const ordered_json& rate : stream.value("rates", ordered_json::array())) {
    const Labels seed = with(labels, "seed", text_at(rate, "seed"));
    if (const auto hz = number_at(rate, "rate_hz")) out.put("vigil_seed_rate_hertz", seed, *hz);
    if (const auto hz = number_at(rate, "target_rate_hz")) out.put("vigil_seed_target_hertz", seed, *hz);
  }
}

}  // namespace

MetricsBoard::MetricsBoard(Outlook outlook, MetricsSources sources)
    : outlook_(std::move(outlook)), sources_(std::move(sources)), counts_(*outlook_.record, sources_.windows) {}

void MetricsBoard::take(const News& news) {
  const std::lock_guard lock(mutex_);
  counts_.take(news);
}

std::shared_ptr<const ordered_json> MetricsBoard::make_status() {
  auto made = std::make_shared<const ordered_json>(sources_.status());
  const std::lock_guard lock(status_mutex_);
  status_ = made;
  made_ = Clock::now();
  return made;
}

void MetricsBoard::refresh() {
  {
    const std::lock_guard lock(status_mutex_);
    const auto now = Clock::now();
    if (!asked_ || now - *asked_ > kScrapedS || (made_ && now - *made_ < kRefreshedS)) return;
    is_refreshing_ = true;
  }
  struct Done {
    ~Done() {
      const std::lock_guard lock(board.status_mutex_);
      board.is_refreshing_ = false;
    }
    MetricsBoard& board;
  } const done{*this};
  (void)make_status();
}

// The newest that was made; made here for who asks first, or where the follower does not.
std::shared_ptr<const ordered_json> MetricsBoard::status() {
  {
    const std::lock_guard lock(status_mutex_);
    const auto now = Clock::now();
    asked_ = now;
    if (status_ && (is_refreshing_ || now - *made_ < 2 * kRefreshedS)) return status_;
  }
  return make_status();
}

std::string MetricsBoard::text() {
  MetricFamilies out;
  out.put("vigil_build_info", {{"version", outlook_.version}}, 1.0);
  {
    const std::lock_guard lock(mutex_);
    counts_.tell(out);
  }
  const std::set<StreamName> told_closes = tell_live(out);
  if (sources_.status) tell_status(out, *status(), told_closes);
  const PipelineSnapshot pipeline = outlook_.pipeline ? outlook_.pipeline() : PipelineSnapshot{};
  tell_pipeline(out, pipeline);
  tell_recorded(out, pipeline);
  tell_server(out);
  const ProcessMetrics process = process_metrics();
  out.put("process_start_time_seconds", {}, process.start_time_s);
  out.put("process_cpu_seconds_total", {}, process.cpu_s);
  out.put("process_resident_memory_bytes", {}, process.resident_bytes);
  out.put("process_open_fds", {}, process.open_fds);
  return out.text();
}

void MetricsBoard::tell_status(MetricFamilies& out, const ordered_json& status,
                               const std::set<StreamName>& told_closes) const {
  const auto made_ns = parse_rfc3339(text_at(status, "time"));
  for (const ordered_json& stream : status.value("streams", ordered_json::array())) {
    tell_stream(out, stream, told_closes, made_ns);
  }
  const ordered_json& alarms = object_at(status, "alarms");
  for (const char* const state : {"raised", "acknowledged", "shelved"}) {
    out.put("vigil_alarms", {{"state", state}}, number_at(alarms, state).value_or(0));
  }
}

// Times that only the program knows; it writes them to the journal every few seconds.
std::set<StreamName> MetricsBoard::tell_live(MetricFamilies& out) const {
  std::set<StreamName> told_closes;
  for (const alerting::RecordedLive& row : outlook_.record->live()) {
    if (row.model.empty() && row.stream.empty()) continue;
    const ordered_json line = parsed_line(row.line);
    const Labels labels{{"model", row.model}, {"stream", row.stream}};
    if (const auto ns = number_at(line, "newest_lumisection_ns")) {
      out.put("vigil_last_close_timestamp_seconds", labels, *ns / 1e9);
      told_closes.emplace(row.model, row.stream);
    }
    std::map<std::string, double> newest;
    for (const auto& [name, source] : object_at(line, "sources").items()) {
      if (const auto ns = number_at(source, "newest_batch_ns")) newest[name] = *ns / 1e9;
    }
    std::map<std::string, double> told;
    for (const auto& [name, at] : told_sources(newest)) told[name] = std::max(told[name], *at);
    for (const auto& [name, at] : told) {
      out.put("vigil_source_last_batch_timestamp_seconds", with(labels, "source", name), at);
    }
  }
  return told_closes;
}

void MetricsBoard::tell_pipeline(MetricFamilies& out, const PipelineSnapshot& pipeline) const {
  for (auto cause = static_cast<std::uint8_t>(Rejection::none) + 1; cause < static_cast<int>(Rejection::count_);
       ++cause) {
    const std::string name(to_string(static_cast<Rejection>(cause)));
    const auto at = pipeline.rejections.find(name);
    out.put("vigil_rejections_total", {{"cause", name}},
            at == pipeline.rejections.end() ? std::uint64_t{0} : at->second);
  }
  out.put("vigil_frames_received_total", {}, pipeline.frames_received);
  out.put("vigil_received_bytes_total", {}, pipeline.received_bytes);
  out.put("vigil_frames_dropped_total", {}, pipeline.frames_dropped);
  out.put("vigil_queue_frames", {}, pipeline.queue_frames);
  out.put("vigil_queue_capacity_frames", {}, pipeline.queue_capacity);
  for (const char* const stage : kStages) {
    const auto at = pipeline.stages.find(stage);
    const StageCounts counts = at == pipeline.stages.end() ? StageCounts{} : at->second;
    out.put("vigil_stage_busy_seconds_total", {{"stage", stage}}, counts.busy_s);
    out.put("vigil_stage_frames_total", {{"stage", stage}}, counts.frames);
  }
  for (const auto& [model, events] : pipeline.emulated_events) {
    out.put("vigil_emulated_events_total", {{"model", model}}, events);
  }
  for (const auto& [model, failures] : pipeline.emulator_failures) {
    out.put("vigil_emulator_failures_total", {{"model", model}}, failures);
  }
  const LiveTable live = live_table(outlook_.record->live());
  if (live.scale.is_object()) {
    for (const auto& partition : value_at(live.scale, "partitions")) {
      const std::uint64_t end = count_at(partition, "end"), judged = count_at(partition, "judged");
      out.put("vigil_partition_behind_frames", {{"partition", std::to_string(count_at(partition, "partition"))}},
              static_cast<double>(end - std::min(end, judged)));
    }
    out.put("vigil_partials_total", {}, count_at(live.scale, "partials"));
    out.put("vigil_partial_bytes_total", {}, count_at(live.scale, "partial_bytes"));
    out.put("vigil_reread_frames_total", {}, count_at(live.scale, "reread_frames"));
  }
  out.put("vigil_journal_bytes", {}, outlook_.record->bytes());
  out.put("vigil_journal_errors_total", {}, pipeline.journal_errors);
  out.put_histogram("vigil_journal_commit_seconds", pipeline.commit_seconds, pipeline.commits,
                    pipeline.commit_seconds_sum);
}

void MetricsBoard::tell_recorded(MetricFamilies& out, const PipelineSnapshot& pipeline) const {
  std::map<Labels, std::pair<std::uint64_t, std::uint64_t>> tallies;
  for (const alerting::RecordedStream& stream : outlook_.record->streams()) {
    out.put("vigil_judging", {{"model", stream.model}, {"stream", stream.stream}},
            is_judging(parsed_line(stream.facts)) ? 1.0 : 0.0);
    for (std::size_t kind = 0; kind < kActionKinds; ++kind) {
      tallies[{{"model", stream.model},
               {"stream", stream.stream},
               {"kind", std::string(to_string(static_cast<ActionKind>(kind)))}}];
    }
  }
  for (const auto& tally : outlook_.record->action_tallies()) {
    tallies[{{"model", tally.model}, {"stream", tally.stream}, {"kind", tally.kind}}] = {tally.open, tally.proposed};
  }
  for (const auto& [labels, counts] : tallies) {
    out.put("vigil_actions_open", labels, counts.first);
    out.put("vigil_actions_proposed", labels, counts.second);
  }
  std::map<std::string, std::uint64_t> pending = outlook_.record->pending_by_sink();
  for (const std::string& sink : sources_.sinks) pending[sink];
  for (const auto& [sink, count] : pending) out.put("vigil_deliveries_pending", {{"sink", sink}}, count);
  for (const auto& [sink, counts] : pipeline.sinks) {
    const auto result = [&, &name = sink](const char* what, std::uint64_t count) {
      out.put("vigil_deliveries_total", {{"sink", name}, {"result", what}}, count);
    };
    result("delivered", counts.delivered);
    result("rejected", counts.rejected);
    result("expired", counts.expired);
    result("retry", counts.retried);
    out.put("vigil_sink_up", {{"sink", sink}}, counts.is_up ? 1.0 : 0.0);
  }
}

void MetricsBoard::tell_server(MetricFamilies& out) const {
  const ServerCounts server = sources_.server ? sources_.server() : ServerCounts{};
  std::map<int, std::uint64_t> answers = server.answers;
  for (const int code : kCodes) answers[code];
  for (const auto& [code, count] : answers)
    out.put("vigil_http_requests_total", {{"code", std::to_string(code)}}, count);
  out.put("vigil_http_refused_total", {{"reason", "rate"}}, server.refused_rate);
  out.put("vigil_http_refused_total", {{"reason", "streams"}}, server.refused_streams);
  out.put("vigil_http_refused_total", {{"reason", "size"}}, server.refused_size);
  out.put("vigil_http_refused_total", {{"reason", "slow"}}, server.refused_slow);
  out.put("vigil_http_refused_total", {{"reason", "host"}}, server.refused_host);
  out.put("vigil_http_streams", {}, std::uint64_t{server.open_streams});
}

std::vector<Route> metrics_routes(std::shared_ptr<MetricsBoard> board) {
  std::vector<Route> out;
  out.push_back({.method = "GET",
                 .pattern = "/metrics",
                 .caching = Caching::never,
                 .handle = [board = std::move(board)](const Request&) {
                   Answer answer;
                   answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
                   answer.body = board->text();
                   return answer;
                 }});
  return out;
}

}  // namespace vigil::shift
