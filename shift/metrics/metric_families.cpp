#include "shift/metrics/metric_families.h"

#include <prometheus/text_serializer.h>

#include <array>
#include <iterator>
#include <limits>
#include <stdexcept>

#include "core/utf8.h"

namespace vigil::shift {
namespace {

using prometheus::MetricType;
constexpr MetricType kGauge = MetricType::Gauge;
constexpr MetricType kCounter = MetricType::Counter;

constexpr std::array kFamilies = std::to_array<FamilyRow>({
    {"vigil_build_info", kGauge, "1; the label says which vigil this is."},
    {"vigil_model_info", kGauge, "1; the labels say which model a stream is compared with."},
    {"vigil_state", kGauge, "1 for the state that a family of monitors, or all of them, is in, 0 for the others."},
    {"vigil_run_number", kGauge, "Run of the newest closed lumisection."},
    {"vigil_lumisection_number", kGauge, "Number of the newest closed lumisection within its run."},
    {"vigil_judging", kGauge, "1 while windows are compared with a reference, 0 while there is none yet (learning)."},
    {"vigil_last_close_timestamp_seconds", kGauge, "When the newest lumisection closed, since 1970."},
    {"vigil_data_lag_seconds", kGauge, "Arrival of the newest batch minus its time; absent where that is unknown."},
    {"vigil_coverage_ratio", kGauge, "Covered over expected orbits of the newest lumisection."},
    {"vigil_lumisections_total", kCounter, "Closed lumisections."},
    {"vigil_events_total", kCounter, "Events of closed lumisections."},
    {"vigil_crossings_total", kCounter, "Bunch crossings that the events were taken from."},
    {"vigil_foreign_events_total", kCounter,
     "Events of another model hash than the loaded one, compared with nothing."},
    {"vigil_uncovered_orbits_total", kCounter, "Orbits that not every source covered."},
    {"vigil_windows_total", kCounter, "Closed windows by quality."},
    {"vigil_monitor_value", kGauge, "Newest value of a statistic; absent where it has none."},
    {"vigil_monitor_limit", kGauge, "Limit of that value; absent where there is none."},
    {"vigil_monitor_quality", kGauge, "Newest verdict: 0 good, 1 medium, 2 bad, NaN unknown."},
    {"vigil_compared_events_total", kCounter, "Events on which hardware and emulator were compared."},
    {"vigil_mismatches_total", kCounter, "Events on which hardware and emulator differ; the sides are never netted."},
    {"vigil_seed_passes_total", kCounter, "Events that pass a seed, by the hardware's and by the emulator's words."},
    {"vigil_seed_rate_hertz", kGauge, "Rate of a seed in the newest lumisection, by the emulator."},
    {"vigil_seed_target_hertz", kGauge, "Rate that a seed is meant to have; absent where the package names none."},
    {"vigil_batches_total", kCounter, "Batches of a source by what became of them."},
    {"vigil_batches_missing_total", kCounter, "Sequence numbers of a source that never came."},
    {"vigil_source_restarts_total", kCounter, "New epochs of a source."},
    {"vigil_source_last_batch_timestamp_seconds", kGauge, "When a source's newest used batch arrived, since 1970."},
    {"vigil_rejections_total", kCounter, "Frames that were rejected, by cause."},
    {"vigil_frames_received_total", kCounter, "Frames that arrived, dropped ones included."},
    {"vigil_received_bytes_total", kCounter, "Bytes of the frames that arrived."},
    {"vigil_frames_dropped_total", kCounter, "Frames that the full queue could not take."},
    {"vigil_queue_frames", kGauge, "Frames that wait for the pipeline."},
    {"vigil_queue_capacity_frames", kGauge, "Frames that may wait; 0 where nothing queues."},
    {"vigil_stage_busy_seconds_total", kCounter, "Time that a stage worked, over all its threads, without waiting."},
    {"vigil_stage_frames_total", kCounter, "Frames that a stage took; of the journal, closed lumisections."},
    {"vigil_emulated_events_total", kCounter, "Events that the emulator computed."},
    {"vigil_emulator_failures_total", kCounter, "Batches that the emulator could not compute."},
    {"vigil_journal_bytes", kGauge, "Size of the journal and its write-ahead log."},
    {"vigil_journal_errors_total", kCounter, "Writes to the journal that failed."},
    {"vigil_journal_commit_seconds", MetricType::Histogram, "Time that the commit of a closed lumisection took."},
    {"vigil_partition_behind_frames", kGauge, "Frames of a partition that no partial holds yet; of a merger."},
    {"vigil_partials_total", kCounter, "Partials that a merger took."},
    {"vigil_partial_bytes_total", kCounter, "Bytes of the partials that a merger took."},
    {"vigil_reread_frames_total", kCounter, "Frames that a merger read and emulated again."},
    {"vigil_actions_total", kCounter, "Actions that were proposed."},
    {"vigil_actions_open", kGauge, "Actions whose cause goes on."},
    {"vigil_actions_proposed", kGauge, "Actions that nobody has decided on."},
    {"vigil_deliveries_total", kCounter, "What became of attempts to deliver to a sink."},
    {"vigil_deliveries_pending", kGauge, "Actions that a sink has not got yet, those that wait for approval included."},
    {"vigil_sink_up", kGauge, "0 while a sink is broken or stopped."},
    {"vigil_alarms", kGauge, "Alarms by what people did with them."},
    {"vigil_http_requests_total", kCounter, "Answers of the server by status."},
    {"vigil_http_refused_total", kCounter, "Requests and connections that the server refused, by reason."},
    {"vigil_http_streams", kGauge, "Event streams that are open."},
    {"process_start_time_seconds", kGauge, "When the process began, since 1970."},
    {"process_cpu_seconds_total", kCounter, "Time of processors that the process used."},
    {"process_resident_memory_bytes", kGauge, "Memory that the process holds."},
    {"process_open_fds", kGauge, "File descriptors that are open."},
});

std::string as_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const Utf8Character c = first_utf8(text);
    out.append(c.valid ? text.substr(0, c.bytes) : std::string_view("\xef\xbf\xbd"));
    text.remove_prefix(c.bytes);
  }
  return out;
}

}  // namespace

std::span<const FamilyRow> metric_families() { return kFamilies; }

MetricFamilies::MetricFamilies() : families_(kFamilies.size()) {
  for (std::size_t i = 0; i < kFamilies.size(); ++i) {
    families_[i].family.name = kFamilies[i].name;
    families_[i].family.help = kFamilies[i].help;
    families_[i].family.type = kFamilies[i].type;
    places_.emplace(kFamilies[i].name, i);
  }
}

MetricFamilies::Family& MetricFamilies::of(std::string_view name) {
  const auto at = places_.find(name);
  if (at == places_.end()) throw std::logic_error("no row of the table of metrics: " + std::string(name));
  return families_[at->second];
}

void MetricFamilies::put(std::string_view name, const Labels& labels, double value) {
  Family& to = of(name);
  prometheus::ClientMetric metric;
  std::string key;
  for (const auto& [label, text] : labels) {
    metric.label.push_back({std::string(label), as_utf8(text)});
    key.append(metric.label.back().value).push_back('\xff');  // in no UTF-8
  }
  if (!to.told.insert(std::move(key)).second) return;
  (to.family.type == kCounter ? metric.counter.value : metric.gauge.value) = value;
  to.family.metric.push_back(std::move(metric));
}

void MetricFamilies::put_histogram(std::string_view name, const std::vector<std::pair<double, std::uint64_t>>& buckets,
                                   std::uint64_t count, double sum) {
  prometheus::ClientMetric metric;
  for (const auto& [bound, below] : buckets) metric.histogram.bucket.push_back({below, bound});
  metric.histogram.bucket.push_back({count, std::numeric_limits<double>::infinity()});
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = sum;
  of(name).family.metric.push_back(std::move(metric));
}

std::string MetricFamilies::text() const {
  std::vector<prometheus::MetricFamily> told;
  for (const Family& family : families_) {
    if (!family.family.metric.empty()) told.push_back(family.family);
  }
  return prometheus::TextSerializer().Serialize(told);
}

}  // namespace vigil::shift
