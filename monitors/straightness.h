// Whether values follow a straight line in time, or rather take a step or bend. Used by lifetime.cpp: a line drawn
// through a step reaches any limit some day. Pure.
// Tests: tests/monitors/lifetime_test.cpp.
#pragma once

#include <span>

namespace vigil::monitors {

// Were the values a line of this slope with normal errors, independent and alike: the probability, at most, that the
// step or the bend between two times, three values or more on each side, which helps the line most helps it as much
// (F test of each with the line fitted anew, Bonferroni over all). What is left over beside the line is cut at three
// standard deviations (1.4826 times the median size) first, so that an outlier is neither. 1 below seven values and
// where nothing is left over beyond 1e-9 of the values. As many times as values, finite.
double line_p_value(std::span<const double> times, std::span<const double> values, double slope);

}  // namespace vigil::monitors
