// The inner loop of WordFill over one column: words to histogram cells and power sums, in the widest vectors this
// machine has (chosen once, at first use). Same integers on every machine.
// Tests: tests/monitors/batch_summary_test.cpp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace vigil::monitors {

// Words of up to this magnitude are exact as a float.
inline constexpr std::int32_t kMostCellWord = std::int32_t{1} << 24;

// A float's exponent and four leading mantissa bits are a log-linear bin of 16 an octave, from 1 up: at least as fine
// as bin_of (finer below 16), so a cell lies in exactly one bin. This compiles to vector code, which counting leading
// zeros does not on every machine. 0 is cell 0, magnitude 1 is cell 1. Exact for magnitudes up to kMostCellWord.
constexpr std::int32_t kCellOfOne = 127 << 4;
constexpr std::int32_t cell_of_magnitude(std::int32_t magnitude) {
  return magnitude == 0 ? 0 : (std::bit_cast<std::int32_t>(static_cast<float>(magnitude)) >> 19) - (kCellOfOne - 1);
}

// How the cells of a column are numbered: 0 and the positive words first, in order, then the negative ones by
// magnitude.
struct ColumnCells {
  std::int32_t lowest = 0;  // of the words; others, which the caller excludes, count as the nearest
  std::int32_t highest = 0;
  std::int32_t positive = 0;  // cells of words from 0 up
  std::int32_t negative = 0;
  std::int32_t cell_of(std::int32_t word) const {
    const std::int32_t w = word < lowest ? lowest : word > highest ? highest : word;
    return w >= 0 ? cell_of_magnitude(w) : positive + cell_of_magnitude(-w) - 1;
  }
};

// What a pass over a column yields beside the cells.
struct ColumnSums {
  std::int64_t sum = 0;
  std::uint64_t squares = 0;
  std::size_t found = 0;  // cells written
};

// Rows of one pass: the sum of their words fits 32 bits.
constexpr std::size_t rows_of_pass(const ColumnCells& column) {
  return column.lowest < -(std::int32_t{1} << 20) || column.highest > (std::int32_t{1} << 20) ? 64 : 1024;
}

// The kernels write whole vectors: beyond what they return, up to this many words of any content.
inline constexpr std::size_t kVectorSpace = 64;

// Writes the cells of words[0..n) except those equal to `common`, in order; `cells` has room for n + kVectorSpace.
// n at most rows_of_pass. Words may lie at any address of an int32.
ColumnSums cells_of_words(const std::int32_t* words, std::size_t n, const ColumnCells& column, std::int32_t common,
                          std::uint32_t* cells);

// Moves the counts above 0 out of counts[0..n), which is then all 0: their places and themselves, in order; `cells` and
// `found` have room for n + kVectorSpace. Returns how many there were.
std::size_t take_counts(std::uint32_t* counts, std::size_t n, std::uint32_t* cells, std::uint32_t* found);

}  // namespace vigil::monitors
