// The one place that turns the false-alarm budget into limits of certainty: the p-value every bad reading of a window
// must reach, and the log e-value at which a sequential rule alarms. Used by StreamMonitor. Pure.
// Tests: tests/monitors/false_alarms_test.cpp.
#pragma once

#include <cstddef>

#include "monitors/settings.h"

namespace vigil::monitors {

struct AlarmLimits {
  double significance = 1;   // of one rule in one window: the budget over all tests of a day
  double log_threshold = 0;  // of one sequential rule: ln of its mean run length in lumisections while nothing changes
};

// `rules` are judged in every window, `sequential_rules` at every lumisection.
AlarmLimits alarm_limits(const MonitorSettings& settings, std::size_t rules, std::size_t sequential_rules);

}  // namespace vigil::monitors
