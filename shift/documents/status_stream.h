// One stream of the status document (docs/api.md). Used by status_document.cpp.
// Tests: tests/shift/status_document_test.cpp.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "shift/documents/families.h"
#include "shift/documents/live_table.h"
#include "shift/documents/outlook.h"
#include "shift/documents/run_totals.h"

namespace vigil::shift {

struct StreamStatus {
  State state = State::unknown;
  std::string reason;
  std::string origin;
  std::optional<double> lag_s;
  nlohmann::ordered_json document;
};

StreamStatus stream_status(const Outlook& outlook, RunTotals& totals, const alerting::RecordedStream& stream,
                           const LiveTable& live, const Shelves& shelves, std::int64_t now_ns);

}  // namespace vigil::shift
