#include "fpga_model/simd/cast_plan.h"

namespace vigil::fpga_model {
namespace {

constexpr int kMostShift = 60;

// The lanes' form of a rounding that drops s bits. With floor division, q = (x + c(x)) >> s where c is half a unit for
// RND, one less for RND_MIN_INF; the modes that look at the sign or at the last kept bit add one for it.
void set_rounding(CastPlan& plan, int s, Quantization mode) {
  const std::int64_t half = std::int64_t{1} << (s - 1);
  plan.right = s;
  plan.mode = mode;
  switch (mode) {
    case Quantization::trn:
      break;
    case Quantization::trn_zero:
      plan.below_zero = (std::int64_t{1} << s) - 1;
      break;
    case Quantization::rnd:
      plan.base = half;
      break;
    case Quantization::rnd_zero:
      plan.base = half - 1;
      plan.below_zero = 1;
      break;
    case Quantization::rnd_min_inf:
      plan.base = half - 1;
      break;
    case Quantization::rnd_inf:
      plan.base = half;
      plan.below_zero = -1;
      break;
    case Quantization::rnd_conv:
      plan.base = half - 1;
      plan.odd = 1;
      break;
  }
}

Wide apply(const CastPlan& plan, Wide x) {
  return ((x << plan.left) + plan.base + (x < 0 ? plan.below_zero : 0) +
          (((x >> plan.right) & 1) != 0 ? plan.odd : 0)) >>
         plan.right;
}

}  // namespace

Wide quantize_exactly(Wide raw, int shift, Quantization mode) {
  if (shift <= 0) return raw << -shift;
  CastPlan plan;
  set_rounding(plan, shift, mode);
  return apply(plan, raw);
}

Rounding rounding_of(const CastPlan& plan) {
  if (plan.keeps_every_bit()) return Rounding::none;
  if (plan.right == 0) return Rounding::append;
  if (plan.odd != 0) return Rounding::by_last_bit;
  if (plan.below_zero != 0) return Rounding::by_sign;
  return plan.base == 0 ? Rounding::truncate : Rounding::plain;
}

CastPlan without_appended(const CastPlan& plan, int bits) {
  CastPlan out = plan;
  out.right = out.left = 0;
  out.base = out.below_zero = out.odd = 0;
  if (plan.right > bits) {
    set_rounding(out, plan.right - bits, plan.mode);
  } else {
    out.left = bits - plan.right;
  }
  return out;
}

std::optional<PlannedCast> plan_cast(const Interval& range, int source_fraction, const FixedPoint& to) {
  const int s = source_fraction - to.fraction();
  if (s > kMostShift || s < -kMostShift || lane_bits(range) > 64) return {};
  PlannedCast out;
  CastPlan& plan = out.plan;
  if (s <= 0) {
    plan.left = -s;
  } else {
    set_rounding(plan, s, to.quantization);
  }
  const Interval quantized = {apply(plan, range.low), apply(plan, range.high)};  // every mode is monotonous
  Interval allowed = words_of_type(to);
  if (to.overflow == Overflow::sat_sym && to.is_signed) allowed.low = -allowed.high;
  // What the rounding may reach before the bits are dropped.
  const Interval before = {
      (range.low << plan.left) + std::min<std::int64_t>(plan.below_zero, 0),
      (range.high << plan.left) + plan.base + std::max<std::int64_t>(plan.below_zero, 0) + plan.odd};
  out.bits = lane_bits(range);
  if (quantized.within(allowed)) {
    out.result = quantized;
  } else {
    switch (to.overflow) {
      case Overflow::wrap:
        if (to.saturation_bits != 0) return {};
        plan.limit = Limit::wrap;
        plan.half = to.is_signed ? static_cast<std::int64_t>(1ull << (to.width - 1)) : 0;
        plan.mask = to.width == 64 ? -1 : static_cast<std::int64_t>((1ull << to.width) - 1);
        // Appended bits may push others out of the lane: what wraps keeps the low ones only.
        if (plan.left > 0) {
          out.bits = std::max(out.bits, lane_bits(allowed));
          out.result = allowed;
          return out;
        }
        break;
      case Overflow::sat:
      case Overflow::sat_sym:
        if (to.overflow == Overflow::sat_sym && to.is_signed && to.width == 1) return {};
        plan.limit = Limit::clamp;
        break;
      case Overflow::sat_zero:
        plan.limit = Limit::zero;
        break;
      case Overflow::wrap_sm:
        return {};
    }
    plan.low = static_cast<std::int64_t>(allowed.low);
    plan.high = static_cast<std::int64_t>(allowed.high);
    out.result = allowed;
    if (plan.limit == Limit::clamp)
      out.result = {std::clamp(quantized.low, allowed.low, allowed.high),
                    std::clamp(quantized.high, allowed.low, allowed.high)};
    // The limits themselves are lane words too.
    out.bits = std::max(out.bits, lane_bits(hull(allowed, Interval{})));
  }
  out.bits = std::max({out.bits, lane_bits(before), lane_bits(out.result)});
  if (plan.limit == Limit::wrap && to.width == 64) plan.limit = Limit::none;  // a lane of 64 bits wraps by itself
  if (out.bits > 64) return {};
  return out;
}

}  // namespace vigil::fpga_model
