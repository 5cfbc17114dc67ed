#include "monitors/word_layout.h"

#include <algorithm>
#include <cassert>

namespace vigil::monitors {
namespace {

std::int32_t bin_of_cell(const ColumnCells& cells, std::int32_t cell) {
  const bool is_negative = cell >= cells.positive;
  const std::int32_t m = is_negative ? cell - cells.positive + 1 : cell;
  if (m == 0) return 0;
  const std::int32_t octave = (m - 1) / 16;
  const std::int64_t leading = 16 + (m - 1) % 16;
  const std::int64_t magnitude = octave >= 4 ? leading << (octave - 4) : leading >> (4 - octave);
  return bin_of(is_negative ? -magnitude : magnitude);
}

}  // namespace

std::vector<FixedPoint> input_types(const ModelInfo& model) {
  std::vector<FixedPoint> types;
  for (const InputColumn& column : model.inputs) types.push_back(column.type);
  return types;
}

std::vector<FixedPoint> output_types(const ModelInfo& model) {
  std::vector<FixedPoint> types;
  for (const Output& output : model.outputs) types.insert(types.end(), output.words, output.type);
  return types;
}

WordLayout::WordLayout(const std::vector<FixedPoint>& types) {
  for (const FixedPoint& type : types) {
    const std::int64_t lowest = type.lowest(), highest = type.highest();
    fits_32 = fits_32 && lowest >= INT32_MIN && highest <= INT32_MAX;
    Column column;
    column.first_cell = cell_bin.size();
    column.is_narrow = lowest >= -kMostCellWord && highest <= kMostCellWord;
    if (column.is_narrow) {
      ColumnCells& c = column.cells;
      c.lowest = static_cast<std::int32_t>(lowest);
      c.highest = static_cast<std::int32_t>(highest);
      c.positive = cell_of_magnitude(std::max(c.highest, 0)) + 1;
      c.negative = c.lowest < 0 ? cell_of_magnitude(-c.lowest) : 0;
      for (std::int32_t i = 0; i < c.positive + c.negative; ++i) cell_bin.push_back(bin_of_cell(c, i));
    } else {
      column.first_bin = bin_of(lowest);
      column.last_bin = bin_of(highest);
      for (std::int32_t bin = column.first_bin; bin <= column.last_bin; ++bin) cell_bin.push_back(bin);
    }
    columns.push_back(column);
  }
}

std::uint32_t* CellCounts::add(const std::shared_ptr<const WordLayout>& layout, std::uint64_t rows,
                               std::vector<WordSummary>& columns) {
  if (rows > UINT32_MAX - rows_) fold(columns);
  if (!layout_) {
    layout_ = layout;
    counts_.resize(layout->cells());
  }
  rows_ += rows;
  return counts_.data();
}

void CellCounts::fold(std::vector<WordSummary>& columns) {
  if (rows_ == 0) return;
  assert(columns.size() == layout_->columns.size());
  const WordLayout& layout = *layout_;
  std::vector<std::uint32_t> cells(layout.cells() + kVectorSpace), found(layout.cells() + kVectorSpace);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::size_t first = layout.columns[c].first_cell;
    const std::size_t n = take_counts(counts_.data() + first, layout.end_of(c) - first, cells.data(), found.data());
    for (std::size_t i = 0; i < n; ++i) columns[c].histogram.add(layout.cell_bin[first + cells[i]], found[i]);
  }
  rows_ = 0;
}

}  // namespace vigil::monitors
