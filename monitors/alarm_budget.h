// The one place that turns the false-alarm budget into limits of certainty: the p-values a reading of a window must
// reach, and the log e-values at which a sequential rule warns and alarms. Used by StreamMonitor. Why they hold:
// docs/detection.md. Pure.
// Tests: tests/monitors/alarm_budget_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/verdict.h"
#include "monitors/rule.h"
#include "monitors/settings.h"

namespace vigil::monitors {

enum class Family : std::uint8_t { inputs, outputs, rates, mismatch, multivariate };
inline constexpr std::size_t kFamilies = 5;
Family family_of(Target target);

// What one rule of a family may do while data follow the reference.
struct RuleLimits {
  double page = 0;             // probability that one window turns it bad
  double warn = 1;             // p-value at or below which a reading is medium: no m-of-n
  double sequential_page = 0;  // ln e-value at which the sequential rule alarms: ln of its mean run length [LS]
  double sequential_warn = 0;
  double reference_risk = 0;  // probability that its reference misleads it beyond what it allows for
};

// How many there are of a family.
struct FamilyCounts {
  std::size_t rules = 0;       // judged in every window
  std::size_t sequential = 0;  // judged at every lumisection
};

std::array<FamilyCounts, kFamilies> count_families(std::span<const Rule> of_windows, std::span<const Rule> sequential);

// A family without rules leaves its share to the others, in proportion. Of a family's share windows have three
// quarters and sequential rules one; all of it where there is one kind alone.
std::array<RuleLimits, kFamilies> alarm_limits(const MonitorSettings& settings,
                                               const std::array<FamilyCounts, kFamilies>& counts);

// P(both of two standard normal variables of correlation rho are above the point that one is above with probability p).
// p in (0, 1), rho in [0, 1].
double both_above(double p, double rho);

// The same of two chi-squared variables, sums of squares of `degrees` pairs of normal variables of that correlation.
double both_above(double p, double rho, double degrees);

// The p-value at which readings may be called bad so that m bad ones of the last n come true, with the newest among
// them, in at most `onset` of the windows. `correlations` [n - 1]: of a reading with the one before it, with that
// before, …; `degrees` of freedom of a chi-squared, else 1: one normal variable bounds every other statistic here
// (docs/detection.md). From min(onset, most) to `most`. Solved once for equal arguments (correlations rounded up,
// degrees down) and kept; safe from any thread.
double reading_limit(double onset, double most, std::uint32_t m, std::span<const double> correlations, double degrees);

// What readings of one window name have in common with those k windows before, k = 1 … n - 1, for windows of `events`
// events that share `window_ls` and `hop_ls`, and all of them a reference of `reference_events`.
std::vector<double> overlap_correlations(const WindowSettings& window, std::uint32_t n, double events,
                                         double reference_events);

}  // namespace vigil::monitors
