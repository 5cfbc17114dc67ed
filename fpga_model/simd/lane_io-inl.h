// Loads and stores of lanes whose storage is narrower than the lane they are computed in. Included by kernel files
// once an instruction set.
// Tests: tests/fpga_model/kernels_test.cpp.
#if defined(VIGIL_LANE_IO_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VIGIL_LANE_IO_INL_H
#undef VIGIL_LANE_IO_INL_H
#else
#define VIGIL_LANE_IO_INL_H
#endif

#include <hwy/highway.h>

#include "fpga_model/simd/lanes.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {

// Lanes first .. first + Lanes(d) - 1 of a row stored as `stored`, which is no wider than D.
template <class D>
HWY_INLINE HWY_ATTR hwy::HWY_NAMESPACE::Vec<D> load_lanes(D d, const std::byte* row, Lane stored, std::size_t first) {
  namespace hn = hwy::HWY_NAMESPACE;
  using T = hn::TFromD<D>;
  const auto narrow = [&]() HWY_ATTR {
    const hn::Rebind<std::int16_t, D> d16;
    return hn::LoadU(d16, reinterpret_cast<const std::int16_t*>(row) + first);
  };
  if constexpr (sizeof(T) == 2) {
    return narrow();
  } else if constexpr (sizeof(T) == 4) {
    if (stored == Lane::i16) return hn::PromoteTo(d, narrow());
    return hn::LoadU(d, reinterpret_cast<const std::int32_t*>(row) + first);
  } else {
    const hn::Rebind<std::int32_t, D> d32;
    if (stored == Lane::i16) return hn::PromoteTo(d, hn::PromoteTo(d32, narrow()));
    if (stored == Lane::i32)
      return hn::PromoteTo(d, hn::LoadU(d32, reinterpret_cast<const std::int32_t*>(row) + first));
    return hn::LoadU(d, reinterpret_cast<const std::int64_t*>(row) + first);
  }
}

// The words fit `stored`, which is no wider than D.
template <class D>
HWY_INLINE HWY_ATTR void store_lanes(D d, hwy::HWY_NAMESPACE::Vec<D> v, std::byte* row, Lane stored,
                                     std::size_t first) {
  namespace hn = hwy::HWY_NAMESPACE;
  using T = hn::TFromD<D>;
  const hn::Rebind<std::int16_t, D> d16;
  if constexpr (sizeof(T) == 2) {
    hn::Store(v, d, reinterpret_cast<std::int16_t*>(row) + first);
  } else if constexpr (sizeof(T) == 4) {
    if (stored == Lane::i16) {
      hn::Store(hn::DemoteTo(d16, v), d16, reinterpret_cast<std::int16_t*>(row) + first);
    } else {
      hn::Store(v, d, reinterpret_cast<std::int32_t*>(row) + first);
    }
  } else {
    if (stored == Lane::i64) return hn::Store(v, d, reinterpret_cast<std::int64_t*>(row) + first);
    const hn::Rebind<std::int32_t, D> d32;
    const hn::Rebind<std::uint32_t, D> du32;
    const auto low = hn::BitCast(d32, hn::TruncateTo(du32, hn::BitCast(hn::Rebind<std::uint64_t, D>(), v)));
    if (stored == Lane::i32) {
      hn::Store(low, d32, reinterpret_cast<std::int32_t*>(row) + first);
    } else {
      hn::Store(hn::DemoteTo(d16, low), d16, reinterpret_cast<std::int16_t*>(row) + first);
    }
  }
}

#if VIGIL_SIMD_PASS
// The same for two neighbouring vectors of 32-bit lanes that fit 16 bits: packing pairs is cheaper than narrowing each.
template <class D>
HWY_INLINE HWY_ATTR void store_pair_narrow(D d, hwy::HWY_NAMESPACE::Vec<D> a, hwy::HWY_NAMESPACE::Vec<D> b,
                                           std::byte* row, std::size_t first) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Repartition<std::int16_t, D> d16;
  auto packed = hn::ReorderDemote2To(d16, a, b);  // within 128-bit blocks
#if HWY_TARGET == HWY_AVX3
  packed.raw = _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), packed.raw);
#elif HWY_TARGET == HWY_AVX2
  packed.raw = _mm256_permute4x64_epi64(packed.raw, 0xD8);
#endif
  hn::Store(packed, d16, reinterpret_cast<std::int16_t*>(row) + first);
}
#endif

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
