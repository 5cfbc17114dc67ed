#include "core/word_columns.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
// False reports of g++ 12 on its own headers (its bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#define VIGIL_X86 1
#endif

namespace vigil {
namespace {

// Turns `rows` rows of adjacent 32-bit words at `from`, `stride` bytes apart, into columns at `to`, `leading` words
// apart. Rows up to the next multiple of 16 may be written (with anything), none beyond `rows` is read.
using Turn = void (*)(const char* from, std::ptrdiff_t stride, std::size_t rows, std::size_t columns, std::int32_t* to,
                      std::size_t leading);

void turn_plain(const char* from, std::ptrdiff_t stride, std::size_t rows, std::size_t columns, std::int32_t* to,
                std::size_t leading) {
  for (std::size_t r = 0; r < rows; ++r, from += stride) {
    for (std::size_t c = 0; c < columns; ++c) std::memcpy(to + c * leading + r, from + 4 * c, 4);
  }
}

#ifdef VIGIL_X86
// Four columns at a time: each 128-bit part of a vector takes four words of one row, so that turning 4 x 4 squares
// within the parts is all there is to do. The last four columns overlap those before where the count is no multiple.
// A macro, because a template would have to carry the instruction set of the square it inlines.
#define VIGIL_TURN(name, target_attribute, square, step)                                                     \
  target_attribute void name(const char* from, std::ptrdiff_t stride, std::size_t rows, std::size_t columns, \
                             std::int32_t* to, std::size_t leading) {                                        \
    if (columns < 4) return turn_plain(from, stride, rows, columns, to, leading);                            \
    std::size_t r = 0;                                                                                       \
    for (; r + (step) <= rows; r += (step), from += static_cast<std::ptrdiff_t>(step) * stride) {            \
      for (std::size_t c = 0; c < columns; c += 4) {                                                         \
        const std::size_t at = std::min(c, columns - 4);                                                     \
        square(from + 4 * at, stride, to + at * leading + r, leading);                                       \
      }                                                                                                      \
    }                                                                                                        \
    turn_plain(from, stride, rows - r, columns, to + r, leading);                                            \
  }

[[gnu::always_inline]] inline void square4(const char* from, std::ptrdiff_t stride, std::int32_t* to,
                                           std::size_t leading) {
  const auto load = [&](int row) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + row * stride)); };
  const __m128i a = load(0), b = load(1), c = load(2), d = load(3);
  const __m128i ab0 = _mm_unpacklo_epi32(a, b), ab1 = _mm_unpackhi_epi32(a, b);
  const __m128i cd0 = _mm_unpacklo_epi32(c, d), cd1 = _mm_unpackhi_epi32(c, d);
  const auto store = [&](std::size_t column, __m128i v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + column * leading), v);
  };
  store(0, _mm_unpacklo_epi64(ab0, cd0));
  store(1, _mm_unpackhi_epi64(ab0, cd0));
  store(2, _mm_unpacklo_epi64(ab1, cd1));
  store(3, _mm_unpackhi_epi64(ab1, cd1));
}

VIGIL_TURN(turn_sse, , square4, 4)

[[gnu::target("avx2"), gnu::always_inline]] inline void square8(const char* from, std::ptrdiff_t stride,
                                                                std::int32_t* to, std::size_t leading) {
  __m256i v[4];
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * stride)));
    v[i] = _mm256_inserti128_si256(v[i], _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + (4 + i) * stride)), 1);
  }
  const __m256i ab0 = _mm256_unpacklo_epi32(v[0], v[1]), ab1 = _mm256_unpackhi_epi32(v[0], v[1]);
  const __m256i cd0 = _mm256_unpacklo_epi32(v[2], v[3]), cd1 = _mm256_unpackhi_epi32(v[2], v[3]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_unpacklo_epi64(ab0, cd0));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + leading), _mm256_unpackhi_epi64(ab0, cd0));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 2 * leading), _mm256_unpacklo_epi64(ab1, cd1));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 3 * leading), _mm256_unpackhi_epi64(ab1, cd1));
}

VIGIL_TURN(turn_avx2, [[gnu::target("avx2")]], square8, 8)

[[gnu::target("avx512f"), gnu::always_inline]] inline void square16(const char* from, std::ptrdiff_t stride,
                                                                    std::int32_t* to, std::size_t leading) {
  __m512i v[4];
  for (int i = 0; i < 4; ++i) {
    const auto part = [&](int row) __attribute__((target("avx512f"), always_inline)) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + row * stride));
    };
    v[i] = _mm512_castsi128_si512(part(i));
    v[i] = _mm512_mask_broadcast_i32x4(v[i], 0x00f0, part(4 + i));
    v[i] = _mm512_mask_broadcast_i32x4(v[i], 0x0f00, part(8 + i));
    v[i] = _mm512_mask_broadcast_i32x4(v[i], 0xf000, part(12 + i));
  }
  const __m512i ab0 = _mm512_unpacklo_epi32(v[0], v[1]), ab1 = _mm512_unpackhi_epi32(v[0], v[1]);
  const __m512i cd0 = _mm512_unpacklo_epi32(v[2], v[3]), cd1 = _mm512_unpackhi_epi32(v[2], v[3]);
  _mm512_storeu_si512(to, _mm512_unpacklo_epi64(ab0, cd0));
  _mm512_storeu_si512(to + leading, _mm512_unpackhi_epi64(ab0, cd0));
  _mm512_storeu_si512(to + 2 * leading, _mm512_unpacklo_epi64(ab1, cd1));
  _mm512_storeu_si512(to + 3 * leading, _mm512_unpackhi_epi64(ab1, cd1));
}

VIGIL_TURN(turn_avx512, [[gnu::target("avx512f")]], square16, 16)

Turn choose() {
  if (__builtin_cpu_supports("avx512f")) return turn_avx512;
  if (__builtin_cpu_supports("avx2")) return turn_avx2;
  return turn_sse;
}
#else
Turn choose() { return turn_plain; }
#endif

template <class T>
void widen(const char* from, std::size_t words, std::int32_t* to) {
  for (std::size_t i = 0; i < words; ++i) {
    T word;
    std::memcpy(&word, from + i * sizeof(T), sizeof(T));
    to[i] = static_cast<std::int32_t>(word);
  }
}

}  // namespace

void to_columns(const WordsView& words, std::size_t first, std::size_t rows, std::size_t columns, WordColumns& out) {
  static const Turn turn = choose();
  out.resize(rows, columns);
  if (rows == 0 || columns == 0) return;
  const std::size_t leading = leading_dimension(rows);
  const char* from = static_cast<const char*>(words.data) + static_cast<std::ptrdiff_t>(first) * words.row_stride;
  std::int32_t* const to = out.data.data();
  if (words.column_stride != words.word_bytes) {
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t r = 0; r < rows; ++r) to[c * leading + r] = static_cast<std::int32_t>(words.at(first + r, c));
    }
    return;
  }
  if (words.word_bytes == 4) return turn(from, words.row_stride, rows, columns, to, leading);
  // Other words are made 4 bytes wide first, a few rows at a time.
  constexpr std::size_t kRows = 16;
  thread_local std::vector<std::int32_t> wide;
  if (wide.size() < kRows * columns) wide.resize(kRows * columns);
  for (std::size_t r = 0; r < rows; r += kRows) {
    const std::size_t n = std::min(kRows, rows - r);
    for (std::size_t i = 0; i < n; ++i, from += words.row_stride) {
      std::int32_t* const row = wide.data() + i * columns;
      if (words.word_bytes == 1) {
        widen<std::int8_t>(from, columns, row);
      } else if (words.word_bytes == 2) {
        widen<std::int16_t>(from, columns, row);
      } else {
        widen<std::int64_t>(from, columns, row);
      }
    }
    turn(reinterpret_cast<const char*>(wide.data()), static_cast<std::ptrdiff_t>(4 * columns), n, columns, to + r,
         leading);
  }
}

}  // namespace vigil
