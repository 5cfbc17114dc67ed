// An action as it leaves: the action line of docs/results.md and the CloudEvent around it (docs/actions_wire.md).
// Used by the judge, the journal and the sinks. Pure; throws nothing.
// Tests: tests/core/result_lines_test.cpp.
#pragma once

#include <string>

#include "core/action.h"

namespace vigil {

// One JSON object without the newline.
std::string action_line(const Action& action);

// CloudEvents 1.0 structured JSON around the action line, at most 64 KiB: evidence beyond that is left out.
std::string cloud_event(const Action& action);

}  // namespace vigil
