// Two distributions over the same ordered values as exact counts. Used by the statistics of summaries. Pure functions.
// Tests: tests/monitors/statistics_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

struct Cell {
  double value = 0;
  std::uint64_t window = 0;
  std::uint64_t reference = 0;
  double square = 0;  // of a weighted reference: variance of its weight, of which there is 1 in all
};

// Cells in ascending order of value, none empty in both.
struct Cells {
  std::vector<Cell> cells;
  std::uint64_t window = 0;  // totals
  std::uint64_t reference = 0;
  double squares = 0;  // 0: the reference is not weighted
  void add(double value, std::uint64_t in_window, std::uint64_t in_reference);

  // Where the reference is weighted its counts are parts of kWeightUnit: fractions, exact to one part in it.
  static constexpr std::uint64_t kWeightUnit = std::uint64_t{1} << 40;
  bool is_weighted() const { return squares > 0; }
  // Events of the reference; of a weighted one those that would scatter as much: 1 / squares.
  double reference_events() const { return is_weighted() ? 1 / squares : static_cast<double>(reference); }
};

// The weighted sum of several distributions over the same ordered values: what each holds in a cell, times its weight.
class WeightedCounts {
 public:
  // Values in any order; equal ones are added up. `expected`: of the reference's events, by the best knowledge there is
  // of where both come from: the scatter is that of so many.
  void add(double value, std::uint64_t in_window, std::uint64_t in_reference, double weight, double expected);
  // Weights of all reference events together make 1.
  Cells cells() const;

 private:
  struct Sums {
    std::uint64_t window = 0;
    double weight = 0, square = 0;
  };
  std::map<double, Sums> sums_;
};

// A weighted reference as a sample of reference_events() events, rounded to whole ones: for statistics that know counts
// alone. Others come back as they are.
Cells as_counts(const Cells& cells);

// Middle of a bin in raw words.
double bin_middle(std::int32_t bin);

// Cells at the middles of the bins, or at the words themselves, in units of the type's value.
Cells cells_of_bins(const Histogram& window, const Histogram& reference, const FixedPoint& type);
Cells cells_of_words(const WordCounts& window, const WordCounts& reference, const FixedPoint& type);

// Neighbours joined until every cell expects at least `least` events on both sides if both sides were alike. Both hold
// events.
Cells pooled(const Cells& cells, double least = 5);

}  // namespace vigil::monitors
