// How long a rule takes to see a change of a given size: half of the time, estimated, without noise. Used by
// `vigil calibrate`. Pure; not fast.
#pragma once

#include <cstdint>
#include <optional>

#include "core/verdict.h"
#include "monitors/alarm_budget.h"
#include "monitors/rule.h"
#include "monitors/sequential.h"

namespace vigil::monitors {

// What a lumisection usually holds.
struct TypicalLumisection {
  double events = 0;     // of the loaded model
  double crossings = 0;  // inspected
};

class TimeToDetect {
 public:
  // Of rules against `reference`, of any pile-up: its strata do not count.
  TimeToDetect(const Summary& reference, const TypicalLumisection& typical);

  // Lumisections from the onset until the rule is at `level`, medium or bad, for a change that measures `size` in a
  // full window: a shape that moves in ranks, a rate that becomes higher. None: such a change is never that. The median
  // over where in a hop the change begins. `certain`: the p-value of that level.
  std::optional<double> in_windows(const Rule& rule, const WindowSettings& window, const PValueLimit& certain,
                                   Quality level, double size) const;
  // The same at every lumisection.
  std::optional<double> sequential(const Rule& rule, const SequentialLimits& limits, Quality level, double size) const;

 private:
  Summary changed(const Rule& rule, double amount, double part, double lumisections, double scale) const;
  double size_of(const Rule& rule, double amount, double part, double lumisections, const PValueLimit& certain) const;
  std::optional<double> amount_of(const Rule& rule, double lumisections, const PValueLimit& certain, double size) const;

  Summary reference_;
  TypicalLumisection typical_;
};

}  // namespace vigil::monitors
