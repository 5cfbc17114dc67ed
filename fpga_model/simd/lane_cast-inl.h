// A CastPlan on a vector of lanes. Included by kernel files once an instruction set.
// Tests: tests/fpga_model/kernels_test.cpp.
#if defined(VIGIL_LANE_CAST_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VIGIL_LANE_CAST_INL_H
#undef VIGIL_LANE_CAST_INL_H
#else
#define VIGIL_LANE_CAST_INL_H
#endif

#include <hwy/highway.h>

#include "fpga_model/simd/cast_plan.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {

// Broadcasts of a CastPlan.
template <class D>
struct LaneCast {
  using V = hwy::HWY_NAMESPACE::Vec<D>;
  using T = hwy::HWY_NAMESPACE::TFromD<D>;
  HWY_INLINE HWY_ATTR LaneCast(D d, const CastPlan& plan)
      : left(plan.left),
        right(plan.right),
        base(hwy::HWY_NAMESPACE::Set(d, static_cast<T>(plan.base))),
        below_zero(hwy::HWY_NAMESPACE::Set(d, static_cast<T>(plan.below_zero))),
        odd(hwy::HWY_NAMESPACE::Set(d, static_cast<T>(plan.odd))),
        low(hwy::HWY_NAMESPACE::Set(d, static_cast<T>(plan.limit == Limit::wrap ? plan.half : plan.low))),
        high(hwy::HWY_NAMESPACE::Set(d, static_cast<T>(plan.limit == Limit::wrap ? plan.mask : plan.high))) {}
  int left, right;
  V base, below_zero, odd;
  V low, high;  // wrap: half and mask
};

// The two steps of a cast. Where `rounding` and `limit` are known to the compiler, nothing of the choice remains.
template <class D>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> rounded(const LaneCast<D>& c, Rounding rounding,
                                                       hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto last_bit = [&]() HWY_ATTR { return hn::And(hn::ShiftRightSame(x, c.right), c.odd); };
  const auto sign = [&]() HWY_ATTR { return hn::And(hn::BroadcastSignBit(x), c.below_zero); };
  switch (rounding) {
    case Rounding::none:
      return x;
    case Rounding::append:
      return hn::ShiftLeftSame(x, c.left);
    case Rounding::truncate:
      return hn::ShiftRightSame(x, c.right);
    case Rounding::plain:
      if (c.left > 0) x = hn::ShiftLeftSame(x, c.left);
      x = hn::Add(x, c.base);
      return c.right > 0 ? hn::ShiftRightSame(x, c.right) : x;
    case Rounding::by_last_bit:
      return hn::ShiftRightSame(hn::Add(hn::Add(x, c.base), last_bit()), c.right);
    case Rounding::by_sign:
      return hn::ShiftRightSame(hn::Add(hn::Add(x, c.base), sign()), c.right);
    case Rounding::any:
      if (c.left > 0) x = hn::ShiftLeftSame(x, c.left);
      x = hn::Add(hn::Add(x, c.base), hn::Add(sign(), last_bit()));
      return c.right > 0 ? hn::ShiftRightSame(x, c.right) : x;
  }
  return x;
}

template <class D>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> limited(const LaneCast<D>& c, Limit limit,
                                                       hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  switch (limit) {
    case Limit::none:
      return x;
    case Limit::wrap:
      return hn::Sub(hn::And(hn::Add(x, c.low), c.high), c.low);
    case Limit::clamp:
      return hn::Min(hn::Max(x, c.low), c.high);
    case Limit::zero:
      return hn::IfThenZeroElse(hn::Or(hn::Lt(x, c.low), hn::Gt(x, c.high)), x);
  }
  return x;
}

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
