#include "monitors/word_fill.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "monitors/cell_kernel.h"

namespace vigil::monitors {
namespace {

// Words of at most this magnitude are exact as a float, and fewer than kFlushRows of their squares fit 64 bits.
constexpr std::int64_t kNarrow = std::int64_t{1} << 24;
constexpr std::size_t kFlushRows = 32768;
constexpr int kExactWidth = 18;       // a dense table up to here (1 MiB)
constexpr std::size_t kColumns = 64;  // columns of one step of the hot loop

std::int32_t bin_of_cell(std::int32_t cell) {
  const std::int32_t m = cell < 0 ? -cell : cell;
  if (m == 0) return 0;
  const std::int32_t octave = (m - 1) / 16;
  const std::int64_t leading = 16 + (m - 1) % 16;
  const std::int64_t magnitude = octave >= 4 ? leading << (octave - 4) : leading >> (4 - octave);
  return bin_of(cell < 0 ? -magnitude : magnitude);
}

}  // namespace

void WordFill::lay_out(const std::vector<FixedPoint>& types, const std::vector<bool>& word_by_word) {
  *this = WordFill();
  columns_ = types.size();
  narrow_ = std::all_of(types.begin(), types.end(),
                        [](const FixedPoint& t) { return t.lowest() >= -kNarrow && t.highest() <= kNarrow; });
  first_cell_.push_back(0);
  for (const FixedPoint& type : types) {
    const auto cell = [&](std::int64_t word) { return narrow_ ? cell_of(static_cast<float>(word)) : bin_of(word); };
    lowest_.push_back(cell(type.lowest()));
    highest_.push_back(cell(type.highest()));
    zero_cell_.push_back(static_cast<std::int32_t>(first_cell_.back()) - lowest_.back());
    for (std::int32_t c = lowest_.back(); c <= highest_.back(); ++c) cell_bin_.push_back(narrow_ ? bin_of_cell(c) : c);
    first_cell_.push_back(cell_bin_.size());
  }
  cells_.assign(cell_bin_.size(), 0);
  sums_.assign(columns_, 0);
  squares_.assign(columns_, 0);
  moments_.assign(columns_, {});
  for (std::size_t c = 0; c < columns_; ++c) {
    if (!word_by_word[c]) continue;
    ExactColumn exact;
    exact.column = c;
    exact.lowest = types[c].lowest();
    if (types[c].width <= kExactWidth) exact.dense.assign(std::size_t{1} << types[c].width, 0);
    exact_.push_back(std::move(exact));
  }
}

void WordFill::clear() {
  rows_ = 0;
  row_cells_.clear();
  sparse_.clear();
  std::fill(moments_.begin(), moments_.end(), Moments{});
  for (ExactColumn& exact : exact_) exact.counts.clear();
}

void WordFill::flush_moments() {
  for (std::size_t c = 0; c < columns_; ++c) {
    moments_[c].sum += sums_[c];
    moments_[c].sum_squares += squares_[c];
    sums_[c] = 0;
    squares_[c] = 0;
  }
}

// Row-major rows of adjacent words of narrow types.
void WordFill::fill_rows(const WordsView& words, std::size_t rows) {
  const bool dense = rows >= kDenseRows;
  const auto* bytes = static_cast<const char*>(words.data);
  const CellKernel kernel = cell_kernel(words.word_bytes);
  std::uint32_t* counts = cells_.data();
  std::uint32_t* kept = row_cells_.data();
  std::uint32_t cell[kColumns];
  for (std::size_t begin = 0; begin < rows; begin += kFlushRows) {
    const std::size_t end = std::min(rows, begin + kFlushRows);
    for (std::size_t r = begin; r < end; ++r) {
      const char* row = bytes + static_cast<std::ptrdiff_t>(r) * words.row_stride;
      for (std::size_t first = 0; first < columns_; first += kColumns) {
        const std::size_t n = std::min(kColumns, columns_ - first);
        kernel(row + static_cast<std::ptrdiff_t>(first) * words.column_stride, n,
               {zero_cell_.data() + first, lowest_.data() + first, highest_.data() + first, sums_.data() + first,
                squares_.data() + first},
               cell);
        if (dense) {
          for (std::size_t c = 0; c < n; ++c) ++counts[cell[c]];
        } else {
          std::copy_n(cell, n, kept);
          kept += n;
        }
      }
    }
    flush_moments();
  }
}

// Any layout and width.
void WordFill::fill_any(const WordsView& words, std::size_t rows) {
  const bool dense = rows >= kDenseRows;
  std::size_t i = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns_; ++c) {
      const std::int64_t w = words.at(r, c);
      const std::int32_t at = narrow_ ? cell_of(static_cast<float>(w)) : bin_of(w);
      const auto cell = static_cast<std::uint32_t>(zero_cell_[c] + std::clamp(at, lowest_[c], highest_[c]));
      moments_[c].sum += w;
      moments_[c].sum_squares += static_cast<unsigned __int128>(Wide{w} * w);
      if (dense) {
        ++cells_[cell];
      } else {
        row_cells_[i++] = cell;
      }
    }
  }
}

template <class T>
void WordFill::fill_exact(ExactColumn& exact, const WordsView& words, std::size_t rows) {
  const auto* bytes =
      static_cast<const char*>(words.data) + static_cast<std::ptrdiff_t>(exact.column) * words.column_stride;
  exact.touched.clear();
  if (!exact.dense.empty()) {
    for (std::size_t r = 0; r < rows; ++r) {
      T word;
      std::memcpy(&word, bytes + static_cast<std::ptrdiff_t>(r) * words.row_stride, sizeof word);
      const std::uint64_t at = static_cast<std::uint64_t>(word) - static_cast<std::uint64_t>(exact.lowest);
      if (at >= exact.dense.size()) continue;  // outside its type: excluded by the caller
      if (exact.dense[at]++ == 0) exact.touched.push_back(word);
    }
    std::sort(exact.touched.begin(), exact.touched.end());
    for (const std::int64_t word : exact.touched) {
      std::uint32_t& count = exact.dense[static_cast<std::size_t>(word - exact.lowest)];
      exact.counts.emplace_back(word, count);
      count = 0;
    }
    return;
  }
  for (std::size_t r = 0; r < rows; ++r) exact.touched.push_back(words.at(r, exact.column));
  std::sort(exact.touched.begin(), exact.touched.end());
  for (const std::int64_t word : exact.touched) {
    if (exact.counts.empty() || exact.counts.back().first != word) exact.counts.emplace_back(word, 0);
    ++exact.counts.back().second;
  }
}

void WordFill::collect() {
  for (std::uint32_t cell = 0; cell < cells_.size(); ++cell) {
    if (cells_[cell] == 0) continue;
    sparse_.emplace_back(cell, cells_[cell]);
    cells_[cell] = 0;
  }
}

void WordFill::fill(const WordsView& words, std::size_t rows) {
  clear();
  if (rows == 0 || columns_ == 0) return;
  rows_ = rows;
  if (rows < kDenseRows) row_cells_.resize(rows * columns_);
  const bool adjacent = words.column_stride == words.word_bytes;
  if (!narrow_ || !adjacent) {
    fill_any(words, rows);
  } else {
    fill_rows(words, rows);
  }
  for (Moments& m : moments_) m.n = rows;
  for (ExactColumn& exact : exact_) {
    switch (words.word_bytes) {
      case 1:
        fill_exact<std::int8_t>(exact, words, rows);
        break;
      case 2:
        fill_exact<std::int16_t>(exact, words, rows);
        break;
      case 4:
        fill_exact<std::int32_t>(exact, words, rows);
        break;
      default:
        fill_exact<std::int64_t>(exact, words, rows);
        break;
    }
  }
  if (rows >= kDenseRows) collect();
}

void WordFill::add_to(std::vector<WordSummary>& columns) const {
  if (rows_ == 0) return;
  assert(columns.size() == columns_);
  for (std::size_t c = 0; c < columns_; ++c) columns[c].moments += moments_[c];
  if (rows_ < kDenseRows) {
    const std::uint32_t* cell = row_cells_.data();
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < columns_; ++c) columns[c].histogram.add(cell_bin_[*cell++], 1);
    }
  } else {
    std::size_t c = 0;
    for (const auto& [cell, count] : sparse_) {
      while (cell >= first_cell_[c + 1]) ++c;
      columns[c].histogram.add(cell_bin_[cell], count);
    }
  }
  for (const ExactColumn& exact : exact_) {
    WordCounts& words = columns[exact.column].words;
    auto hint = words.begin();
    for (const auto& [word, count] : exact.counts) {
      if (hint == words.end() || hint->first < word) hint = words.lower_bound(word);
      hint = words.try_emplace(hint, word, 0);
      hint->second += count;
      ++hint;
    }
  }
}

}  // namespace vigil::monitors
