// How the words of a batch's columns are counted: every column has cells, at least as fine as the bins of its
// histogram, and the cells of all columns lie side by side. Made from the types alone. Used by WordFill and
// OpenSummary.
// Tests: tests/monitors/batch_summary_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/fixed_point.h"
#include "core/model.h"
#include "core/summary.h"
#include "monitors/column_kernel.h"

namespace vigil::monitors {

// Of every input column; of every output word, concatenated.
std::vector<FixedPoint> input_types(const ModelInfo& model);
std::vector<FixedPoint> output_types(const ModelInfo& model);

struct WordLayout {
  struct Column {
    bool is_narrow = false;      // cells of the kernel; else bins are the cells
    ColumnCells cells;           // narrow
    std::int32_t first_bin = 0;  // wide
    std::int32_t last_bin = 0;
    std::size_t first_cell = 0;  // of this column in all
  };

  WordLayout() = default;
  explicit WordLayout(const std::vector<FixedPoint>& types);

  std::size_t cells() const { return cell_bin.size(); }
  std::size_t end_of(std::size_t column) const {
    return column + 1 < columns.size() ? columns[column + 1].first_cell : cells();
  }

  std::vector<Column> columns;
  std::vector<std::int32_t> cell_bin;  // bin of each cell
  bool fits_32 = true;                 // every type does
};

// Counts by cell of all columns of one layout, for any number of batches.
class CellCounts {
 public:
  // The counts, to be added to for `rows` more words a column. What would overflow is first folded into `columns`.
  std::uint32_t* add(const std::shared_ptr<const WordLayout>& layout, std::uint64_t rows,
                     std::vector<WordSummary>& columns);
  // Adds all counts to the histograms and forgets them.
  void fold(std::vector<WordSummary>& columns);

 private:
  std::shared_ptr<const WordLayout> layout_;  // of the first batch
  std::vector<std::uint32_t> counts_;
  std::uint64_t rows_ = 0;
};

}  // namespace vigil::monitors
