// One monitor of a run as an SVG file: a statistic of it, with its limit, against lumisections, as the report draws it.
// Used by `vigil report --svg`. Tests: tests/contract/report_svg_test.py.
#pragma once

#include <optional>
#include <string>

#include "alerting/record.h"
#include "shift/documents/quality_lines.h"

namespace vigil::shift {

struct MonitorChoice {
  std::string monitor;                           // input/jet[0].pt, seed/L1_X, …
  std::optional<std::string> statistic, window;  // left out: those of the monitor's first verdict that is in a window
};

// `selection.run` is set. Throws Error where it chooses nothing or more than one stream, and where the run has no such
// verdict, naming what there is. Equal journals give equal bytes.
std::string monitor_svg(alerting::Record& record, const Selection& selection, const MonitorChoice& choice);

}  // namespace vigil::shift
