// How an input column that drifted changed: dead, hot, rescaled or shifted, and in words a shifter understands.
// Used by the shape rule for inputs that are medium or bad. Pure.
// Tests: tests/monitors/rule_test.cpp.
#pragma once

#include <string>

#include "core/histogram.h"
#include "core/verdict.h"

namespace vigil::monitors {

struct ClassifiedInput {
  InputChange change;
  std::string words;  // "dead: 100% of words are 0, reference 12%"
};

// Both hold at least one event and have the bins of `type`.
//   dead      nearly all words 0, in the reference clearly fewer
//   hot       nearly all words in one bin that is not 0; or many more at an end of the type; or many more that are not
//   0 rescaled  the quantiles of the magnitudes of words that are not 0 all moved by one factor shifted   anything else
ClassifiedInput classify_input(const Histogram& window, const Histogram& reference, const FixedPoint& type);

}  // namespace vigil::monitors
