// What the statistics of distributions share: the cells of a subject, and why there may be none; what makes a change
// certain. Used by the files of this folder.
// Tests: tests/monitors/statistics_test.cpp.
#pragma once

#include <string>
#include <utility>

#include "monitors/cell_table.h"
#include "monitors/counts.h"
#include "monitors/limit_tails.h"
#include "monitors/ordered_sums.h"
#include "monitors/sample_pair.h"
#include "monitors/statistics.h"
#include "monitors/strata.h"
#include "monitors/subject.h"

namespace vigil::monitors {

// `f(cells)` where the subject is an input or an output and both sides hold events, else no value with the reason.
// `ordered`: word by word where both keep the words, else by bins.
template <class F>
Reading of_shape(const Summary& window, const Summary& reference, const Subject& subject, bool ordered, F f) {
  if (subject.target != Target::output && subject.target != Target::input) {
    return {{}, {}, "defined for inputs and outputs only"};
  }
  if (std::string reason = why_no_strata(window, reference); !reason.empty()) return {{}, {}, std::move(reason)};
  const Cells cells = shape(window, reference, subject, ordered);
  if (cells.window == 0) return {{}, {}, "no events in the window"};
  if (cells.reference == 0) return {{}, {}, "no events in the reference"};
  return f(cells);
}

inline SampleReading with_tail(double value, Tail tail) { return {value, tail.p, tail.log_p}; }
inline SampleReading no_value(std::string_view reason) { return {{}, {}, {}, reason}; }
inline SampleReading without_weights() { return no_value("not defined for weighted samples"); }
// An integral over the values; none where a value is infinite, or the integral itself.
SampleReading area_reading(const SamplePair& pair, double area);

// The p-value that two samples of counts differ, by the less certain of chi-squared and likelihood ratio: with few
// events a cell (pooled to 5) one cell far above its expectation makes the first too large, one far below it the
// second; where both say so at 1e-5 it happens as often as they say.
double certainty_of_cells(const CellTable& table);

// Cells without order are certain to differ when these two say so.
// Size of a `value` that grows with chi-squared: `noise` of it is expected where nothing moved, and `unit` times a
// chi-squared is the least that is certain. `table` is of pooled cells.
Measured measure_by_cells(const CellTable& table, double value, double noise, double unit, const Limits& limits,
                          const char* symbol);
// The same for a divergence of which `scale` times the value is about chi-squared with k - 1 degrees.
Measured measure_divergence(const CellTable& table, double value, double scale, const Limits& limits,
                            const char* symbol);
// For a value that grows as the square of a change: the limits squared, and everything but the certainty rooted.
Limits squared(const Limits& limits);
Measured rooted(Measured measured);

// Ordered values are certain to differ when D is: its limit holds, too large rather than too small, whatever the ties,
// which the limits of the other statistics do not.
class OrderedCertainty {
 public:
  OrderedCertainty(const Cells& cells, const OrderedSums& sums);
  double p_value() const { return p_value_; }
  // How many times as large all F - G would have to be to be certain at this p-value; 0 where there is no difference.
  double needed(double p_value) const;

 private:
  double distance_;
  double root_events_;
  double p_value_;
};

// Standard deviation of the reference in units of the word's value, at least one LSB.
double reference_width(const Summary& window, const Summary& reference, const Subject& subject);

}  // namespace vigil::monitors
