// The range check of input words that are read where the caller has them. Compiled once an instruction set by Highway.
#include "fpga_model/simd/highway_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fpga_model/simd/range_check.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
// Highway wants the loop above first.
#include <hwy/highway.h>

#include "fpga_model/simd/kernels.h"

#if VIGIL_SIMD_PASS
HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T>
HWY_NOINLINE HWY_ATTR bool inside_in(const std::byte* words, std::size_t row_bytes, std::size_t rows,
                                     std::int64_t lowest, std::int64_t highest) {
  const hn::ScalableTag<T> d;
  auto smallest = hn::Zero(d), largest = hn::Zero(d);  // 0 is a word of every type
  for (std::size_t i = 0; i < rows; ++i) {
    const T* row = reinterpret_cast<const T*>(words + i * row_bytes);
    // The same rows of the next block: columns are too far apart for the processor to guess. Never a fault.
    for (std::size_t line = 0; line < sizeof(T); ++line)
      hwy::Prefetch(reinterpret_cast<const std::byte*>(row + kLanes) + line * 64);
    for (std::size_t e = 0; e < kLanes; e += hn::Lanes(d)) {
      const auto x = hn::LoadU(d, row + e);
      smallest = hn::Min(smallest, x);
      largest = hn::Max(largest, x);
    }
  }
  return hn::AllFalse(d, hn::Lt(smallest, hn::Set(d, static_cast<T>(lowest)))) &&
         hn::AllFalse(d, hn::Gt(largest, hn::Set(d, static_cast<T>(highest))));
}

}  // namespace

bool inside(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
            std::int64_t highest) {
  return for_lane(lane, [&](auto word) { return inside_in<decltype(word)>(words, row_bytes, rows, lowest, highest); });
}

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif

#if HWY_ONCE && HWY_ARCH_X86_64
namespace vigil::fpga_model {

bool inside_sse4(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                 std::int64_t highest) {
  return N_SSE4::inside(words, row_bytes, rows, lane, lowest, highest);
}
bool inside_avx2(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                 std::int64_t highest) {
  return N_AVX2::inside(words, row_bytes, rows, lane, lowest, highest);
}
bool inside_avx512(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                   std::int64_t highest) {
  return N_AVX3::inside(words, row_bytes, rows, lane, lowest, highest);
}

}  // namespace vigil::fpga_model
#endif
