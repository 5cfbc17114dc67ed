// Bounds of a sum of products, as far as the choice of its kernel needs them. Used by the planner of sums alone.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {

struct Planner::LinearChoice {
  Interval x, w;              // hulls
  Interval product;           // of one term, before any cast
  std::vector<Interval> sum;  // [positions, columns], of the cast terms and the bias, in any order
  Interval sums;              // hull of all partial sums of all of them
  Interval terms;             // hull of all cast terms
  bool inside = false;        // no sum or term leaves the accumulator
  bool wraps = false;         // the accumulator wraps and the sums may leave it
  int width = 64;             // of the accumulator
  std::string note;

  // Whether sums in `lane` are exact, or right in all the bits the accumulator keeps; and why, for people.
  bool holds(Lane lane) const { return sums.within(words_of_lane(lane)) || (wraps && bits_of(lane) >= width); }
  std::string why() const;
};

// An accumulator that drops high bits and does nothing else.
bool is_plain_wrap(const FixedPoint& type);
// The words a type can hold once something was cast to it.
Interval limits(const FixedPoint& type);

}  // namespace vigil::fpga_model
