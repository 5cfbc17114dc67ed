// A window, or a whole run, as text to paste into the electronic log (docs/report.md). Used by /v1/elog and `vigil
// report --elog`. Names and reasons of others come out plain: no markup, no control character.
// Tests: tests/contract/report_test.py, tests/contract/elog_test.py.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "alerting/record.h"

namespace vigil::shift {

inline constexpr std::size_t kElogBytes = 4096;  // of /v1/elog

// Of a window; with `monitor` its lines alone, also where they are good. At most `most` bytes, ending with `permalink`
// (left out where it is empty): what does not fit is counted.
std::string elog_of_window(alerting::Record& record, const alerting::RecordedWindow& window,
                           const std::optional<std::string>& monitor, const std::string& permalink,
                           std::size_t most = kElogBytes);

// Of one stream's whole run.
std::string elog_of_run(alerting::Record& record, const alerting::RecordedRun& run);

}  // namespace vigil::shift
