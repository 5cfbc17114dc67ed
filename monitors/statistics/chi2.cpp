// Chi-squared of two samples of counts.
#include <algorithm>
#include <cmath>

#include "monitors/intervals.h"
#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"
#include "monitors/weighted_chi_squared.h"

namespace vigil::monitors {
namespace {

// (d - M t/L) / sqrt(M (t/L) (1 - t/L) N/L), adjusted residuals of the 2 x k table (Haberman 1973).
std::vector<double> residuals(const CellTable& table) {
  const double n = table.reference_total(), m = table.sample_total(), l = n + m;
  std::vector<double> result(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double t = table.reference()[i] + table.sample()[i];
    if (t < l) result[i] = -table.difference()[i] / std::sqrt(n * m * (t * (l - t) / l));
  }
  return result;
}

// Of cells that are pooled. With a weighted reference its own scatter, cell by cell, is in it.
double chi_squared_of(const Cells& cells, const CellTable& table) {
  if (!cells.is_weighted()) return chi_squared(table);
  SquaredWeights squares;
  squares.reference = true;
  squares.n = cells.reference_events();  // W^2 / sum of squares is that, of weights whose sum is that
  for (const Cell& cell : cells.cells) {
    squares.c.push_back(cell.square / cells.squares * squares.n);
    squares.d.push_back(static_cast<double>(cell.window));
  }
  squares.m = static_cast<double>(cells.window);
  return weighted_chi_squared(table, squares).value;
}

}  // namespace

Reading chi2(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    const Cells together = pooled(cells);
    const CellTable table(together);
    const double value = chi_squared_of(together, table);
    return Reading{value, chi_squared_p_value(value, table.degrees()), {}};
  });
}

SampleReading chi2_of_samples(const SamplePair& pair) {
  SampleReading reading;
  if (pair.weights) {
    WeightedChiSquared weighted = weighted_chi_squared(pair.table, *pair.weights);
    reading = with_tail(weighted.value, chi_squared_tail(weighted.value, pair.table.degrees()));
    if (pair.with_residuals) reading.residuals = std::move(weighted.residuals);
  } else {
    const double value = chi_squared(pair.table);
    reading = with_tail(value, chi_squared_tail(value, pair.table.degrees()));
    if (pair.with_residuals) reading.residuals = residuals(pair.table);
  }
  reading.extra = {"dof", pair.table.degrees(), true};
  return reading;
}

// Effect size: the triangular discrimination T = 1/2 sum (p - q)^2 / (p + q) less what noise alone gives. With equal
// parents r, p - q has the variance r (1 - r) (1/A + 1/B), so E[T] = sum r (1 - r) (1/A + 1/B) / (4 r) = (k - 1) (1/A +
// 1/B) / 4. sqrt(T) equals the total variation distance for a change spread evenly, and bounds it in general (TV^2 <= T
// <= TV): "equivalent total variation". The limit in units of chi2 is the chi2 that this same change would have at the
// limiting size: chi2 - dof grows as T does.
Measured measure_chi2(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  const double value = chi_squared_of(cells, table), degrees = table.degrees(), events = effective_events(cells);
  const double excess = triangular(table) - degrees / (4 * events);
  const auto limit = [&](double effect, double p_value) {
    const double moved =
        excess > 0 && value > degrees ? (value - degrees) * (effect * effect / excess) : 4 * events * effect * effect;
    return std::max(chi_squared_at(p_value, degrees), degrees + moved);
  };
  const double size = std::sqrt(std::max(excess, 0.0));
  return {value,
          limit(limits.medium, limits.warn),
          limit(limits.bad, limits.page(degrees)),
          std::max(certainty_of_cells(table), chi_squared_p_value(value, degrees)),
          size,
          "chi2",
          "equivalent total variation " + in_words(size),
          degrees};
}

}  // namespace vigil::monitors
