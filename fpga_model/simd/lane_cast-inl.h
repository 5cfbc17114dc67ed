// A CastPlan on a vector of lanes. Included by kernel files once an instruction set.
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

template <class D, Limit kLimit>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> limited(const LaneCast<D>& c, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  if constexpr (kLimit == Limit::wrap) return hn::Sub(hn::And(hn::Add(x, c.low), c.high), c.low);
  if constexpr (kLimit == Limit::clamp) return hn::Min(hn::Max(x, c.low), c.high);
  if constexpr (kLimit == Limit::zero) return hn::IfThenZeroElse(hn::Or(hn::Lt(x, c.low), hn::Gt(x, c.high)), x);
  return x;
}

enum class Rounding {
  none,      // every bit is kept
  truncate,  // bits are dropped, nothing is added
  plain,     // a constant is added, then bits are dropped; or bits are appended
  by_word,   // the rounding looks at the word's sign or last kept bit
};

template <class D, Rounding kRounding, Limit kLimit>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> apply(const LaneCast<D>& c, hwy::HWY_NAMESPACE::Vec<D> x) {
  namespace hn = hwy::HWY_NAMESPACE;
  if constexpr (kRounding == Rounding::none) return limited<D, kLimit>(c, x);
  if constexpr (kRounding == Rounding::truncate) return limited<D, kLimit>(c, hn::ShiftRightSame(x, c.right));
  if (c.left > 0) x = hn::ShiftLeftSame(x, c.left);
  if constexpr (kRounding == Rounding::by_word) {
    const auto below = hn::And(hn::BroadcastSignBit(x), c.below_zero);
    const auto bit = hn::And(hn::ShiftRightSame(x, c.right), c.odd);
    x = hn::Add(hn::Add(x, c.base), hn::Add(below, bit));
  } else {
    x = hn::Add(x, c.base);
  }
  if (c.right > 0) x = hn::ShiftRightSame(x, c.right);
  return limited<D, kLimit>(c, x);
}

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
