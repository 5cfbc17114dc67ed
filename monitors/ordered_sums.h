// What the statistics of ordered values need of two samples, in one pass over their distinct values. Everything is
// summed in exact integers or in the order of the values.
// Tests: tests/monitors/naive_test.cpp.
#pragma once

#include <cstdint>

#include "monitors/counts.h"
#include "monitors/sorted_sample.h"

namespace vigil::monitors {

// With F and G the cumulative fractions of reference and sample after a whole cell, N and M events, L = N + M.
// areas are infinite where they exceed the largest double, and NaN where a value is infinite.
struct OrderedSums {
  double supremum = 0;          // max |F - G|
  std::uint64_t numerator = 0;  // the same times lcm(N, M): exact for totals below 2^32, saturates
  double mean_square = 0;       // NM/L^2 sum t (F - G)^2
  double weighted_square = 0;   // Anderson-Darling's, with midranks; 0 for one cell
  double above = 0;             // pairs with the sample above the reference, an equal pair counting half; exact
  double above_deviation = 0;   // its standard deviation where both are alike, corrected for ties
  double area = 0;              // integral of |F - G|, in units of the values
  double root_area = 0;         // root of the integral of (F - G)^2
};

// Both hold events. Thread-safe.
OrderedSums ordered_sums(const Cells& cells);
// Of one kind, integer or real; both hold events.
OrderedSums ordered_sums(const SortedSample& reference, const SortedSample& sample);

// The areas from integrals over distances in units of 2^exponent.
void set_areas(OrderedSums& sums, double area, double square_area, int exponent);

}  // namespace vigil::monitors
