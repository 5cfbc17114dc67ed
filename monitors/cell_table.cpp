#include "monitors/cell_table.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "monitors/cell_kernel.h"

namespace vigil::monitors {
namespace {

Columns columns(const CellTable& table) {
  return {table.reference(),       table.sample(),       table.difference(),
          table.reference_total(), table.sample_total(), table.size()};
}
double pairs(const CellTable& table) { return table.reference_total() * table.sample_total(); }

// c M - d N is formed in doubles where that is exact.
bool is_small(double n, double m) { return n * m < 0x1p53; }
double exact_difference(double c, double m, double d, double n) {
  return static_cast<double>(static_cast<Wide>(c) * static_cast<Wide>(m) - static_cast<Wide>(d) * static_cast<Wide>(n));
}

}  // namespace

void CellTable::resize(std::size_t cells) {
  c_.resize(cells);
  d_.resize(cells);
  difference_.resize(cells);
}

void CellTable::assign(const Cells& cells) {
  if (cells.is_weighted()) {
    const double unit = cells.reference_events() / static_cast<double>(cells.reference);
    std::vector<double> c, d;
    for (const Cell& cell : cells.cells) {
      c.push_back(static_cast<double>(cell.reference) * unit);
      d.push_back(static_cast<double>(cell.window));
    }
    *this = of_weights(std::move(c), std::move(d), cells.reference_events(), static_cast<double>(cells.window));
    return;
  }
  resize(cells.cells.size());
  for (std::size_t i = 0; i < c_.size(); ++i) {
    c_[i] = static_cast<double>(static_cast<std::int64_t>(cells.cells[i].reference));
    d_[i] = static_cast<double>(static_cast<std::int64_t>(cells.cells[i].window));
  }
  count(static_cast<double>(cells.reference), static_cast<double>(cells.window));
}

CellTable::CellTable(const SortedSample& reference, const SortedSample& sample) {
  for_each_cell(reference.keys(), sample.keys(), [this](std::uint64_t, std::int64_t c, std::int64_t d) {
    c_.push_back(static_cast<double>(c));
    d_.push_back(static_cast<double>(d));
  });
  difference_.resize(c_.size());
  count(static_cast<double>(reference.counts().n), static_cast<double>(sample.counts().n));
}

void CellTable::count(double n, double m) {
  n_ = n;
  m_ = m;
  if (is_small(n, m)) {
    for (std::size_t i = 0; i < c_.size(); ++i) difference_[i] = c_[i] * m - d_[i] * n;
  } else {
    for (std::size_t i = 0; i < c_.size(); ++i) difference_[i] = exact_difference(c_[i], m, d_[i], n);
  }
}

CellTable CellTable::of_weights(std::vector<double> c, std::vector<double> d, double n, double m) {
  CellTable table;
  table.c_ = std::move(c);
  table.d_ = std::move(d);
  table.n_ = n;
  table.m_ = m;
  table.difference_.resize(table.c_.size());
  for (std::size_t i = 0; i < table.size(); ++i) table.difference_[i] = table.c_[i] * m - table.d_[i] * n;
  return table;
}

double chi_squared(const CellTable& table) { return chi_squared_sum(columns(table)) / pairs(table); }

double likelihood_ratio(const CellTable& table) {
  return 2 * likelihood_sum(columns(table)) / (table.reference_total() + table.sample_total());
}

double stability_index(const CellTable& table) { return stability_sum(columns(table)); }

double relative_entropy(const CellTable& table) { return relative_entropy_sum(columns(table)); }

double jensen_shannon(const CellTable& table) {
  return std::min(jensen_shannon_sum(columns(table)) / (4 * std::numbers::ln2 * pairs(table)), 1.0);
}

double hellinger_distance(const CellTable& table) {
  return std::min(std::sqrt(hellinger_sum(columns(table)) / (2 * pairs(table))), 1.0);
}

double total_variation(const CellTable& table) {
  return std::min(absolute_sum(columns(table)) / (2 * pairs(table)), 1.0);
}

double largest_difference(const CellTable& table) {
  double largest = 0;
  for (std::size_t i = 0; i < table.size(); ++i) largest = std::max(largest, std::abs(table.difference()[i]));
  return largest / pairs(table);
}

double triangular(const CellTable& table) { return triangular_sum(columns(table)) / (2 * pairs(table)); }

}  // namespace vigil::monitors
