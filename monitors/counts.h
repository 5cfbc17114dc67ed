// Two distributions over the same ordered values as exact counts, and the distances between them.
// Used by the statistics of summaries and of plain samples. Pure functions; sums run in the order of the values.
// Tests: tests/monitors/statistics_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

struct Cell {
  double value = 0;
  std::uint64_t window = 0;
  std::uint64_t reference = 0;
};

// Cells in ascending order of value, none empty in both.
struct Cells {
  std::vector<Cell> cells;
  std::uint64_t window = 0;  // totals
  std::uint64_t reference = 0;
  void add(double value, std::uint64_t in_window, std::uint64_t in_reference);
};

// Cells at the middles of the bins, or at the words themselves, in units of the type's value.
Cells cells_of_bins(const Histogram& window, const Histogram& reference, const FixedPoint& type);
Cells cells_of_words(const WordCounts& window, const WordCounts& reference, const FixedPoint& type);

// All of the following need at least one event on each side.

// max |F - G| as an exact fraction: numerator / lcm(window, reference).
struct KsDistance {
  double d = 0;
  std::uint64_t numerator = 0;  // saturates; exact for totals below 2^32
};
KsDistance ks_distance(const Cells& cells);

// chi-squared of the 2 x k table, k - 1 degrees.
struct ChiSquared {
  double value = 0;
  double degrees = 0;
};
ChiSquared chi_squared(const Cells& cells);

// Neighbours joined until every cell expects at least `least` events on both sides if both sides were alike.
Cells pooled(const Cells& cells, double least = 5);

double stability_index(const Cells& cells);  // sum (p - q) ln(p / q); an empty cell counts half an event
double jensen_shannon(const Cells& cells);   // bits
double wasserstein_1(const Cells& cells);    // in units of the values
double triangular(const Cells& cells);       // 1/2 sum (p - q)^2 / (p + q), 0 to 1

}  // namespace vigil::monitors
