// What the nodes of a forest compare, in lanes: features and sums of weighted features with their casts. Included by
// forest.cpp once an instruction set.
#if defined(VIGIL_FOREST_VALUES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VIGIL_FOREST_VALUES_INL_H
#undef VIGIL_FOREST_VALUES_INL_H
#else
#define VIGIL_FOREST_VALUES_INL_H
#endif

#include <algorithm>
#include <limits>
#include <type_traits>

#include "fpga_model/simd/forest.h"
#include "fpga_model/simd/highway_sets.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
#if VIGIL_SIMD_PASS

namespace hn = hwy::HWY_NAMESPACE;

// Plain loops over lanes become vectors in the compiler.
template <class X, bool kByWord, Limit kLimit>
HWY_INLINE HWY_ATTR X convert(const CastPlan& plan, X value) {
  using U = std::make_unsigned_t<X>;
  U x = static_cast<U>(value) << plan.left;
  if constexpr (kByWord) {
    const U below = static_cast<X>(x) < 0 ? static_cast<U>(plan.below_zero) : 0;
    const U odd = ((static_cast<X>(x) >> plan.right) & 1) != 0 ? static_cast<U>(plan.odd) : 0;
    x += below + odd;
  }
  x += static_cast<U>(plan.base);
  const X q = static_cast<X>(x) >> plan.right;
  if constexpr (kLimit == Limit::wrap) {
    const U half = static_cast<U>(plan.half);
    return static_cast<X>(((static_cast<U>(q) + half) & static_cast<U>(plan.mask)) - half);
  }
  if constexpr (kLimit == Limit::clamp)
    return std::min(std::max(q, static_cast<X>(plan.low)), static_cast<X>(plan.high));
  if constexpr (kLimit == Limit::zero) return q < static_cast<X>(plan.low) || q > static_cast<X>(plan.high) ? X{0} : q;
  return q;
}

template <class X, bool kByWord, Limit kLimit>
HWY_NOINLINE HWY_ATTR void convert_lanes(const CastPlan& plan, const X* HWY_RESTRICT x, X* HWY_RESTRICT out) {
  const CastPlan p = plan;
  for (std::size_t r = 0; r < kLanes; ++r) out[r] = convert<X, kByWord, kLimit>(p, x[r]);
}

template <class X, bool kByWord, Limit kLimit>
HWY_NOINLINE HWY_ATTR void add_term(const CastPlan& plan, int value_shift, const X* HWY_RESTRICT x, X weight,
                                    X* HWY_RESTRICT value) {
  using U = std::make_unsigned_t<X>;
  const CastPlan p = plan;
  for (std::size_t r = 0; r < kLanes; ++r) {
    const U sum = (static_cast<U>(value[r]) << value_shift) + static_cast<U>(x[r]) * static_cast<U>(weight);
    value[r] = convert<X, kByWord, kLimit>(p, static_cast<X>(sum));
  }
}

// The same conversion on vectors.
template <bool kByWord, Limit kLimit, class D>
HWY_INLINE HWY_ATTR hn::Vec<D> convert_vector(D d, const CastPlan& plan, hn::Vec<D> x) {
  const auto all = [&](std::int64_t word) HWY_ATTR { return hn::Set(d, static_cast<hn::TFromD<D>>(word)); };
  x = hn::ShiftLeftSame(x, plan.left);
  if constexpr (kByWord) {
    const auto below = hn::And(hn::BroadcastSignBit(x), all(plan.below_zero));
    const auto odd = hn::And(hn::ShiftRightSame(x, plan.right), all(plan.odd));
    x = hn::Add(x, hn::Add(below, odd));
  }
  const auto q = hn::ShiftRightSame(hn::Add(x, all(plan.base)), plan.right);
  if constexpr (kLimit == Limit::wrap)
    return hn::Sub(hn::And(hn::Add(q, all(plan.half)), all(plan.mask)), all(plan.half));
  if constexpr (kLimit == Limit::clamp) return hn::Min(hn::Max(q, all(plan.low)), all(plan.high));
  if constexpr (kLimit == Limit::zero)
    return hn::IfThenZeroElse(hn::Or(hn::Lt(q, all(plan.low)), hn::Gt(q, all(plan.high))), q);
  return q;
}

// All terms of a value, two vectors of events at a time.
template <bool kByWord, Limit kLimit>
HWY_NOINLINE HWY_ATTR void add_terms(const ForestPlan& plan, const ForestValue& value, const std::int32_t* x,
                                     std::int32_t* HWY_RESTRICT out) {
  using D = hn::ScalableTag<std::int32_t>;
  const D d;
  constexpr std::size_t kVector = hn::MaxLanes(d);
  const CastPlan cast = plan.term_cast;
  const ForestTerm* first = plan.terms.data() + value.first_term;
  for (std::size_t r = 0; r < kLanes; r += 2 * kVector) {
    auto a = hn::Zero(d);
    auto b = hn::Zero(d);
    for (const ForestTerm* term = first; term != first + value.terms; ++term) {
      const auto weight = hn::Set(d, static_cast<std::int32_t>(term->weight));
      const std::int32_t* words = x + term->feature * kLanes + r;
      const auto sum_a = hn::Add(hn::ShiftLeftSame(a, plan.value_shift), hn::Mul(hn::Load(d, words), weight));
      const auto sum_b = hn::Add(hn::ShiftLeftSame(b, plan.value_shift), hn::Mul(hn::Load(d, words + kVector), weight));
      a = convert_vector<kByWord, kLimit>(d, cast, sum_a);
      b = convert_vector<kByWord, kLimit>(d, cast, sum_b);
    }
    hn::Store(a, d, out + r);
    hn::Store(b, d, out + r + kVector);
  }
}

// Calls function(by word, limit) with the plan's own as compile-time constants.
template <class Function>
HWY_ATTR void with_modes(const CastPlan& plan, Function function) {
  const auto limited = [&](auto by_word) HWY_ATTR {
    switch (plan.limit) {
      case Limit::none:
        return function(by_word, std::integral_constant<Limit, Limit::none>());
      case Limit::wrap:
        return function(by_word, std::integral_constant<Limit, Limit::wrap>());
      case Limit::clamp:
        return function(by_word, std::integral_constant<Limit, Limit::clamp>());
      case Limit::zero:
        return function(by_word, std::integral_constant<Limit, Limit::zero>());
    }
  };
  plan.rounds_by_word() ? limited(std::true_type()) : limited(std::false_type());
}

template <class X, class T>
HWY_NOINLINE HWY_ATTR void move_lanes(const X* HWY_RESTRICT x, X offset, T* HWY_RESTRICT out) {
  constexpr X kLow = std::numeric_limits<T>::lowest();
  constexpr X kHigh = std::numeric_limits<T>::max();
  for (std::size_t r = 0; r < kLanes; ++r)
    out[r] = static_cast<T>(std::min<X>(std::max<X>(static_cast<X>(x[r] - offset), kLow), kHigh));
}

template <class X>
HWY_ATTR void general_value(const ForestPlan& plan, const ForestValue& value, const X* x, X* out) {
  for (std::size_t r = 0; r < kLanes; ++r) {
    if (!value.weighted) {
      out[r] = static_cast<X>(plan.input_caster(std::int64_t{x[value.feature * kLanes + r]}));
      continue;
    }
    std::int64_t v = 0;
    for (std::uint32_t k = value.first_term; k < value.first_term + value.terms; ++k) {
      const ForestTerm& term = plan.terms[k];
      v = plan.term_caster(v * plan.value_factor +
                           Wide{x[term.feature * kLanes + r]} * term.weight * plan.product_factor);
    }
    out[r] = static_cast<X>(v);
  }
}

template <class X, class T>
HWY_ATTR void compute_value(const ForestPlan& plan, const ForestValue& value, std::byte* workspace) {
  const auto* x = reinterpret_cast<const X*>(workspace);
  auto* out = reinterpret_cast<T*>(workspace + value.row);
  auto* scratch = reinterpret_cast<X*>(workspace + plan.scratch_at);
  const X* result = scratch;
  if (!value.weighted && !plan.casts) {
    result = x + value.feature * kLanes;
  } else if (plan.general_cast) {
    general_value(plan, value, x, scratch);
  } else if (!value.weighted) {
    with_modes(plan.cast, [&](auto by_word, auto limit) HWY_ATTR {
      convert_lanes<X, by_word(), limit()>(plan.cast, x + value.feature * kLanes, scratch);
    });
  } else {
    with_modes(plan.term_cast, [&](auto by_word, auto limit) HWY_ATTR {
      if constexpr (sizeof(X) == 4) {
        add_terms<by_word(), limit()>(plan, value, x, scratch);
      } else {
        std::fill_n(scratch, kLanes, X{0});
        for (std::uint32_t k = value.first_term; k < value.first_term + value.terms; ++k) {
          const ForestTerm& term = plan.terms[k];
          add_term<X, by_word(), limit()>(plan.term_cast, plan.value_shift, x + term.feature * kLanes,
                                          static_cast<X>(term.weight), scratch);
        }
      }
    });
  }
  if (static_cast<const void*>(result) == static_cast<const void*>(out)) return;
  move_lanes<X, T>(result, static_cast<X>(value.offset), out);
}

template <class X, class T>
HWY_ATTR void compute_values(const ForestPlan& plan, std::uint32_t first, std::uint32_t count, std::byte* workspace) {
  for (std::uint32_t i = first; i < first + count; ++i) compute_value<X, T>(plan, plan.values[i], workspace);
}

template <class X, class T>
HWY_ATTR void shared_values(const ForestPlan& plan, std::byte* workspace) {
  compute_values<X, T>(plan, 0, plan.shared_values, workspace);
}

#endif
}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
