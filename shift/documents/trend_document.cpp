#include "shift/documents/trend_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/shown.h"
#include "shift/documents/certification.h"
#include "shift/documents/json_values.h"
#include "shift/documents/run_documents.h"
#include "shift/documents/selectors.h"

namespace vigil::shift {
namespace {

using alerting::RecordFilter;
using alerting::RecordRow;
using alerting::RecordTable;
using nlohmann::ordered_json;

// A name that the filter takes as a pattern: `*` in it chooses more, which is passed over here.
RecordFilter verdicts_of(const alerting::RecordedStream& stream, const std::string& monitor) {
  RecordFilter out;
  out.model = stream.model;
  out.stream = stream.stream;
  out.monitor = monitor;
  out.oldest_first = true;
  return out;
}

// The statistics of a monitor in a window, each once, in the order in which they were first judged.
std::vector<std::string> statistics_of(alerting::Record& record, RecordFilter filter, const std::string& monitor) {
  std::vector<std::string> out;
  filter.limit = 200;  // the first window has them all
  for (const RecordRow& row : record.rows(RecordTable::verdicts, filter)) {
    if (row.monitor == monitor && std::find(out.begin(), out.end(), row.statistic) == out.end()) {
      out.push_back(row.statistic);
    }
  }
  return out;
}

bool is_monitor_of(alerting::Record& record, const alerting::RecordedStream& stream, const std::string& monitor) {
  const auto model = record.model(stream.model_hash);
  if (model && std::find(model->monitors.begin(), model->monitors.end(), monitor) != model->monitors.end()) return true;
  return !statistics_of(record, verdicts_of(stream, monitor), monitor).empty();
}

std::string unit_of(alerting::Record& record, const alerting::RecordedStream& stream, const std::string& monitor,
                    const std::string& statistic) {
  if (statistic == "rate" && monitor.starts_with("seed/")) return "Hz";
  if (statistic != "wasserstein" || !monitor.starts_with("input/")) return "";
  const auto model = record.model(stream.model_hash);
  if (!model) return "";
  for (const InputColumn& input : model->info.inputs) {
    if (input.name == monitor.substr(6)) return input.unit;
  }
  return "";
}

}  // namespace

std::vector<Parameter> trend_parameters() {
  std::vector<Parameter> out = selector_parameters();
  out.push_back(any_parameter("monitor", "a monitor"));
  out.push_back(any_parameter("statistic", "a statistic"));
  for (Parameter& range : filter_parameters()) {
    if (range.name == "first_ls" || range.name == "last_ls") out.push_back(std::move(range));
  }
  return out;
}

ordered_json trend_document(const Outlook& outlook, RunTotals& totals, const Request& request) {
  alerting::Record& record = *outlook.record;
  const std::string monitor = required_parameter(request, "monitor", "the name of a monitor");
  const RecordFilter range = filter_of(request);
  const alerting::RecordedStream stream = selected_stream(outlook, request);
  const std::string window = selected_window_name(outlook, request, stream, true);
  const std::uint32_t run = selected_run(outlook, request, stream);
  if (!is_monitor_of(record, stream, monitor)) {
    not_found("monitor: \"" + shown(monitor) + "\", expected a monitor of " + shown(stream.model));
  }
  RecordFilter filter = verdicts_of(stream, monitor);
  filter.window = window;
  std::string statistic;
  const auto wanted = text_parameter(request, "statistic");
  const auto known = statistics_of(record, filter, monitor);
  if (wanted && !known.empty() && std::find(known.begin(), known.end(), *wanted) == known.end()) {
    std::string names;
    for (const std::string& name : known) names += (names.empty() ? "" : ", ") + shown(name);
    not_found("statistic: \"" + shown(*wanted) + "\", expected one of " + names);
  }
  if (known.empty()) {
    not_found("window: \"" + shown(window) + "\" has no verdict of " + shown(monitor) + (wanted ? "" : " yet"));
  }
  statistic = wanted.value_or(known.front());

  filter.run = run;
  filter.statistic = statistic;
  filter.first_ls = range.first_ls;
  filter.last_ls = range.last_ls;
  ordered_json points = ordered_json::array();
  for_each_row(record, RecordTable::verdicts, filter, [&](const RecordRow& row) {
    if (row.monitor != monitor) return;
    const ordered_json line = parsed_line(row.line);
    ordered_json point = ordered_json::object();
    for (const char* key : {"first_ls", "last_ls", "quality", "value", "p_value", "limit", "reason"}) {
      point[key] = value_at(line, key);
    }
    points.push_back(std::move(point));
  });
  std::stable_sort(points.begin(), points.end(), [](const ordered_json& a, const ordered_json& b) {
    return count_at(a, "last_ls") < count_at(b, "last_ls");
  });

  const std::uint32_t first = range.first_ls.value_or(1), last = range.last_ls.value_or(UINT32_MAX);
  ordered_json marks = ordered_json::array(), gaps = ordered_json::array();
  for (const alerting::Mark& mark : record.marks(stream.model, stream.stream, run)) {
    if (mark.ls >= first && mark.ls <= last) marks.push_back(mark_json(mark));
  }
  for (const auto& [from, to] : totals.of(record, stream.model, stream.stream, run).gaps) {
    if (to >= first && from <= last) gaps.push_back({std::max(from, first), std::min(to, last)});
  }
  return {{"model", stream.model},
          {"stream", stream.stream},
          {"monitor", monitor},
          {"statistic", statistic},
          {"window", window},
          {"run", run},
          {"unit", unit_of(record, stream, monitor, statistic)},
          {"points", std::move(points)},
          {"marks", std::move(marks)},
          {"gaps", std::move(gaps)}};
}

}  // namespace vigil::shift
