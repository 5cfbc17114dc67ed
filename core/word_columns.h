// Rows of words, as a wire carries them, turned into contiguous columns of 32-bit words, as vector code wants them.
// Used by ingest (inputs) and monitors (hardware outputs, rows of any caller). Checks nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/model.h"

namespace vigil {

// Distance of two columns of `rows` words: whole vectors, and no power of two, whose columns would share cache sets.
constexpr std::size_t leading_dimension(std::size_t rows) { return (rows + 15) / 16 * 16 + 16; }

// Contiguous columns of words that fit 32 bits: word (r, c) is data[c * leading_dimension(rows) + r].
struct WordColumns {
  std::vector<std::int32_t> data;
  std::size_t rows = 0;
  std::size_t columns = 0;

  // Contents undefined. Allocates only where it has never been this large.
  void resize(std::size_t new_rows, std::size_t new_columns) {
    rows = new_rows;
    columns = new_columns;
    const std::size_t words = leading_dimension(rows) * columns;
    if (data.size() < words) data.resize(words);
  }
  std::int32_t* column(std::size_t c) { return data.data() + c * leading_dimension(rows); }
  const std::int32_t* column(std::size_t c) const { return data.data() + c * leading_dimension(rows); }
  WordsView view() const { return {data.data(), 4, 4, static_cast<std::ptrdiff_t>(4 * leading_dimension(rows))}; }
  MutableWordsView mutable_view() {
    return {data.data(), 4, 4, static_cast<std::ptrdiff_t>(4 * leading_dimension(rows))};
  }
};

// Rows first .. first + rows - 1 of `words` (any word size, any strides, any address), whose words fit 32 bits.
void to_columns(const WordsView& words, std::size_t first, std::size_t rows, std::size_t columns, WordColumns& out);

}  // namespace vigil
