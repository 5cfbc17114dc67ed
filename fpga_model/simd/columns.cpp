#include "fpga_model/simd/columns.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "fpga_model/simd/highway_sets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "fpga_model/simd/columns.cpp"
#include "hwy/foreach_target.h"  // compiles this file once an instruction set
//
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace vigil::fpga_model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A bound in the word's own type: what the type cannot exceed needs no check.
template <class Word>
HWY_INLINE HWY_ATTR Word bound(std::int64_t value) {
  constexpr std::int64_t kLowest = std::numeric_limits<Word>::lowest();
  constexpr std::int64_t kHighest = std::numeric_limits<Word>::max();
  return static_cast<Word>(value < kLowest ? kLowest : value > kHighest ? kHighest : value);
}

// 64 contiguous words. Plain loops: the compiler makes vectors of them in every instruction set.
template <class Word, class Lane>
HWY_NOINLINE HWY_ATTR bool convert_column(const Word* HWY_RESTRICT words, std::int64_t lowest, std::int64_t highest,
                                          Lane* HWY_RESTRICT lanes) {
  Word least = 0;
  Word most = 0;
  for (std::size_t r = 0; r < kColumnLanes; ++r) {
    const Word word = words[r];
    least = word < least ? word : least;
    most = word > most ? word : most;
    lanes[r] = static_cast<Lane>(word);
  }
  return least >= bound<Word>(lowest) && most <= bound<Word>(highest);
}

template <class Word, class Lane>
HWY_NOINLINE HWY_ATTR bool gather_column(const char* words, std::ptrdiff_t stride, std::size_t rows,
                                         std::int64_t lowest, std::int64_t highest, Lane* lanes) {
  bool inside = true;
  for (std::size_t r = 0; r < rows; ++r) {
    Word word;
    std::memcpy(&word, words + static_cast<std::ptrdiff_t>(r) * stride, sizeof word);
    inside &= word >= bound<Word>(lowest) && word <= bound<Word>(highest);
    lanes[r] = static_cast<Lane>(word);
  }
  for (std::size_t r = rows; r < kColumnLanes; ++r) lanes[r] = 0;
  return inside;
}

template <class Word, class Lane>
HWY_ATTR bool load_words(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows,
                         std::int64_t lowest, std::int64_t highest, Lane* lanes) {
  const char* words = static_cast<const char*>(in.data) + static_cast<std::ptrdiff_t>(first) * in.row_stride +
                      static_cast<std::ptrdiff_t>(column) * in.column_stride;
  const bool aligned = reinterpret_cast<std::uintptr_t>(words) % alignof(Word) == 0;
  if (rows == kColumnLanes && in.row_stride == static_cast<std::ptrdiff_t>(sizeof(Word)) && aligned)
    return convert_column(reinterpret_cast<const Word*>(words), lowest, highest, lanes);
  return gather_column<Word>(words, in.row_stride, rows, lowest, highest, lanes);
}

template <class Lane>
HWY_ATTR bool load(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows, std::int64_t lowest,
                   std::int64_t highest, Lane* lanes) {
  switch (in.word_bytes) {
    case 1:
      return load_words<std::int8_t>(in, first, column, rows, lowest, highest, lanes);
    case 2:
      return load_words<std::int16_t>(in, first, column, rows, lowest, highest, lanes);
    case 4:
      return load_words<std::int32_t>(in, first, column, rows, lowest, highest, lanes);
    default:
      return load_words<std::int64_t>(in, first, column, rows, lowest, highest, lanes);
  }
}

#if VIGIL_SIMD_PASS

// Block b of the result is 16 bytes at p + b * step.
template <class D>
HWY_INLINE HWY_ATTR hn::Vec<D> load_blocks(D d, const char* p, std::ptrdiff_t step) {
  using T = hn::TFromD<D>;
  if constexpr (HWY_MAX_BYTES == 16 || hn::MaxLanes(d) * sizeof(T) == 16) {
    return hn::LoadU(d, reinterpret_cast<const T*>(p));
  } else {
    const hn::Half<D> half;
    constexpr auto kBlocks = static_cast<std::ptrdiff_t>(hn::MaxLanes(d) * sizeof(T) / 32);
    return hn::Combine(d, load_blocks(half, p + kBlocks * step, step), load_blocks(half, p, step));
  }
}

// One 16-byte wide stripe of a row-major array, 64 rows, to 16 / sizeof(Word) columns of 64. A vector holds rows k, k +
// n, k + 2n .. (n words a block), so that transposing within blocks leaves the rows of a column in order.
template <class Word>
HWY_NOINLINE HWY_ATTR void transpose_stripe(const char* words, std::ptrdiff_t stride, Word* HWY_RESTRICT columns) {
  const hn::ScalableTag<Word> d;
  constexpr std::size_t kWords = 16 / sizeof(Word);  // words a block, rows a step
  constexpr std::size_t kRows = hn::MaxLanes(d);
  const auto step = static_cast<std::ptrdiff_t>(kWords) * stride;
  for (std::size_t r = 0; r < kColumnLanes; r += kRows) {
    const char* p = words + static_cast<std::ptrdiff_t>(r) * stride;
    Word* to = columns + r;
    const auto row = [&](std::ptrdiff_t k) HWY_ATTR { return load_blocks(d, p + k * stride, step); };
    const auto put = [&](std::size_t c, hn::Vec<decltype(d)> v) HWY_ATTR { hn::Store(v, d, to + c * kColumnLanes); };
    if constexpr (sizeof(Word) == 8) {
      const auto a = row(0), b = row(1);
      put(0, hn::InterleaveLower(d, a, b));
      put(1, hn::InterleaveUpper(d, a, b));
    } else if constexpr (sizeof(Word) == 4) {
      const hn::RepartitionToWide<decltype(d)> w;
      const auto a = row(0), b = row(1), c = row(2), e = row(3);
      const auto ab0 = hn::BitCast(w, hn::InterleaveLower(d, a, b)), ab1 = hn::BitCast(w, hn::InterleaveUpper(d, a, b));
      const auto ce0 = hn::BitCast(w, hn::InterleaveLower(d, c, e)), ce1 = hn::BitCast(w, hn::InterleaveUpper(d, c, e));
      put(0, hn::BitCast(d, hn::InterleaveLower(w, ab0, ce0)));
      put(1, hn::BitCast(d, hn::InterleaveUpper(w, ab0, ce0)));
      put(2, hn::BitCast(d, hn::InterleaveLower(w, ab1, ce1)));
      put(3, hn::BitCast(d, hn::InterleaveUpper(w, ab1, ce1)));
    } else {
      // Three rounds of interleaving element i with element i + 4 of the eight rows.
      hn::Vec<decltype(d)> v[8], t[8];
      for (int k = 0; k < 8; ++k) v[k] = row(k);
      for (int round = 0; round < 3; ++round) {
        for (int k = 0; k < 4; ++k) {
          t[2 * k] = hn::InterleaveLower(d, v[k], v[k + 4]);
          t[2 * k + 1] = hn::InterleaveUpper(d, v[k], v[k + 4]);
        }
        for (int k = 0; k < 8; ++k) v[k] = t[k];
      }
      for (std::size_t k = 0; k < 8; ++k) put(k, v[k]);
    }
  }
}

template <class Word, class Lane>
HWY_ATTR bool load_stripes(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,
                           const std::int64_t* lowest, const std::int64_t* highest, Lane* lanes) {
  constexpr std::size_t kWords = 16 / sizeof(Word);
  alignas(64) Word stripe[kWords * kColumnLanes];
  const char* words = static_cast<const char*>(in.data) + static_cast<std::ptrdiff_t>(first) * in.row_stride +
                      static_cast<std::ptrdiff_t>(first_column * sizeof(Word));
  bool inside = true;
  for (std::size_t c = 0; c < columns; c += kWords) {
    c = std::min(c, columns - kWords);  // the last stripe overlaps the one before
    transpose_stripe(words + c * sizeof(Word), in.row_stride, stripe);
    for (std::size_t k = 0; k < kWords; ++k)
      inside &=
          convert_column(stripe + k * kColumnLanes, lowest[c + k], highest[c + k], lanes + (c + k) * kColumnLanes);
  }
  return inside;
}

template <class Lane>
HWY_ATTR bool load_row_major(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,
                             const std::int64_t* lowest, const std::int64_t* highest, Lane* lanes) {
  switch (in.word_bytes) {
    case 2:
      return load_stripes<std::int16_t>(in, first, first_column, columns, lowest, highest, lanes);
    case 4:
      return load_stripes<std::int32_t>(in, first, first_column, columns, lowest, highest, lanes);
    default:
      return load_stripes<std::int64_t>(in, first, first_column, columns, lowest, highest, lanes);
  }
}

#endif

template <class Lane>
HWY_ATTR bool load_group(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,
                         std::size_t rows, const std::int64_t* lowest, const std::int64_t* highest, Lane* lanes) {
#if VIGIL_SIMD_PASS
  if (rows == kColumnLanes && in.column_stride == in.word_bytes && in.word_bytes != 1 &&
      columns * static_cast<std::size_t>(in.word_bytes) >= 16)
    return load_row_major(in, first, first_column, columns, lowest, highest, lanes);
#endif
  bool inside = true;
  for (std::size_t c = 0; c < columns; ++c)
    inside &= load(in, first, first_column + c, rows, lowest[c], highest[c], lanes + c * kColumnLanes);
  return inside;
}

template <class Word, class Lane>
HWY_NOINLINE HWY_ATTR void narrow_column(const Lane* HWY_RESTRICT lanes, Word* HWY_RESTRICT words) {
  for (std::size_t r = 0; r < kColumnLanes; ++r) words[r] = static_cast<Word>(lanes[r]);
}

template <class Word, class Lane>
HWY_ATTR void store_words(const Lane* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,
                          std::size_t rows) {
  char* words = static_cast<char*>(out.data) + static_cast<std::ptrdiff_t>(first) * out.row_stride +
                static_cast<std::ptrdiff_t>(column) * out.column_stride;
  const bool aligned = reinterpret_cast<std::uintptr_t>(words) % alignof(Word) == 0;
  if (rows == kColumnLanes && out.row_stride == static_cast<std::ptrdiff_t>(sizeof(Word)) && aligned)
    return narrow_column(lanes, reinterpret_cast<Word*>(words));
  for (std::size_t r = 0; r < rows; ++r) {
    const auto word = static_cast<Word>(lanes[r]);
    std::memcpy(words + static_cast<std::ptrdiff_t>(r) * out.row_stride, &word, sizeof word);
  }
}

template <class Lane>
HWY_ATTR void store(const Lane* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,
                    std::size_t rows) {
  switch (out.word_bytes) {
    case 1:
      return store_words<std::int8_t>(lanes, out, first, column, rows);
    case 2:
      return store_words<std::int16_t>(lanes, out, first, column, rows);
    case 4:
      return store_words<std::int32_t>(lanes, out, first, column, rows);
    default:
      return store_words<std::int64_t>(lanes, out, first, column, rows);
  }
}

// What the other sets of instructions are chosen from: templates have no address of their own.
#define VIGIL_COLUMN_FUNCTIONS(Lane)                                                                               \
  bool load_one(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows, std::int64_t lowest, \
                std::int64_t highest, Lane* lanes) {                                                               \
    return load(in, first, column, rows, lowest, highest, lanes);                                                  \
  }                                                                                                                \
  bool load_many(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,            \
                 std::size_t rows, const std::int64_t* lowest, const std::int64_t* highest, Lane* lanes) {         \
    return load_group(in, first, first_column, columns, rows, lowest, highest, lanes);                             \
  }                                                                                                                \
  void store_one(const Lane* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,            \
                 std::size_t rows) {                                                                               \
    store(lanes, out, first, column, rows);                                                                        \
  }
VIGIL_COLUMN_FUNCTIONS(std::int16_t)
VIGIL_COLUMN_FUNCTIONS(std::int32_t)
VIGIL_COLUMN_FUNCTIONS(std::int64_t)
#undef VIGIL_COLUMN_FUNCTIONS

}  // namespace vigil::fpga_model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vigil::fpga_model {

#if HWY_ARCH_X86_64
#define VIGIL_CHOOSE(function, ...)                      \
  switch (target) {                                      \
    case SimdTarget::reference:                          \
      return HWY_STATIC_DISPATCH(function)(__VA_ARGS__); \
    case SimdTarget::sse4:                               \
      return N_SSE4::function(__VA_ARGS__);              \
    case SimdTarget::avx2:                               \
      return N_AVX2::function(__VA_ARGS__);              \
    default:                                             \
      return N_AVX3::function(__VA_ARGS__);              \
  }
#else
#define VIGIL_CHOOSE(function, ...) \
  static_cast<void>(target);        \
  return HWY_STATIC_DISPATCH(function)(__VA_ARGS__)
#endif

#define VIGIL_COLUMN_FUNCTIONS(Lane)                                                                                  \
  bool load_column(const WordsView& in, std::size_t first, std::size_t column, std::size_t rows, std::int64_t lowest, \
                   std::int64_t highest, Lane* lanes, SimdTarget target) {                                            \
    VIGIL_CHOOSE(load_one, in, first, column, rows, lowest, highest, lanes);                                          \
  }                                                                                                                   \
  bool load_columns(const WordsView& in, std::size_t first, std::size_t first_column, std::size_t columns,            \
                    std::size_t rows, const std::int64_t* lowest, const std::int64_t* highest, Lane* lanes,           \
                    SimdTarget target) {                                                                              \
    VIGIL_CHOOSE(load_many, in, first, first_column, columns, rows, lowest, highest, lanes);                          \
  }                                                                                                                   \
  void store_column(const Lane* lanes, const MutableWordsView& out, std::size_t first, std::size_t column,            \
                    std::size_t rows, SimdTarget target) {                                                            \
    VIGIL_CHOOSE(store_one, lanes, out, first, column, rows);                                                         \
  }
VIGIL_COLUMN_FUNCTIONS(std::int16_t)
VIGIL_COLUMN_FUNCTIONS(std::int32_t)
VIGIL_COLUMN_FUNCTIONS(std::int64_t)
#undef VIGIL_COLUMN_FUNCTIONS
#undef VIGIL_CHOOSE

}  // namespace vigil::fpga_model
#endif
