#include "fpga_model/tensor.h"

#include <algorithm>
#include <bit>

namespace vigil::fpga_model {

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return text + "]";
}

std::size_t element_count(const Shape& shape) {
  std::size_t n = 1;
  for (const std::size_t d : shape) n *= d;
  return n;
}

FixedPoint product_type(const FixedPoint& a, const FixedPoint& b) {
  return {a.width + b.width, a.integer + b.integer, a.is_signed || b.is_signed};
}

FixedPoint aligned_type(const FixedPoint& a, const FixedPoint& b) {
  const int fraction = std::max(a.fraction(), b.fraction());
  const int integer =
      std::max(a.integer + (b.is_signed && !a.is_signed ? 1 : 0), b.integer + (a.is_signed && !b.is_signed ? 1 : 0));
  return {integer + fraction, integer, a.is_signed || b.is_signed};
}

FixedPoint sum_type(const FixedPoint& a, const FixedPoint& b) {
  FixedPoint type = aligned_type(a, b);
  ++type.width;
  ++type.integer;
  return type;
}

FixedPoint difference_type(const FixedPoint& a, const FixedPoint& b) {
  FixedPoint type = sum_type(a, b);
  type.is_signed = true;
  return type;
}

int ceil_log2(std::size_t n) { return n <= 1 ? 0 : static_cast<int>(std::bit_width(n - 1)); }

Wide divide_by_power(Wide value, int shift) {
  if (shift >= 127) return 0;
  return value / (Wide{1} << shift);
}

int compare_values(std::int64_t a, int a_fraction, std::int64_t b, int b_fraction) {
  const int shift = b_fraction - a_fraction;  // a is shifted left by it
  if (shift < 0) return -compare_values(b, b_fraction, a, a_fraction);
  if (shift >= 64 && a != 0) return a < 0 ? -1 : 1;  // beyond any 64-bit b
  const Wide left = shift >= 64 ? Wide{0} : Wide{a} * (Wide{1} << shift);
  return left < b ? -1 : left > b ? 1 : 0;
}

Wide lowest_word_above(std::int64_t limit, int limit_fraction, int x_fraction, bool or_equal) {
  constexpr Wide kBound = Wide{1} << 100;
  const int left = x_fraction - limit_fraction;  // limit in units of x is limit * 2^left
  if (left >= 0) {
    if (limit == 0) return or_equal ? 0 : 1;
    if (left >= 64) return limit < 0 ? -kBound : kBound;
    const Wide scaled = Wide{limit} * (Wide{1} << left);
    return std::clamp<Wide>(or_equal ? scaled : scaled + 1, -kBound, kBound);
  }
  const int right = std::min(-left, 126);  // beyond that the quotient is -1 or 0 all the same
  const Wide floor = Wide{limit} >> right;
  const bool exact = floor * (Wide{1} << right) == limit && (limit == 0 || -left <= 126);
  return or_equal && exact ? floor : floor + 1;
}

}  // namespace vigil::fpga_model
