#include "monitors/counts.h"

#include <algorithm>
#include <cmath>

namespace vigil::monitors {
namespace {

// Events of a cell of a weighted reference: its variance is estimated from them (Gagunashvili 2010 asks for 10).
constexpr double kLeastWeighted = 10;

double real(std::uint64_t n) { return static_cast<double>(n); }

}  // namespace

double bin_middle(std::int32_t bin) {
  const std::int32_t m = bin < 0 ? -bin : bin;
  const double value = (real(bin_magnitude(m)) + (real(bin_magnitude(m + 1)) - 1)) / 2;
  return bin < 0 ? -value : value;
}

void Cells::add(double value, std::uint64_t in_window, std::uint64_t in_reference) {
  if (in_window == 0 && in_reference == 0) return;
  cells.push_back({value, in_window, in_reference});
  window += in_window;
  reference += in_reference;
}

Cells cells_of_bins(const Histogram& window, const Histogram& reference, const FixedPoint& type) {
  Cells cells;
  const double lsb = std::ldexp(1.0, -type.fraction());
  const auto& a = window.counts();
  const auto& b = reference.counts();
  cells.cells.reserve(std::min(a.size(), b.size()));
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == 0 && b[i] == 0) continue;
    const std::int32_t bin = window.first_bin() + static_cast<std::int32_t>(i);
    cells.add(bin_middle(bin) * lsb, a[i], b[i]);
  }
  return cells;
}

Cells cells_of_words(const WordCounts& window, const WordCounts& reference, const FixedPoint& type) {
  Cells cells;
  auto a = window.begin();
  auto b = reference.begin();
  while (a != window.end() || b != reference.end()) {
    const bool from_a = b == reference.end() || (a != window.end() && a->first <= b->first);
    const bool from_b = a == window.end() || (b != reference.end() && b->first <= a->first);
    const std::int64_t word = from_a ? a->first : b->first;
    cells.add(type.to_real(word), from_a ? a->second : 0, from_b ? b->second : 0);
    if (from_a) ++a;
    if (from_b) ++b;
  }
  return cells;
}

void WeightedCounts::add(double value, std::uint64_t in_window, std::uint64_t in_reference, double weight,
                         double expected) {
  if (in_window == 0 && in_reference == 0) return;
  Sums& sums = sums_[value];
  sums.window += in_window;
  sums.weight += weight * real(in_reference);
  sums.square += weight * weight * expected;
}

Cells WeightedCounts::cells() const {
  Cells out;
  double below = 0, all = 0;
  for (const auto& [value, sums] : sums_) all += sums.weight;
  std::uint64_t given = 0;
  for (const auto& [value, sums] : sums_) {
    below += sums.weight;
    // Up to here, so that no fraction is off by more than half a unit.
    const auto up_to = all > 0 ? static_cast<std::uint64_t>(std::llround(below / all * real(Cells::kWeightUnit))) : 0;
    const std::size_t before = out.cells.size();
    out.add(value, sums.window, up_to - given);
    given = up_to;
    out.squares += sums.square;
    if (out.cells.size() > before) out.cells.back().square = sums.square;
  }
  return out;
}

Cells as_counts(const Cells& cells) {
  if (!cells.is_weighted()) return cells;
  Cells out;
  const double unit = cells.reference_events() / real(cells.reference);
  std::uint64_t below = 0, given = 0;
  for (const Cell& cell : cells.cells) {
    below += cell.reference;
    const auto up_to = static_cast<std::uint64_t>(std::llround(real(below) * unit));
    out.add(cell.value, cell.window, up_to - given);
    given = up_to;
  }
  return out;
}

Cells pooled(const Cells& cells, double least) {
  // A cell with n events in all expects n A / N and n B / N; the smaller total sets the need. Events of a weighted
  // reference are those that would scatter as much.
  const double unit = cells.is_weighted() ? cells.reference_events() / real(cells.reference) : 1;
  const double reference = cells.is_weighted() ? cells.reference_events() : real(cells.reference);
  const double total = real(cells.window) + reference;
  const double smaller = std::min(real(cells.window), reference);
  Cells result;
  result.cells.reserve(cells.cells.size());
  result.window = cells.window;
  result.reference = cells.reference;
  result.squares = cells.squares;
  Cell open;
  bool has_open = false;
  for (const Cell& cell : cells.cells) {
    if (!has_open) open.value = cell.value;
    has_open = true;
    open.window += cell.window;
    open.reference += cell.reference;
    open.square += cell.square;
    // Of weighted events few may weigh much: a cell needs its own number of them.
    const double weight = real(open.reference) / real(cells.reference);
    const bool is_thin = cells.is_weighted() && !(weight * weight >= kLeastWeighted * open.square);
    if (!is_thin && (real(open.window) + real(open.reference) * unit) * smaller / total >= least) {
      result.cells.push_back(open);
      open = {};
      has_open = false;
    }
  }
  if (has_open && !result.cells.empty()) {
    result.cells.back().window += open.window;
    result.cells.back().reference += open.reference;
    result.cells.back().square += open.square;
  } else if (has_open) {
    result.cells.push_back(open);
  }
  return result;
}

}  // namespace vigil::monitors
