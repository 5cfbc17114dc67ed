// One pass over the lumisection lines of a run: losses, agreement, rates, gaps. Used by the report.
// Tests: tests/contract/report_test.py.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "alerting/record.h"
#include "shift/report/run_findings.h"

namespace vigil::shift {

// Hardware against emulator, as counted in the lines: of an output above and below, of a seed hardware and emulator
// only. Never netted.
struct Agreement {
  std::uint64_t compared = 0, mismatches = 0, one = 0, other = 0;  // above/hardware only, below/emulator only
  std::uint64_t hardware = 0, emulator = 0;                        // passes of a seed
};

struct SeedRates {
  // Of the lumisections without events of another model: their crossings are the denominator.
  std::uint64_t passes = 0, n_bx = 0;
  struct Point {
    std::uint32_t ls = 0;
    std::uint64_t passes = 0, n_bx = 0;
  };
  std::vector<Point> points;  // ascending
};

struct RunScan {
  Losses losses;
  std::map<std::string, Agreement> outputs, seeds;
  std::map<std::string, SeedRates> rates;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> gaps;  // no orbit covered, or no line; both ends included
};
RunScan scan_run(alerting::Record& record, const alerting::RecordedRun& run);

// What a drawing says where a condition changed: `menu v6`, `column 2`, `STABLE BEAMS`.
std::string mark_label(const alerting::Mark& mark);

}  // namespace vigil::shift
