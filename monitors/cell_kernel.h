// The inner loop of WordFill over one row: words to histogram cells and power sums, in the widest vectors this machine
// has. Same integers on every machine. Chosen once, at first use.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace vigil::monitors {

// A float's exponent and four leading mantissa bits are a log-linear bin of 16 an octave, from 1 up: at least as fine
// as bin_of (finer below 16), so a cell lies in exactly one bin. 0 is cell 0, magnitude 1 is cell 1; the sign is the
// word's. This compiles to vector code, which counting leading zeros does not on every machine. Exact for magnitudes up
// to 2^24.
inline std::int32_t cell_of(float word) {
  constexpr std::int32_t kCellOfOne = 127 << 4;
  const auto bits = std::bit_cast<std::int32_t>(word);
  const std::int32_t magnitude = std::max(((bits & 0x7fffffff) >> 19) - (kCellOfOne - 1), 0);
  return bits < 0 ? -magnitude : magnitude;
}

// Per column: index of the cell of word 0, and the lowest and highest cell relative to it (a word outside its type,
// which the caller excludes, stays inside the table); sums and sums of squares are added to.
struct CellColumns {
  const std::int32_t* zero;
  const std::int32_t* lowest;
  const std::int32_t* highest;
  std::int64_t* sums;
  std::uint64_t* squares;
};

// `words`: adjacent words of 1, 2, 4 or 8 bytes, at any address; of magnitude up to 2^24.
using CellKernel = void (*)(const char* words, std::size_t columns, const CellColumns& at, std::uint32_t* cells);
CellKernel cell_kernel(int word_bytes);

}  // namespace vigil::monitors
