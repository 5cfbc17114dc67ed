// What a seed's threshold would have to be to meet a target rate, solved on exact word counts (monitors/rate_curve.h).
// Used by the rate rule. Pure.
// Tests: tests/monitors/rule_test.cpp, tests/monitors/threshold_peers_test.cpp.
#pragma once

#include "core/summary.h"
#include "core/verdict.h"

namespace vigil::monitors {

// Among all thresholds of the word's type the one whose rate [Hz] over the window's crossings is closest to the target;
// of two equally close rates the lower, of thresholds with one rate the closest to the current one; its interval:
// Garwood 95%. Besides, which thresholds are compatible with the target: none of them said where a stream counted more
// events than crossings, of which no interval exists. Needs word counts of the seed's word and n_bx_own > 0.
ThresholdProposal solve_threshold(const Summary& window, const ModelInfo& model, std::size_t seed,
                                  double target_rate_hz);

}  // namespace vigil::monitors
