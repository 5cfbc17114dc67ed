// What the nodes of a forest compare, in lanes: features and sums of weighted features with their casts. Included by
// forest.cpp once an instruction set.
// Tests: tests/fpga_model/forest_test.cpp.
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
#include "fpga_model/simd/lane_cast-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
#if VIGIL_SIMD_PASS

namespace hn = hwy::HWY_NAMESPACE;

template <class X, Rounding kRounding, Limit kLimit>
HWY_NOINLINE HWY_ATTR void convert_lanes(const CastPlan& plan, const X* HWY_RESTRICT x, X* HWY_RESTRICT out) {
  const hn::ScalableTag<X> d;
  const LaneCast<hn::ScalableTag<X>> cast(d, plan);
  for (std::size_t r = 0; r < kLanes; r += hn::Lanes(d))
    hn::Store(limited(cast, kLimit, rounded(cast, kRounding, hn::Load(d, x + r))), d, out + r);
}

template <class X, Rounding kRounding, Limit kLimit>
HWY_NOINLINE HWY_ATTR void add_term(const CastPlan& plan, int value_shift, const X* HWY_RESTRICT x, X weight,
                                    X* HWY_RESTRICT value) {
  const hn::ScalableTag<X> d;
  const LaneCast<hn::ScalableTag<X>> cast(d, plan);
  for (std::size_t r = 0; r < kLanes; r += hn::Lanes(d)) {
    const auto sum = hn::Add(hn::ShiftLeftSame(hn::Load(d, value + r), value_shift),
                             hn::Mul(hn::Load(d, x + r), hn::Set(d, weight)));
    hn::Store(limited(cast, kLimit, rounded(cast, kRounding, sum)), d, value + r);
  }
}

// All terms of a value, two vectors of events at a time.
template <Rounding kRounding, Limit kLimit>
HWY_NOINLINE HWY_ATTR void add_terms(const ForestPlan& plan, const ForestValue& value, const std::int32_t* x,
                                     std::int32_t* HWY_RESTRICT out) {
  using D = hn::ScalableTag<std::int32_t>;
  const D d;
  constexpr std::size_t kVector = hn::MaxLanes(d);
  const LaneCast<D> cast(d, plan.term_cast);
  const ForestTerm* first = plan.terms.data() + value.first_term;
  for (std::size_t r = 0; r < kLanes; r += 2 * kVector) {
    auto a = hn::Zero(d);
    auto b = hn::Zero(d);
    for (const ForestTerm* term = first; term != first + value.terms; ++term) {
      const auto weight = hn::Set(d, static_cast<std::int32_t>(term->weight));
      const std::int32_t* words = x + term->feature * kLanes + r;
      const auto sum_a = hn::Add(hn::ShiftLeftSame(a, plan.value_shift), hn::Mul(hn::Load(d, words), weight));
      const auto sum_b = hn::Add(hn::ShiftLeftSame(b, plan.value_shift), hn::Mul(hn::Load(d, words + kVector), weight));
      a = limited(cast, kLimit, rounded(cast, kRounding, sum_a));
      b = limited(cast, kLimit, rounded(cast, kRounding, sum_b));
    }
    hn::Store(a, d, out + r);
    hn::Store(b, d, out + r + kVector);
  }
}

// Calls function(rounding, limit) with the plan's own as compile-time constants.
template <class Function>
HWY_ATTR void with_modes(const CastPlan& plan, Function function) {
  const auto by_limit = [&](auto rounding) HWY_ATTR {
    switch (plan.limit) {
      case Limit::none:
        return function(rounding, std::integral_constant<Limit, Limit::none>());
      case Limit::wrap:
        return function(rounding, std::integral_constant<Limit, Limit::wrap>());
      case Limit::clamp:
        return function(rounding, std::integral_constant<Limit, Limit::clamp>());
      case Limit::zero:
        return function(rounding, std::integral_constant<Limit, Limit::zero>());
    }
  };
  // Two roundings: code for every one would cost more than it saves.
  plan.rounds_by_word() ? by_limit(std::integral_constant<Rounding, Rounding::any>())
                        : by_limit(std::integral_constant<Rounding, Rounding::plain>());
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
    with_modes(plan.cast, [&](auto rounding, auto limit) HWY_ATTR {
      convert_lanes<X, rounding(), limit()>(plan.cast, x + value.feature * kLanes, scratch);
    });
  } else {
    with_modes(plan.term_cast, [&](auto rounding, auto limit) HWY_ATTR {
      if constexpr (sizeof(X) == 4) {
        add_terms<rounding(), limit()>(plan, value, x, scratch);
      } else {
        std::fill_n(scratch, kLanes, X{0});
        for (std::uint32_t k = value.first_term; k < value.first_term + value.terms; ++k) {
          const ForestTerm& term = plan.terms[k];
          add_term<X, rounding(), limit()>(plan.term_cast, plan.value_shift, x + term.feature * kLanes,
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
