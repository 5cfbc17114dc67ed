#include "shift/report/monitor_svg.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/plain_text.h"
#include "core/shown.h"
#include "shift/documents/certification.h"
#include "shift/documents/json_values.h"
#include "shift/report/report_scan.h"
#include "shift/report/svg_trend.h"

namespace vigil::shift {
namespace {

using alerting::RecordedRun;
using alerting::RecordFilter;
using alerting::RecordRow;
using alerting::RecordTable;

constexpr std::size_t kNamed = 12;  // of what there is, in an error

RecordFilter of_run(const RecordedRun& run) {
  RecordFilter filter;
  filter.model = run.model;
  filter.stream = run.stream;
  filter.run = run.run;
  return filter;
}

RecordedRun one_run(alerting::Record& record, const Selection& selection) {
  auto runs = selected_runs(record, selection);
  if (runs.size() == 1) return std::move(runs.front());
  std::string named;
  for (const RecordedRun& run : runs) named += (named.empty() ? "" : ", ") + shown(run.model) + " " + shown(run.stream);
  throw Error("--svg", std::to_string(runs.size()) + " streams", "--model and --stream choose one of " + named);
}

// Throws: there is no such verdict. Names the first of what there is instead.
void refuse(alerting::Record& record, const RecordedRun& run, const MonitorChoice& choice) {
  std::set<std::string> monitors, inputs, others;
  for (const RecordRow& row : record.newest_verdicts(run.model, run.stream, run.run)) {
    (row.monitor.starts_with("input/") ? inputs : monitors).insert(row.monitor);
    if (row.monitor == choice.monitor) others.insert(row.statistic + " of window " + row.window);
  }
  const bool is_known = !others.empty();
  std::vector<std::string> there(is_known ? others.begin() : monitors.begin(),
                                 is_known ? others.end() : monitors.end());
  if (!is_known) there.insert(there.end(), inputs.begin(), inputs.end());  // the many last
  std::string named;
  for (std::size_t i = 0; i < std::min(there.size(), kNamed); ++i) named += (i == 0 ? "" : ", ") + shown(there[i]);
  if (there.size() > kNamed) named += " and " + std::to_string(there.size() - kNamed) + " more";
  if (named.empty()) named = "a run with verdicts: run " + std::to_string(run.run) + " has none";
  std::string found = "no verdict of '" + shown(choice.monitor) + "'";
  if (is_known && choice.statistic) found += " by " + shown(*choice.statistic);
  if (is_known && choice.window) found += " of window " + shown(*choice.window);
  throw Error("--svg", found, named);
}

// Alone in a file there is no page with a style, and none that says what is drawn.
std::string as_file(std::string svg) {
  const std::string_view begin = "<svg ", title = "</title>\n";
  svg.insert(svg.find(title) + title.size(),
             "<style>svg{font:11px system-ui,\"Segoe UI\",Roboto,Arial,sans-serif;fill:#17202c}"
             ".tick,.mark{font-size:10px}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  svg.insert(begin.size(), "width=\"720\" height=\"186\" ");
  return svg;
}

}  // namespace

std::string monitor_svg(alerting::Record& record, const Selection& selection, const MonitorChoice& choice) {
  const RecordedRun run = one_run(record, selection);
  RecordFilter filter = of_run(run);
  filter.monitor = choice.monitor;
  filter.statistic = choice.statistic;
  filter.window = choice.window;
  Trend trend;
  std::optional<std::string> statistic = choice.statistic, window = choice.window;
  const auto take = [&](const RecordRow& row) {
    // A name with a star chose more than itself.
    if (row.monitor != choice.monitor || (!window && row.window == kSequentialWindow)) return;
    if (!statistic) statistic = row.statistic;
    if (!window) window = row.window;
    if (row.statistic != *statistic || row.window != *window) return;
    const auto line = parsed_object(row.line);
    trend.points.push_back({row.last_ls, row.quality, number_at(line, "value"), number_at(line, "limit")});
  };
  for_each_row(record, RecordTable::verdicts, filter, take);
  if (trend.points.empty()) refuse(record, run, choice);
  std::stable_sort(trend.points.begin(), trend.points.end(),
                   [](const TrendPoint& a, const TrendPoint& b) { return a.ls < b.ls; });
  trend.first_ls = run.first_ls;
  trend.last_ls = run.last_ls;
  trend.title = plain(choice.monitor, 100) + ", " + plain(*statistic, 40) + ", window " + plain(*window, 60) +
                ", run " + std::to_string(run.run);
  trend.y_name = plain(*statistic, 24);
  for (const alerting::Mark& mark : record.marks(run.model, run.stream, run.run)) {
    if (mark.ls > run.first_ls) trend.marks.push_back({mark.ls, mark_label(mark)});
  }
  std::stable_sort(trend.marks.begin(), trend.marks.end(), [](const auto& a, const auto& b) { return a.ls < b.ls; });
  trend.gaps = scan_run(record, run).gaps;
  return as_file(svg_trend(trend));
}

}  // namespace vigil::shift
