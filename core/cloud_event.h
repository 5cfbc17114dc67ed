// An action as it leaves: the action line of docs/results.md and the CloudEvent around it (docs/actions_wire.md).
// Used by the judge, the journal and the sinks. Pure; throws nothing.
// Tests: tests/core/result_lines_test.cpp, tests/core/status_event_test.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "core/action.h"

namespace vigil {

// One JSON object without the newline.
std::string action_line(const Action& action);

// CloudEvents 1.0 structured JSON around the action line, at most 64 KiB: evidence beyond that is left out.
std::string cloud_event(const Action& action);

// One change of an action's state, as its audit row tells it.
struct StateChange {
  std::string action;  // id
  ActionKind kind = ActionKind::notify;
  std::int64_t n = 1;    // 1: the first change
  std::string from, to;  // states
  std::int64_t at_ns = 0;
  std::string actor, reason;
  std::string run, url;  // of what runs downstream; empty where unknown
  std::string audit;     // hash of the row
};

// The event of a change: its id, `data` as a line, and the CloudEvent, at most 64 KiB, a long reason cut. `proposed`:
// the CloudEvent of the action, whose source, subject and correlationid it has.
OutgoingAction status_event(const std::string& proposed, const StateChange& change);

}  // namespace vigil
