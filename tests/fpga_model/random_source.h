// Random types, words and shapes for random networks. Used by random_network.cpp and random_operations.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "fpga_model/tensor.h"

namespace vigil::fpga_model {

class RandomSource {
 public:
  explicit RandomSource(std::uint64_t seed) : random_(seed * 0x9e3779b97f4a7c15ull + 1) {}

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  std::size_t between(std::size_t least, std::size_t most) { return least + below(most - least + 1); }
  int between(int least, int most) {
    return least + static_cast<int>(below(static_cast<std::size_t>(most - least + 1)));
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }

  // As deployed models have them: 6 to 18 bits, truncating and wrapping or rounding and saturating.
  FixedPoint usual_type();
  // Anything up to `widest` bits: fractions below zero and beyond the width, all modes, saturation bits.
  FixedPoint odd_type(int widest);
  FixedPoint type(int widest = 40) { return one_in(4) ? odd_type(widest) : usual_type(); }
  FixedPoint weight_type() { return one_in(5) ? odd_type(20) : plain(between(2, 14)); }
  FixedPoint plain(int width);  // no modes, an integer part within the width
  // Whole numbers: ap_ufixed<bits,bits>.
  static FixedPoint whole(int bits) { return {bits, bits, false}; }

  // A word of the type: uniform, small, zero or at the ends.
  std::int64_t word(const FixedPoint& type);
  nlohmann::json constant(const FixedPoint& type, const Shape& shape);
  nlohmann::json constant(const FixedPoint& type, std::size_t n) { return constant(type, Shape{n}); }
  // 1, last-dimension or all-elements words.
  nlohmann::json per_element(const FixedPoint& type, const Shape& shape);

 private:
  std::mt19937_64 random_;
};

}  // namespace vigil::fpga_model
