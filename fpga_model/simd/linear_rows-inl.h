// Rows around the sums of products: packing of terms, corrections, and the adding up of 16-bit parts. Included by
// linear_kernels.cpp once an instruction set.
// Tests: tests/fpga_model/kernels_test.cpp.
#if defined(VIGIL_LINEAR_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef VIGIL_LINEAR_ROWS_INL_H
#undef VIGIL_LINEAR_ROWS_INL_H
#else
#define VIGIL_LINEAR_ROWS_INL_H
#endif

#include <hwy/highway.h>

#include "fpga_model/simd/lane_io-inl.h"
#include "fpga_model/simd/steps.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
#if VIGIL_SIMD_PASS

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
using Tag = hn::ScalableTag<T>;

// Vectors of events a register block spans. With g++ 12, more than 16 accumulators are spilled (8 where there are 16
// registers).
template <class T>
constexpr std::size_t events_wide() {
  constexpr std::size_t all = kLanes / hn::MaxLanes(Tag<T>());
  constexpr std::size_t most = hn::MaxLanes(Tag<T>()) * sizeof(T) == 64 && sizeof(T) > 2 ? 4 : 2;
  return all < most ? all : most;
}
// Two neighbouring terms a 32-bit word.
HWY_NOINLINE HWY_ATTR inline void pack_pairs(const LinearStep& s, const std::byte* x, const std::uint32_t* rows,
                                             std::int32_t* out) {
  const Tag<std::int32_t> d;
  const std::size_t row_bytes = kLanes * bytes_of(s.x_lane);
  const auto low = hn::Set(d, 0xffff);
  for (std::size_t i = 0; i < s.n; i += 2, out += kLanes) {
    const std::byte* a = x + rows[i] * row_bytes;
    const std::byte* b = i + 1 < s.n ? x + rows[i + 1] * row_bytes : nullptr;
    for (std::size_t e = 0; e < kLanes; e += hn::Lanes(d)) {
      auto v = hn::And(load_lanes(d, a, s.x_lane, e), low);
      if (b != nullptr) v = hn::Or(v, hn::ShiftLeft<16>(load_lanes(d, b, s.x_lane, e)));
      hn::Store(v, d, out + e);
    }
  }
}

// Four neighbouring terms a 32-bit word; signed ones 128 higher.
HWY_NOINLINE HWY_ATTR inline void pack_quads(const LinearStep& s, const std::byte* x, const std::uint32_t* rows,
                                             std::int32_t* out) {
  const Tag<std::int32_t> d;
  const std::size_t row_bytes = kLanes * bytes_of(s.x_lane);
  const auto low = hn::Set(d, 0xff);
  const auto lift = hn::Set(d, s.x_is_signed ? static_cast<std::int32_t>(0x80808080u) : 0);
  for (std::size_t i = 0; i < s.n; i += 4, out += kLanes) {
    for (std::size_t e = 0; e < kLanes; e += hn::Lanes(d)) {
      auto v = hn::And(load_lanes(d, x + rows[i] * row_bytes, s.x_lane, e), low);
      for (std::size_t k = 1; k < 4 && i + k < s.n; ++k) {
        const auto part = hn::And(load_lanes(d, x + rows[i + k] * row_bytes, s.x_lane, e), low);
        v = hn::Or(v, hn::ShiftLeftSame(part, static_cast<int>(8 * k)));
      }
      hn::Store(hn::Xor(v, lift), d, out + e);
    }
  }
}

// Corrections are sorted by column: the sums stay in registers from one to the next.
HWY_NOINLINE HWY_ATTR inline void correct(const std::vector<Correction>& corrections, const std::byte* x,
                                          const std::uint32_t* rows, std::byte* out) {
  const Tag<std::int16_t> d;
  constexpr std::size_t kWide = events_wide<std::int16_t>();
  const auto* words = reinterpret_cast<const std::int16_t*>(x);
  auto* sums = reinterpret_cast<std::int16_t*>(out);
  for (std::size_t e = 0; e < kLanes; e += kWide * hn::Lanes(d)) {
    for (std::size_t k = 0; k < corrections.size();) {
      const std::uint32_t column = corrections[k].column;
      std::int16_t* sum = sums + column * kLanes + e;
      hn::Vec<Tag<std::int16_t>> acc[kWide];
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kWide; ++v) acc[v] = hn::Load(d, sum + v * hn::Lanes(d));
      for (; k < corrections.size() && corrections[k].column == column; ++k) {
        const std::int16_t* row = words + rows[corrections[k].x] * kLanes + e;
        const auto factor = hn::Set(d, static_cast<std::int16_t>(corrections[k].factor));
#pragma GCC unroll 4
        for (std::size_t v = 0; v < kWide; ++v)
          acc[v] = hn::Add(acc[v], hn::Mul(factor, hn::Load(d, row + v * hn::Lanes(d))));
      }
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kWide; ++v) hn::Store(acc[v], d, sum + v * hn::Lanes(d));
    }
  }
}

// sums[c] += parts[c], the latter of 16 bits.
HWY_NOINLINE HWY_ATTR inline void add_parts(const std::int16_t* parts, std::size_t columns, std::byte* sums) {
  const Tag<std::int32_t> d;
  const hn::Rebind<std::int16_t, Tag<std::int32_t>> d16;
  auto* out = reinterpret_cast<std::int32_t*>(sums);
  for (std::size_t e = 0; e < columns * kLanes; e += hn::Lanes(d))
    hn::Store(hn::Add(hn::Load(d, out + e), hn::PromoteTo(d, hn::Load(d16, parts + e))), d, out + e);
}

#endif
}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
