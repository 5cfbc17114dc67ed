// What the sequential rules share: what a rule is told of a closed lumisection, and what it says.
// Used by SequentialDrift, SequentialMismatch and StreamMonitor. Values only.
// Tests: tests/monitors/sequential_drift_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/verdict.h"
#include "monitors/rule.h"

namespace vigil::monitors {

// One closed lumisection.
struct ClosedCounts {
  std::uint32_t run = 0;
  std::uint32_t ls = 0;
  const Summary& summary;
  std::string blind;  // why nothing can be said of it; empty when something can
  // Of rules that need a reference:
  std::string not_judged = {};                            // why it is not compared, e.g. coverage; empty when it is
  std::string no_rates = {};                              // why seeds cannot be judged
  std::string no_reference = {};                          // why there is nothing to compare with
  const Summary* reference = nullptr;                     // where there is
  std::uint64_t reference_id = 0;                         // another one, another id
  const std::map<std::string, RateFit>* rates = nullptr;  // its fits against pile-up, where it has some
  // The lumisections since `first_ls` merged, the newest few of them, this one last.
  std::function<const Summary&(std::uint32_t first_ls)> since = {};
};

struct SequentialResult {
  Verdict verdict;      // without model and stream
  bool printed = true;  // its quality changed, it is the first one, or the lumisection number is divisible by 10
};

// ln e-values.
struct SequentialLimits {
  double page = 0;
  double warn = 0;
  double reference_risk = 0;  // probability that a reference misleads the rule
};

// The number of a saved quality. Throws Error naming `where` on any other number.
Quality saved_quality(int value, const std::string& where);

}  // namespace vigil::monitors
