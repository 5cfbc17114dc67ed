#include "monitors/weighted_chi_squared.h"

#include <cmath>

namespace vigil::monitors {
namespace {

// One cell of a histogram of `all` counts with `count` of them, and one of weights with sum `weight` of `weights` and
// sum of squares `square`.
struct Term {
  double value = 0;
  double residual = 0;  // of the weights: positive where they lie above what both have in common
};
Term one_weighted(double count, double all, double weight, double weights, double square) {
  // The estimate of the common fraction: (a + root) / (2 W^2), without cancelling where a < 0.
  const double a = weights * weight - all * square;
  const double root = std::sqrt(a * a + 4 * weights * weights * square * count);
  const double p = a >= 0 ? (a + root) / (2 * weights * weights) : 2 * square * count / (root - a);
  Term term;
  if (p > 0) term.value += (count - all * p) * (count - all * p) / (all * p);
  const double above = weight - weights * p;
  if (square > 0) term.value += above * above / square;
  const double share = root > 0 ? weights * square / root : 0, lean = root > 0 ? 1 - a / root : 2;
  const double variance = all * p * (1 - p) * share * share + square / 4 * lean * lean;
  if (above != 0 && variance > 0) term.residual = above / std::sqrt(variance);
  return term;
}

}  // namespace

WeightedChiSquared weighted_chi_squared(const CellTable& table, const SquaredWeights& squares) {
  const double n = table.reference_total(), m = table.sample_total();
  WeightedChiSquared result;
  result.residuals.assign(table.size(), 0);
  if (table.size() == 1) return result;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double c = table.reference()[i], d = table.sample()[i];
    // A cell without weighted events is as uncertain as the mean weight says.
    const auto square = [](double weight, double of_cell, double in_all, double weights) {
      return weight > 0 ? of_cell : in_all / weights;
    };
    Term term;
    if (squares.reference && squares.sample) {
      const double variance = n * n * squares.d[i] + m * m * squares.c[i];
      term.residual = -table.difference()[i] / std::sqrt(variance);
      term.value = term.residual * term.residual;
    } else if (squares.sample) {
      term = one_weighted(c, n, d, m, square(d, squares.d[i], squares.m, m));
    } else {
      term = one_weighted(d, m, c, n, square(c, squares.c[i], squares.n, n));
      term.residual = -term.residual;
    }
    result.value += term.value;
    result.residuals[i] = term.residual;
  }
  return result;
}

}  // namespace vigil::monitors
