// A run as one HTML file: inline SVG, no script, no request, printable on A4, the same bytes for the same journal
// (docs/report.md). Made from a Record alone. Used by `vigil report`. Tests: tests/contract/report_test.py.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "alerting/record.h"
#include "shift/documents/quality_lines.h"

namespace vigil::shift {

struct ReportSettings {
  std::string version;  // of vigil
  // 95% interval of a Poisson mean of which `n` were counted.
  std::function<std::array<double, 2>(std::uint64_t n)> interval;
};

// `selection.run` is set. Throws Error where it chooses nothing, naming what there is.
std::string html_report(alerting::Record& record, const Selection& selection, const ReportSettings& settings);

}  // namespace vigil::shift
