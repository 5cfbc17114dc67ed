#include "monitors/word_fill.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace vigil::monitors {
namespace {

constexpr std::size_t kRows = 1024;  // turned or gathered at a time

void count_cells(const std::uint32_t* cells, std::size_t n, std::uint32_t* counts) {
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {  // two cells a load
    std::uint64_t a, b;
    std::memcpy(&a, cells + i, sizeof a);
    std::memcpy(&b, cells + i + 2, sizeof b);
    ++counts[static_cast<std::uint32_t>(a)];
    ++counts[a >> 32];
    ++counts[static_cast<std::uint32_t>(b)];
    ++counts[b >> 32];
  }
  for (; i < n; ++i) ++counts[cells[i]];
}

bool are_int32_columns(const WordsView& words) { return words.word_bytes == 4 && words.row_stride == 4; }

}  // namespace

void WordFill::lay_out(const std::vector<FixedPoint>& types, const std::vector<std::size_t>& exact) {
  *this = WordFill();
  layout_ = std::make_shared<WordLayout>(types);
  moments_.resize(types.size());
  for (const std::size_t column : exact) exact_.push_back({column, {}});
}

void WordFill::clear() {
  rows_ = 0;
  runs_.clear();
  used_cells_ = 0;
  counts_.clear();
  std::fill(moments_.begin(), moments_.end(), Moments{});
  for (ExactColumn& exact : exact_) exact.words.clear();
}

void WordFill::begin(std::size_t rows, FillScratch& scratch) {
  clear();
  dense_ = rows >= kDenseRows;
  const auto make_room = [](auto& of, std::size_t size) {
    if (of.size() < size) of.resize(size);
  };
  make_room(scratch.words, kRows);
  if (!dense_) return make_room(cells_, rows * layout_->columns.size() + kVectorSpace);
  make_room(scratch.counts, layout_->cells());
  make_room(scratch.cells, std::max(kRows, layout_->cells()) + kVectorSpace);
  make_room(scratch.found, layout_->cells() + kVectorSpace);
}

// Where the cells of a pass go; count() takes them from there.
std::uint32_t* WordFill::room_for_cells(std::size_t rows, FillScratch& scratch) {
  if (dense_) return scratch.cells.data();
  if (cells_.size() < used_cells_ + rows + kVectorSpace) cells_.resize(used_cells_ + rows + kVectorSpace);
  return cells_.data() + used_cells_;
}

void WordFill::count(std::size_t column, std::size_t found, FillScratch& scratch) {
  if (!dense_) {
    if (found > 0) runs_.push_back({column, used_cells_, used_cells_ + found});
    used_cells_ += found;
    return;
  }
  count_cells(scratch.cells.data(), found, scratch.counts.data() + layout_->columns[column].first_cell);
}

void WordFill::add_narrow(std::size_t column, const std::int32_t* words, std::size_t rows, FillScratch& scratch) {
  const WordLayout::Column& layout = layout_->columns[column];
  const ColumnCells& cells = layout.cells;
  Moments& moments = moments_[column];
  const std::size_t step = rows_of_pass(cells);
  for (std::size_t first = 0; first < rows; first += step, words += step) {
    const std::size_t n = std::min(step, rows - first);
    // The cell that is not written out but counted by what is left: 0 (an absent object), unless three words that were
    // looked at say that the column stands at another.
    const auto cell_at = [&](std::size_t i) {
      std::int32_t word;
      std::memcpy(&word, words + i, sizeof word);  // at any address
      return cells.cell_of(word);
    };
    const std::int32_t a = cell_at(0), b = cell_at(n / 2), c = cell_at(n - 1);
    const std::int32_t common = a == b || a == c ? a : b == c ? b : 0;
    const ColumnSums sums = cells_of_words(words, n, cells, common, room_for_cells(n, scratch));
    moments.sum += sums.sum;
    moments.sum_squares += sums.squares;
    count(column, sums.found, scratch);
    if (sums.found == n) continue;
    const auto left = static_cast<std::uint32_t>(n - sums.found);
    const std::size_t cell = layout.first_cell + static_cast<std::size_t>(common);
    if (dense_) {
      scratch.counts[cell] += left;
    } else {
      counts_.emplace_back(static_cast<std::uint32_t>(cell), left);
    }
  }
}

void WordFill::add_wide(std::size_t column, const WordsView& words, std::size_t rows, FillScratch& scratch) {
  const WordLayout::Column& layout = layout_->columns[column];
  Moments& moments = moments_[column];
  for (std::size_t first = 0; first < rows; first += kRows) {
    const std::size_t n = std::min(kRows, rows - first);
    std::uint32_t* const cells = room_for_cells(n, scratch);
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t word = words.at(first + i, column);
      moments.sum += word;
      moments.sum_squares += static_cast<unsigned __int128>(Wide{word} * word);
      const std::int32_t bin = std::clamp(bin_of(word), layout.first_bin, layout.last_bin);
      cells[i] = static_cast<std::uint32_t>(bin - layout.first_bin);
    }
    count(column, n, scratch);
  }
}

void WordFill::add(const WordsView& words, std::size_t rows, FillScratch& scratch) {
  if (rows == 0 || layout_->columns.empty()) return;
  if (!are_int32_columns(words) && words.column_stride == words.word_bytes && layout_->fits_32) {
    for (std::size_t first = 0; first < rows; first += kRows) {
      const std::size_t n = std::min(kRows, rows - first);
      to_columns(words, first, n, layout_->columns.size(), scratch.columns);
      add(scratch.columns.view(), n, scratch);
    }
    return;
  }
  for (std::size_t c = 0; c < layout_->columns.size(); ++c) {
    if (!layout_->columns[c].is_narrow) {
      add_wide(c, words, rows, scratch);
    } else if (are_int32_columns(words)) {
      const char* column = static_cast<const char*>(words.data) + static_cast<std::ptrdiff_t>(c) * words.column_stride;
      add_narrow(c, reinterpret_cast<const std::int32_t*>(column), rows, scratch);
    } else {
      for (std::size_t first = 0; first < rows; first += kRows) {
        const std::size_t n = std::min(kRows, rows - first);
        for (std::size_t i = 0; i < n; ++i) scratch.words[i] = static_cast<std::int32_t>(words.at(first + i, c));
        add_narrow(c, scratch.words.data(), n, scratch);
      }
    }
  }
  for (ExactColumn& exact : exact_) {
    const std::size_t before = exact.words.size();
    exact.words.resize(before + rows);
    for (std::size_t r = 0; r < rows; ++r) exact.words[before + r] = words.at(r, exact.column);
  }
  rows_ += rows;
}

void WordFill::finish(FillScratch& scratch) {
  for (Moments& m : moments_) m.n = rows_;
  if (!dense_ || rows_ == 0) return;
  const std::size_t n =
      take_counts(scratch.counts.data(), layout_->cells(), scratch.cells.data(), scratch.found.data());
  counts_.resize(n);
  for (std::size_t i = 0; i < n; ++i) counts_[i] = {scratch.cells[i], scratch.found[i]};
}

void WordFill::add_to(CellCounts& counts, std::vector<WordSummary>& columns) const {
  if (rows_ == 0) return;
  assert(columns.size() == layout_->columns.size());
  std::uint32_t* const into = counts.add(layout_, rows_, columns);
  for (std::size_t c = 0; c < columns.size(); ++c) columns[c].moments += moments_[c];
  for (const auto& [cell, n] : counts_) into[cell] += n;
  for (const Run& run : runs_) {
    count_cells(cells_.data() + run.begin, run.end - run.begin, into + layout_->columns[run.column].first_cell);
  }
}

void WordFill::add_words_to(std::vector<ExactWords>& columns) const {
  for (std::size_t i = 0; i < exact_.size(); ++i) columns[i].add(exact_[i].words.data(), exact_[i].words.size());
}

}  // namespace vigil::monitors
