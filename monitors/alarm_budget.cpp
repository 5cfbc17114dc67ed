#include "monitors/alarm_budget.h"

#include <algorithm>
#include <cmath>

#include "core/lhc.h"

namespace vigil::monitors {
namespace {

constexpr double kLumisectionsPerDay = 86400 / lhc::kLumisectionSeconds;
constexpr double kLeastThreshold = 13.815510557964274;  // ln 1e6: a generous budget makes no rule jumpier than that

}  // namespace

AlarmLimits alarm_limits(const MonitorSettings& settings, std::size_t rules, std::size_t sequential_rules) {
  double tests = 0;  // a day
  for (const WindowSettings& w : settings.windows) {
    tests += kLumisectionsPerDay / w.hop_ls * static_cast<double>(rules);
  }
  AlarmLimits limits;
  limits.significance = std::min(settings.false_alarms_per_day / std::max(tests, 1.0), 0.01);
  // An e-detector's mean run length is at least e^threshold steps, whatever the dependence.
  const double steps = kLumisectionsPerDay * static_cast<double>(std::max<std::size_t>(sequential_rules, 1));
  limits.log_threshold = std::max(std::log(steps / settings.false_alarms_per_day), kLeastThreshold);
  return limits;
}

}  // namespace vigil::monitors
