// One conversion of section 2 of docs/network_json.md, prepared once and applied to many words: same results as
// vigil::cast, faster. Used by every operation. `source_width` must bound the words it is given (as W bits of the
// source type).
// Tests: tests/fpga_model/exactness_test.cpp.
#pragma once

#include <cstdint>

#include "core/fixed_point.h"

namespace vigil::fpga_model {

class Caster {
 public:
  Caster() : Caster(0, 64, FixedPoint{64, 64, true}) {}
  Caster(int source_fraction, int source_width, const FixedPoint& to);
  Caster(const FixedPoint& from, const FixedPoint& to) : Caster(from.fraction(), from.width, to) {}

  std::int64_t operator()(std::int64_t raw) const {
    return fast_ ? overflow(quantize(raw)) : cast(Wide{raw}, fraction_, width_, to_);
  }
  std::int64_t operator()(Wide raw) const {
    const auto narrow = static_cast<std::int64_t>(raw);
    return Wide{narrow} == raw ? (*this)(narrow) : cast(raw, fraction_, width_, to_);
  }

  // True where quantize() alone is defined: few enough bits are dropped or appended.
  bool fast() const { return fast_; }
  bool truncates() const { return right_ > 0 && to_.quantization == Quantization::trn; }
  int dropped_bits() const { return right_; }

  // The first of the two steps, for fast() conversions.
  std::int64_t quantize(std::int64_t raw) const {
    if (right_ == 0) return static_cast<std::int64_t>(static_cast<std::uint64_t>(raw) << left_);
    const std::int64_t q0 = raw >> right_;
    const std::int64_t rem = raw & ((std::int64_t{1} << right_) - 1);
    const std::int64_t half = std::int64_t{1} << (right_ - 1);
    switch (to_.quantization) {
      case Quantization::trn:
        return q0;
      case Quantization::trn_zero:
        return q0 + (raw < 0 && rem != 0);
      case Quantization::rnd:
        return q0 + (rem >= half);
      case Quantization::rnd_zero:
        return q0 + (rem > half || (rem == half && raw < 0));
      case Quantization::rnd_min_inf:
        return q0 + (rem > half);
      case Quantization::rnd_inf:
        return q0 + (rem > half || (rem == half && raw >= 0));
      case Quantization::rnd_conv:
        return q0 + (rem > half || (rem == half && (q0 & 1) != 0));
    }
    return q0;
  }

 private:
  std::int64_t overflow(std::int64_t q) const {
    if (to_.overflow == Overflow::wrap) {
      const std::uint64_t high = static_cast<std::uint64_t>(q) << spare_bits_;
      return to_.is_signed ? static_cast<std::int64_t>(high) >> spare_bits_
                           : static_cast<std::int64_t>(high >> spare_bits_);
    }
    if (q >= lowest_ && q <= highest_) return q;
    if (to_.overflow == Overflow::sat_zero) return 0;
    return q < lowest_ ? lowest_ : highest_;
  }

  FixedPoint to_;
  int fraction_;
  int width_;
  int right_ = 0;
  int left_ = 0;
  int spare_bits_;
  std::int64_t lowest_;
  std::int64_t highest_;
  bool fast_ = false;
};

}  // namespace vigil::fpga_model
