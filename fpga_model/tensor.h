// Shapes, typed tensors and constants of the integer graph, and the result types of exact arithmetic.
// Used by the readers and the operations. Rules: docs/network_json.md, sections 1 and 3.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/fixed_point.h"

namespace vigil::fpga_model {

using Shape = std::vector<std::size_t>;

inline constexpr std::size_t kMaxWords = std::size_t{1} << 24;  // of one tensor or constant

std::string to_string(const Shape& shape);  // "[57,28]"

// Number of elements; undefined beyond 2^64 (readers check dimension by dimension).
std::size_t element_count(const Shape& shape);

struct TensorInfo {
  std::string name;
  Shape shape;
  FixedPoint type;
  std::size_t words = 0;
};

// Row-major raw words of one type, the same for every event.
struct Constant {
  FixedPoint type;
  Shape shape;
  std::vector<std::int64_t> raw;
};

// Types that hold every exact result. Widths may exceed 64: the readers refuse those.
FixedPoint product_type(const FixedPoint& a, const FixedPoint& b);
FixedPoint aligned_type(const FixedPoint& a, const FixedPoint& b);     // holds both operands
FixedPoint sum_type(const FixedPoint& a, const FixedPoint& b);         // a + b
FixedPoint difference_type(const FixedPoint& a, const FixedPoint& b);  // a - b: always signed

int ceil_log2(std::size_t n);  // n >= 1

// Integer division toward zero by 2^shift, shift >= 0.
Wide divide_by_power(Wide value, int shift);

// -1, 0 or 1 as a*2^-a_fraction is below, equal to or above b*2^-b_fraction. Exact for every pair.
int compare_values(std::int64_t a, int a_fraction, std::int64_t b, int b_fraction);

// The smallest integer X with X*2^-x_fraction > limit*2^-limit_fraction (>= with `or_equal`), kept within +-2^100:
// comparing any 64-bit word with it decides the comparison exactly.
Wide lowest_word_above(std::int64_t limit, int limit_fraction, int x_fraction, bool or_equal);

}  // namespace vigil::fpga_model
