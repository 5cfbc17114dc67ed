// Histograms and moments of the words of one batch, columns side by side; the hot loop of a summary.
// Used by BatchSummary. Keeps bin indices for a small batch, sparse counts for a large one. Not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/fixed_point.h"
#include "core/histogram.h"
#include "core/model.h"
#include "core/summary.h"

namespace vigil::monitors {

// From this many rows on a batch counts densely first.
inline constexpr std::size_t kDenseRows = 512;

class WordFill {
 public:
  // One type a column; `word_by_word` marks columns whose words are counted exactly too.
  void lay_out(const std::vector<FixedPoint>& types, const std::vector<bool>& word_by_word);
  // Replaces what it held by rows of words, each within its column's type.
  void fill(const WordsView& words, std::size_t rows);
  void clear();
  void add_to(std::vector<WordSummary>& columns) const;

 private:
  struct ExactColumn {
    std::size_t column = 0;
    std::int64_t lowest = 0;
    std::vector<std::uint32_t> dense;  // by word - lowest, for a narrow type; zero between batches
    std::vector<std::int64_t> touched;
    std::vector<std::pair<std::int64_t, std::uint64_t>> counts;  // the result
  };

  void fill_rows(const WordsView& words, std::size_t rows);
  void fill_any(const WordsView& words, std::size_t rows);
  template <class T>
  void fill_exact(ExactColumn& exact, const WordsView& words, std::size_t rows);
  void flush_moments();
  void collect();

  std::size_t columns_ = 0;
  std::size_t rows_ = 0;
  bool narrow_ = false;                  // all types fit the bins of a float's bits (see cell_of)
  std::vector<std::int32_t> zero_cell_;  // per column: index of the cell of word 0 in cells_
  std::vector<std::int32_t> lowest_;     // per column: smallest and largest cell relative to it
  std::vector<std::int32_t> highest_;
  std::vector<std::size_t> first_cell_;                          // columns_ + 1
  std::vector<std::int32_t> cell_bin_;                           // bin of each cell
  std::vector<std::uint32_t> cells_;                             // dense counts, zero between batches
  std::vector<std::uint32_t> row_cells_;                         // small batch: cell of every word, row by row
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sparse_;  // large batch: cell, count; ascending
  std::vector<std::int64_t> sums_;
  std::vector<std::uint64_t> squares_;
  std::vector<Moments> moments_;
  std::vector<ExactColumn> exact_;
};

}  // namespace vigil::monitors
