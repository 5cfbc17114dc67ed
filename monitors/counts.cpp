#include "monitors/counts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace vigil::monitors {
namespace {

double real(std::uint64_t n) { return static_cast<double>(n); }

double middle(std::int32_t bin) {
  const std::int32_t m = bin < 0 ? -bin : bin;
  const double value = (real(bin_magnitude(m)) + (real(bin_magnitude(m + 1)) - 1)) / 2;
  return bin < 0 ? -value : value;
}

}  // namespace

void Cells::add(double value, std::uint64_t in_window, std::uint64_t in_reference) {
  if (in_window == 0 && in_reference == 0) return;
  cells.push_back({value, in_window, in_reference});
  window += in_window;
  reference += in_reference;
}

Cells cells_of_bins(const Histogram& window, const Histogram& reference, const FixedPoint& type) {
  Cells cells;
  const auto& a = window.counts();
  const auto& b = reference.counts();
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == 0 && b[i] == 0) continue;
    const std::int32_t bin = window.first_bin() + static_cast<std::int32_t>(i);
    cells.add(std::ldexp(middle(bin), -type.fraction()), a[i], b[i]);
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

KsDistance ks_distance(const Cells& cells) {
  // F - G = (a B - b A) / (A B) with cumulative counts a of A and b of B; in units of 1 / lcm the numerator is an
  // integer.
  const std::uint64_t g = std::gcd(cells.window, cells.reference);
  const Wide wa = static_cast<Wide>(cells.window / g), wb = static_cast<Wide>(cells.reference / g);
  Wide a = 0, b = 0, largest = 0;
  for (const Cell& cell : cells.cells) {
    a += static_cast<Wide>(cell.window);
    b += static_cast<Wide>(cell.reference);
    const Wide difference = a * wb - b * wa;
    largest = std::max(largest, difference < 0 ? -difference : difference);
  }
  const double lcm = static_cast<double>(wa) * real(cells.reference);
  return {static_cast<double>(largest) / lcm,
          largest > Wide{INT64_MAX} ? UINT64_MAX : static_cast<std::uint64_t>(largest)};
}

ChiSquared chi_squared(const Cells& cells) {
  // Of a cell with a + b events the two sides expect (a + b) A / N and (a + b) B / N, N = A + B. Both deviate by
  // (a B - b A) / N, so the pair adds ((a B - b A) / N)^2 (N / (a + b)) (1 / A + 1 / B) = (a B - b A)^2 / (A B (a +
  // b)), which is (a sqrt(B / A) - b sqrt(A / B))^2 / (a + b).
  const double wa = real(cells.window), wb = real(cells.reference);
  ChiSquared result;
  for (const Cell& cell : cells.cells) {
    const double difference = real(cell.window) * std::sqrt(wb / wa) - real(cell.reference) * std::sqrt(wa / wb);
    result.value += difference * difference / real(cell.window + cell.reference);
  }
  result.degrees = real(cells.cells.size()) - 1;
  return result;
}

Cells pooled(const Cells& cells, double least) {
  // A cell with n events in all expects n A / N and n B / N; the smaller total sets the need.
  const double total = real(cells.window + cells.reference);
  const double smaller = real(std::min(cells.window, cells.reference));
  Cells result;
  result.window = cells.window;
  result.reference = cells.reference;
  Cell open;
  bool has_open = false;
  for (const Cell& cell : cells.cells) {
    if (!has_open) open.value = cell.value;
    has_open = true;
    open.window += cell.window;
    open.reference += cell.reference;
    if (real(open.window + open.reference) * smaller / total >= least) {
      result.cells.push_back(open);
      open = {};
      has_open = false;
    }
  }
  if (has_open && !result.cells.empty()) {
    result.cells.back().window += open.window;
    result.cells.back().reference += open.reference;
  } else if (has_open) {
    result.cells.push_back(open);
  }
  return result;
}

double stability_index(const Cells& cells) {
  // Half an event in place of none keeps the logarithm finite; the fractions are taken of the totals with these halves.
  const auto filled = [](std::uint64_t n) { return n == 0 ? 0.5 : real(n); };
  double a = 0, b = 0;
  for (const Cell& cell : cells.cells) {
    a += filled(cell.window);
    b += filled(cell.reference);
  }
  double sum = 0;
  for (const Cell& cell : cells.cells) {
    const double p = filled(cell.window) / a, q = filled(cell.reference) / b;
    sum += (p - q) * std::log(p / q);
  }
  return sum;
}

double jensen_shannon(const Cells& cells) {
  const double wa = real(cells.window), wb = real(cells.reference);
  double sum = 0;
  for (const Cell& cell : cells.cells) {
    const double p = real(cell.window) / wa, q = real(cell.reference) / wb, m = (p + q) / 2;
    if (p == q) continue;
    sum += (p > 0 ? p * std::log2(p / m) : 0) + (q > 0 ? q * std::log2(q / m) : 0);
  }
  return std::clamp(sum / 2, 0.0, 1.0);
}

double wasserstein_1(const Cells& cells) {
  // Integral of |F - G| over the values (Vallender 1974).
  const Wide wa = static_cast<Wide>(cells.window), wb = static_cast<Wide>(cells.reference);
  const double scale = real(cells.window) * real(cells.reference);
  Wide a = 0, b = 0;
  double sum = 0;
  for (std::size_t i = 0; i + 1 < cells.cells.size(); ++i) {
    a += static_cast<Wide>(cells.cells[i].window);
    b += static_cast<Wide>(cells.cells[i].reference);
    const Wide difference = a * wb - b * wa;
    sum += static_cast<double>(difference < 0 ? -difference : difference) / scale *
           (cells.cells[i + 1].value - cells.cells[i].value);
  }
  return sum;
}

double triangular(const Cells& cells) {
  const double wa = real(cells.window), wb = real(cells.reference);
  double sum = 0;
  for (const Cell& cell : cells.cells) {
    const double p = real(cell.window) / wa, q = real(cell.reference) / wb;
    sum += (p - q) * (p - q) / (p + q);
  }
  return sum / 2;
}

}  // namespace vigil::monitors
