#include "shift/documents/run_documents.h"

#include <algorithm>

#include "core/utc_time.h"
#include "shift/documents/certification.h"
#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

using alerting::RecordedRun;
using nlohmann::ordered_json;

ordered_json text_or_null(const std::optional<std::string>& text) {
  return text ? ordered_json(*text) : ordered_json();
}

}  // namespace

ordered_json mark_json(const alerting::Mark& mark) {
  return {{"ls", mark.ls}, {"kind", mark.kind}, {"from", text_or_null(mark.from)}, {"to", text_or_null(mark.to)}};
}

ordered_json RunDocuments::quality_json(const RecordedRun& run, bool is_over) {
  const std::tuple key{run.model, run.stream, run.run};
  if (is_over) {
    const std::lock_guard lock(mutex_);
    if (const auto at = over_.find(key); at != over_.end()) return at->second;
  }
  // Which monitors were to blame is for the report; here the windows are enough.
  Certification certification;
  alerting::RecordFilter windows;
  windows.model = run.model;
  windows.stream = run.stream;
  windows.run = run.run;
  for_each_row(*outlook_.record, alerting::RecordTable::windows, windows,
               [&](const alerting::RecordRow& row) { certification.add_window(row); });
  ordered_json counts = {{"good", 0u}, {"medium", 0u}, {"bad", 0u}, {"unknown", 0u}}, ranges = ordered_json::array();
  for (const QualityRange& range : certification.ranges(run.last_ls)) {
    const std::string quality(to_string(range.quality));
    counts[quality] = counts[quality].get<std::uint32_t>() + (range.last_ls - range.first_ls + 1);
    ranges.push_back({range.first_ls, range.last_ls, quality});
  }
  ordered_json out = {{"quality", std::move(counts)}, {"ranges", std::move(ranges)}};
  if (is_over) {
    const std::lock_guard lock(mutex_);
    if (over_.size() >= kRuns) over_.clear();
    over_[key] = out;
  }
  return out;
}

ordered_json RunDocuments::run_json(const RecordedRun& run, const ordered_json& facts, bool is_over) {
  alerting::Record& record = *outlook_.record;
  const RunSums sums = totals_.of(record, run.model, run.stream, run.run);
  ordered_json quality = quality_json(run, is_over);
  ordered_json marks = ordered_json::array();
  for (const alerting::Mark& mark : record.marks(run.model, run.stream, run.run)) marks.push_back(mark_json(mark));
  const ordered_json& known = object_at(object_at(facts, "runs"), std::to_string(run.run).c_str());
  const ordered_json start = value_at(known, "run_start_ns");
  return {{"run", run.run},
          {"model", run.model},
          {"stream", run.stream},
          {"first_ls", run.first_ls},
          {"last_ls", run.last_ls},
          {"fill", value_at(known, "fill")},
          {"start", start.is_number_integer() ? ordered_json(rfc3339(start.get<std::int64_t>())) : ordered_json()},
          {"events", sums.events},
          {"lumisections", run.lumisections},
          {"quality", std::move(quality["quality"])},
          {"ranges", std::move(quality["ranges"])},
          {"actions", record.actions_of_run(run.model, run.stream, run.run)},
          {"marks", std::move(marks)}};
}

ordered_json RunDocuments::runs(const alerting::RecordFilter& filter) {
  std::map<std::pair<std::string, std::string>, std::pair<std::uint32_t, ordered_json>> newest;
  for (const alerting::RecordedStream& stream : outlook_.record->streams()) {
    newest[{stream.model, stream.stream}] = {stream.run, parsed_line(stream.facts)};
  }
  // All lumisections of a run, whichever of them are asked for.
  alerting::RecordFilter whole = filter;
  whole.first_ls = whole.last_ls = {};
  whole.limit = kRuns;
  ordered_json runs = ordered_json::array();
  for (const RecordedRun& run : outlook_.record->runs(whole)) {
    if (run.last_ls < filter.first_ls.value_or(0) || run.first_ls > filter.last_ls.value_or(UINT32_MAX)) continue;
    const auto& [newest_run, facts] = newest[{run.model, run.stream}];
    // What a run still lacks, the windows that its end cuts, comes with the first lumisection of the next.
    runs.push_back(run_json(run, facts, newest_run != run.run));
  }
  return {{"runs", std::move(runs)}};
}

}  // namespace vigil::shift
