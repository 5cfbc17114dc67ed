// What the statistics of distributions share: the cells of a subject, and why there may be none. Used by the files of
// this folder.
// Tests: tests/monitors/statistics_test.cpp.
#pragma once

#include "monitors/counts.h"
#include "monitors/statistics.h"
#include "monitors/subject.h"

namespace vigil::monitors {

// `f(cells)` where the subject is an input or an output and both sides hold events, else no value with the reason.
// `ordered`: word by word where both keep the words, else by bins.
template <class F>
Reading of_shape(const Summary& window, const Summary& reference, const Subject& subject, bool ordered, F f) {
  if (subject.target != Target::output && subject.target != Target::input) {
    return {{}, {}, "defined for inputs and outputs only"};
  }
  const Cells cells = shape(window, reference, subject, ordered);
  if (cells.window == 0) return {{}, {}, "no events in the window"};
  if (cells.reference == 0) return {{}, {}, "no events in the reference"};
  return f(cells);
}

// Size of a divergence that is, to second order, a sum of (p - q)^2 / r: `scale` times it is about chi-squared with
// k - 1 degrees where nothing moved, which gives its noise and critical value. Significance itself is chi2's, whose
// tail is lighter. `pooled_cells` are pooled.
Measured measure_divergence(const Cells& pooled_cells, double value, double scale, const Limits& limits,
                            const char* symbol);

}  // namespace vigil::monitors
