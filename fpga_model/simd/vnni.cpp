// Highway 1.0.3 has no VNNI operations: plain intrinsics, guarded by SimdTarget::vnni.
#include "fpga_model/simd/vnni.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace vigil::fpga_model {
namespace {

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

constexpr std::size_t kVectors = kLanes / 16;

template <bool kBytes, int kColumns>
void block(const LinearStep&, const std::byte* x, Lane, const std::uint32_t*, std::size_t terms,
           const std::int32_t* weights, const std::int64_t* bias, std::byte* out) {
  __m512i acc[kColumns][kVectors];
#pragma GCC unroll 4
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) acc[c][v] = _mm512_set1_epi32(static_cast<std::int32_t>(bias[c]));
  }
  const auto* words = reinterpret_cast<const std::int32_t*>(x);
  for (std::size_t i = 0; i < terms; ++i, words += kLanes, weights += kColumns) {
    __m512i value[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) value[v] = _mm512_load_si512(words + 16 * v);
#pragma GCC unroll 4
    for (int c = 0; c < kColumns; ++c) {
      const __m512i factor = _mm512_set1_epi32(weights[c]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        acc[c][v] = kBytes ? _mm512_dpbusd_epi32(acc[c][v], value[v], factor)
                           : _mm512_dpwssd_epi32(acc[c][v], value[v], factor);
      }
    }
  }
#pragma GCC unroll 4
  for (int c = 0; c < kColumns; ++c) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v)
      _mm512_store_si512(out + (static_cast<std::size_t>(c) * kLanes + 16 * v) * sizeof(std::int32_t), acc[c][v]);
  }
}

#pragma GCC pop_options

}  // namespace

const VnniBlock kVnniDot8[3] = {&block<true, 1>, &block<true, 2>, &block<true, 4>};
const VnniBlock kVnniDot16[3] = {&block<false, 1>, &block<false, 2>, &block<false, 4>};

}  // namespace vigil::fpga_model

#endif
