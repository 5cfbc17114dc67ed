// The desk's part about alarms, on the board of the same journal. Used by what opens a desk.
// Tests: tests/contract/alarms_test.py.
#pragma once

#include <memory>
#include <string>

#include "alerting/desk_actions.h"
#include "alerting/journal.h"

namespace vigil::app {

// Of the program that writes `journal`, which must outlive it; of a file beside it. The second throws Error for what is
// no journal.
std::shared_ptr<alerting::AlarmDesk> alarm_desk(alerting::Journal& journal);
std::shared_ptr<alerting::AlarmDesk> alarm_desk(const std::string& file);

}  // namespace vigil::app
