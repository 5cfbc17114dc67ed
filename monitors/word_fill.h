// Histograms and moments of the words of one batch, block by block and column by column; the hot loop of a summary.
// Used by BatchSummary. Keeps sparse counts, no dense histogram. Not synchronised.
// Tests: tests/monitors/batch_summary_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/fixed_point.h"
#include "core/model.h"
#include "core/summary.h"
#include "core/word_columns.h"
#include "monitors/exact_words.h"
#include "monitors/word_layout.h"

namespace vigil::monitors {

// From this many rows on a batch counts densely first.
inline constexpr std::size_t kDenseRows = 1024;

// Working memory of fillings, one a thread and layout kind; between batches all counts are zero.
struct FillScratch {
  std::vector<std::uint32_t> counts;  // by cell, all columns
  std::vector<std::uint32_t> cells;   // of one pass
  std::vector<std::uint32_t> found;
  std::vector<std::int32_t> words;  // of one pass, gathered
  WordColumns columns;              // of rows turned
};

class WordFill {
 public:
  // One type a column; `exact`: columns whose words are counted exactly too.
  void lay_out(const std::vector<FixedPoint>& types, const std::vector<std::size_t>& exact);

  // Replaces what it held by a batch of `rows` rows: begin, then add all of them block by block, then finish, all with
  // one scratch that no other WordFill uses in between. Every word within its column's type. Fast for contiguous
  // columns of 4-byte words, good for rows of adjacent words.
  void begin(std::size_t rows, FillScratch& scratch);
  void add(const WordsView& words, std::size_t rows, FillScratch& scratch);
  void finish(FillScratch& scratch);
  void clear();

  // Counts to `counts`, moments to `columns`; the histograms get theirs when the counts are folded.
  void add_to(CellCounts& counts, std::vector<WordSummary>& columns) const;
  // The words of the exact columns, in their order, each in order of the rows.
  void add_words_to(std::vector<ExactWords>& columns) const;

 private:
  struct ExactColumn {
    std::size_t column = 0;
    std::vector<std::int64_t> words;
  };
  struct Run {  // cells_[begin..end) are of this column, counted from its first
    std::size_t column, begin, end;
  };

  void add_narrow(std::size_t column, const std::int32_t* words, std::size_t rows, FillScratch& scratch);
  void add_wide(std::size_t column, const WordsView& words, std::size_t rows, FillScratch& scratch);
  std::uint32_t* room_for_cells(std::size_t rows, FillScratch& scratch);
  void count(std::size_t column, std::size_t found, FillScratch& scratch);

  std::shared_ptr<const WordLayout> layout_ = std::make_shared<WordLayout>();
  bool dense_ = false;
  std::size_t rows_ = 0;
  // Small batch: the cell of every word, but for the commonest of a run, which is counted.
  std::vector<Run> runs_;
  std::vector<std::uint32_t> cells_;
  std::size_t used_cells_ = 0;
  // Large batch, and what small ones count: cell, counted from the first of all columns, and count.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> counts_;
  std::vector<Moments> moments_;
  std::vector<ExactColumn> exact_;
};

}  // namespace vigil::monitors
