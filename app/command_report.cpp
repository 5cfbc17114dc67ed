// vigil report: what a journal says of a run, as one document: HTML, text for the electronic log, certification.
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "app/command.h"
#include "app/report_output.h"
#include "core/error.h"
#include "monitors/intervals.h"
#include "shift/documents/quality_lines.h"
#include "shift/report/elog.h"
#include "shift/report/monitor_svg.h"
#include "shift/report/report.h"

namespace vigil::app {
namespace {

struct ReportOptions {
  std::string journal, output;
  std::optional<std::string> model, stream, svg, statistic, window;
  std::optional<std::uint32_t> run;
  std::string accept;
  bool quality = false, golden_json = false, elog = false, json = false;
};

void check(const ReportOptions& o) {
  const int kinds = int{o.quality} + int{o.golden_json} + int{o.elog} + int{o.svg.has_value()};
  if (kinds > 1) {
    throw Error("report", "more than one kind of document", "one of --elog, --golden-json, --quality, --svg");
  }
  if (o.json && !o.quality) throw Error("--json", "without --quality", "both, or neither");
  if ((o.statistic || o.window) && !o.svg) {
    throw Error(o.statistic ? "--statistic" : "--window", "without --svg", "both, or neither");
  }
  if (!o.accept.empty() && !o.golden_json) throw Error("--accept", "without --golden-json", "both, or neither");
}

std::string elog(alerting::Record& record, const shift::Selection& selection) {
  std::string out;
  for (const alerting::RecordedRun& run : shift::selected_runs(record, selection)) {
    out += (out.empty() ? "" : "\n") + shift::elog_of_run(record, run);
  }
  return out;
}

std::array<double, 2> interval(std::uint64_t n) {
  const monitors::Interval ends = monitors::garwood(n, 0.05);
  return {ends.low, ends.high};
}

int run_report(const ReportOptions& o) {
  check(o);
  const auto record = alerting::open_record(o.journal);
  const shift::Selection selection{o.model, o.stream, o.run};
  // What there is is named before anything is written.
  const auto runs = shift::selected_runs(*record, selection);
  if (!o.run && !o.quality && !o.golden_json) {
    std::set<std::uint32_t> numbers;
    for (const auto& run : runs) numbers.insert(run.run);
    std::string named;
    for (const std::uint32_t number : numbers) named += (named.empty() ? "" : ", ") + std::to_string(number);
    throw Error("report", "no --run", "one of those " + o.journal + " holds: " + (named.empty() ? "none" : named));
  }
  ReportOutput output(o.output);
  output.write(o.quality       ? shift::quality_lines(*record, selection)
               : o.golden_json ? shift::golden_json(*record, selection, o.accept == "medium")
               : o.elog        ? elog(*record, selection)
               : o.svg         ? shift::monitor_svg(*record, selection, {*o.svg, o.statistic, o.window})
                               : shift::html_report(*record, selection, {VIGIL_VERSION, interval}));
  return 0;
}

}  // namespace

Command report_command() {
  const auto o = std::make_shared<ReportOptions>();
  return {"report",
          "what a journal says of a run, as one document: HTML (the default), text, or certification",
          "vigil report vigil.db --run 9000 -o run9000.html",
          {{"JOURNAL", &o->journal, "journal file", Presence::required},
           {"--run", &o->run, "the run; with --quality and --golden-json all where left out"},
           {"--model", &o->model, "only this model"},
           {"--stream", &o->stream, "only this stream"},
           {"--elog", &o->elog, "text for the electronic log"},
           {"--quality", &o->quality, "quality of each lumisection with its causes, JSON Lines"},
           {"--json", &o->json, "with --quality: JSON Lines, as without it"},
           {"--golden-json", &o->golden_json, "lumisections good in every chosen stream, {\"run\":[[first,last],…]}"},
           {"--svg", &o->svg, "a monitor, like score or input/jet[0].pt: its verdicts by lumisection, as SVG"},
           {"--statistic", &o->statistic, "with --svg: of several; left out, the first"},
           {"--window", &o->window, "with --svg: window name, or sequential; left out, the first window"},
           {"--accept", &o->accept, "with --golden-json: medium counts as good", Presence::optional, {"medium"}},
           {"-o,--output", &o->output, "file to write, whole or not at all; left out or -: standard output"}},
          [o] { return run_report(*o); }};
}

}  // namespace vigil::app
