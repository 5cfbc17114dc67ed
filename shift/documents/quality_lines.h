// What `vigil report --quality` and `--golden-json` print: certification as JSON Lines, and as the list of lumisections
// that an analysis takes (docs/report.md). Used by the command.
// Tests: tests/contract/certification_test.py.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "alerting/record.h"

namespace vigil::shift {

// Which runs of which streams; what is left out does not choose.
struct Selection {
  std::optional<std::string> model, stream;
  std::optional<std::uint32_t> run;
};

// One entry a (model, stream, run) that has a line, by run, model and stream, whatever model hashes it had. Throws
// Error naming what there is where nothing is chosen, unless the journal holds nothing at all and no run is asked for.
std::vector<alerting::RecordedRun> selected_runs(alerting::Record& record, const Selection& selection);

// {"type":"quality",…} and a newline for each range.
std::string quality_lines(alerting::Record& record, const Selection& selection);

// {"<run>":[[first,last],…]} and a newline: what is good (or medium, where that is accepted) in every chosen stream. A
// stream without a line in a run knows nothing of it, so nothing of that run is good.
std::string golden_json(alerting::Record& record, const Selection& selection, bool accept_medium);

}  // namespace vigil::shift
