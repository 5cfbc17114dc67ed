// Sums of products of words, exact: whole numbers in double while they stay below 2^53, moved to 128-bit integers
// before. A row holds, beside an event's words, a 1 and the digits of its squared norm, so that one kernel yields every
// sum of CrossMoments. Used by CrossFill and OpenProducts. Not synchronised. Tests: tests/monitors/cross_fill_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/fixed_point.h"
#include "core/summary.h"

namespace vigil::monitors {

// How the columns of one model lie in a row: the words, 1, the digits of the norm, zeros up to a whole block.
struct ProductLayout {
  ProductLayout() = default;
  explicit ProductLayout(const std::vector<FixedPoint>& types);

  std::size_t columns = 0;
  bool is_narrow = false;     // else words are too wide for double, and rows are of 64-bit words
  std::size_t width = 0;      // of a row of doubles
  std::size_t stride = 0;     // from one row to the next
  int digit_bits = 0;         // a digit of the norm is below 2^digit_bits, as the words are in magnitude
  std::size_t digits = 0;     // lowest first
  std::size_t most_rows = 0;  // whose sums stay below 2^53
};

// Sums of so many rows of one narrow layout.
class ProductSums {
 public:
  // What would not fit is first moved to `full`.
  void add_rows(const ProductLayout& layout, const double* rows, std::size_t n, CrossMoments& full);
  void add(const ProductLayout& layout, const ProductSums& more, CrossMoments& full);
  // Moves everything to `full`, laid out here where it is empty.
  void move_to(const ProductLayout& layout, CrossMoments& full);
  void clear() { rows_ = 0; }
  std::size_t rows() const { return rows_; }

 private:
  void reset(const ProductLayout& layout);  // where it holds nothing

  std::size_t rows_ = 0;
  std::vector<double> sums_;
};

// One event of words of any width.
void add_event(const std::int64_t* words, CrossMoments& moments);

}  // namespace vigil::monitors
