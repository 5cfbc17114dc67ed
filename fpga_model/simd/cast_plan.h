// A conversion of section 2 of docs/network_json.md as a few lane operations, with the proof that a lane is wide
// enough. Made by the planner from the bounds of the words it will see; executed by the kernels.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <cstdint>
#include <optional>

#include "fpga_model/simd/lanes.h"

namespace vigil::fpga_model {

// How the result is brought into the range of the type.
enum class Limit : std::uint8_t {
  none,   // proved to be inside
  wrap,   // ((q + half) & mask) - half
  clamp,  // to [low, high]
  zero,   // 0 outside [low, high]
};

// q = ((x << left) + base + (x < 0 ? below_zero : 0) + (bit `right` of x ? odd : 0)) >> right, then the limit.
// All seven rounding modes have this form: see plan_cast.
struct CastPlan {
  int left = 0;
  int right = 0;
  std::int64_t base = 0;
  std::int64_t below_zero = 0;
  std::int64_t odd = 0;
  Quantization mode = Quantization::trn;
  Limit limit = Limit::none;
  std::int64_t low = 0, high = 0;   // clamp, zero
  std::int64_t half = 0, mask = 0;  // wrap

  // The words are only limited.
  bool keeps_every_bit() const { return left == 0 && right == 0 && base == 0 && !rounds_by_word(); }
  bool rounds_by_word() const { return below_zero != 0 || odd != 0; }
  bool changes_nothing() const { return left == 0 && right == 0 && limit == Limit::none; }
};

// Which parts of a plan's first step there are.
enum class Rounding : std::uint8_t {
  none,         // every bit is kept
  append,       // zeros are appended
  truncate,     // bits are dropped, nothing is added
  plain,        // zeros are appended, a constant is added, bits are dropped
  by_last_bit,  // what is added depends on the last kept bit
  by_sign,      // or on the sign
  any,          // all of these
};
Rounding rounding_of(const CastPlan& plan);

struct PlannedCast {
  CastPlan plan;
  int bits = 16;  // every intermediate fits a lane of so many bits (or wraps harmlessly in it)
  Interval result;
};

// For words within `range` that have `source_fraction` fractional bits. None: no lane of 64 bits holds it, or the mode
// has no lane form (WRAP with N >= 1 and WRAP_SM where the words may leave the type).
std::optional<PlannedCast> plan_cast(const Interval& range, int source_fraction, const FixedPoint& to);

// The plan for words that lack `bits` zeros at their end, plan.left being 0.
CastPlan without_appended(const CastPlan& plan, int bits);

// The first step alone: rounds `raw` without limiting it. `shift` bits are dropped (appended where negative).
Wide quantize_exactly(Wide raw, int shift, Quantization mode);

}  // namespace vigil::fpga_model
