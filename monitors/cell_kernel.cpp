#include "monitors/cell_kernel.h"

#include <array>
#include <cstring>

namespace vigil::monitors {
namespace {

// Reads the words where they lie: a copy to the stack would be read back in wider pieces than it was written, which
// stalls.
template <class T>
[[gnu::always_inline]] inline void row(const char* __restrict words, std::size_t columns, const CellColumns& at,
                                       std::uint32_t* __restrict cells) {
  const auto load = [words](std::size_t c) __attribute__((always_inline)) {
    T word;
    std::memcpy(&word, words + c * sizeof(T), sizeof(T));
    return static_cast<std::int32_t>(word);
  };
  const std::int32_t* __restrict zero = at.zero;
  const std::int32_t* __restrict lowest = at.lowest;
  const std::int32_t* __restrict highest = at.highest;
  std::int64_t* __restrict sums = at.sums;
  std::uint64_t* __restrict squares = at.squares;
  for (std::size_t c = 0; c < columns; ++c) {
    const std::int32_t cell = cell_of(static_cast<float>(load(c)));
    cells[c] = static_cast<std::uint32_t>(zero[c] + std::min(std::max(cell, lowest[c]), highest[c]));
  }
  for (std::size_t c = 0; c < columns; ++c) {
    const std::int64_t w = load(c);
    sums[c] += w;
    squares[c] += static_cast<std::uint64_t>(w) * static_cast<std::uint64_t>(w);
  }
}

template <class T>
void row_plain(const char* words, std::size_t columns, const CellColumns& at, std::uint32_t* cells) {
  row<T>(words, columns, at, cells);
}

using Kernels = std::array<CellKernel, 4>;  // by log2 of the word's bytes
constexpr Kernels kPlain = {&row_plain<std::int8_t>, &row_plain<std::int16_t>, &row_plain<std::int32_t>,
                            &row_plain<std::int64_t>};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
template <class T>
[[gnu::target("arch=x86-64-v3")]] void row_v3(const char* words, std::size_t columns, const CellColumns& at,
                                              std::uint32_t* cells) {
  row<T>(words, columns, at, cells);
}
template <class T>
[[gnu::target("arch=x86-64-v4,prefer-vector-width=512")]] void row_v4(const char* words, std::size_t columns,
                                                                      const CellColumns& at, std::uint32_t* cells) {
  row<T>(words, columns, at, cells);
}
Kernels choose() {
  if (__builtin_cpu_supports("x86-64-v4")) {
    return {&row_v4<std::int8_t>, &row_v4<std::int16_t>, &row_v4<std::int32_t>, &row_v4<std::int64_t>};
  }
  if (__builtin_cpu_supports("x86-64-v3")) {
    return {&row_v3<std::int8_t>, &row_v3<std::int16_t>, &row_v3<std::int32_t>, &row_v3<std::int64_t>};
  }
  return kPlain;
}
#else
Kernels choose() { return kPlain; }
#endif

}  // namespace

CellKernel cell_kernel(int word_bytes) {
  static const Kernels kernels = choose();
  return kernels[word_bytes == 1 ? 0 : word_bytes == 2 ? 1 : word_bytes == 4 ? 2 : 3];
}

}  // namespace vigil::monitors
