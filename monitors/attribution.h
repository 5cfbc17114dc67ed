// Which inputs moved with what is bad: tests of all inputs at once, so that of those named a tenth at most are named by
// chance. Used by StreamMonitor. Pure.
// Tests: tests/monitors/attribution_test.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/summary.h"
#include "core/verdict.h"
#include "monitors/rule.h"

namespace vigil::monitors {

inline constexpr double kFalseDiscoveries = 0.1;  // of the inputs named, expected

// Benjamini, Yekutieli 2001: indices of the p-values accepted, ascending by index; under any dependence.
std::vector<std::size_t> accepted_p_values(std::span<const double> p_values, double q = kFalseDiscoveries);
// e-BH of Wang, Ramdas 2022, of natural logarithms of e-values.
std::vector<std::size_t> accepted_e_values(std::span<const double> log_e_values, double q = kFalseDiscoveries);

// Most moved first; names decide between equals.
void sort_moved(std::vector<MovedInput>& moved);

// The inputs whose correlations with the others changed by more than half of what the largest did; effect = root mean
// square change. Empty where nothing is known of them.
std::vector<MovedInput> moved_correlations(const Summary& window, const Summary& reference, const ModelInfo& model);

}  // namespace vigil::monitors
