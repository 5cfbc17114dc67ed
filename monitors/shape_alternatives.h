// What may become of a distribution, as bets against a reference of finite size: each alternative is a factor for every
// cell whose mean is at most 1 while the data follow the reference, but for a chosen risk that the reference itself
// misleads. Used by the sequential rules of inputs and outputs. Immutable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/histogram.h"

namespace vigil::monitors {

// Three families, which share the weight 0.5, 0.3 and 0.2:
// - smooth: 1 + lambda (P(u) - c), P the Legendre polynomials of degree 1, 2, 3 of u = 2 F - 1 (Neyman 1937: location,
//   spread and skewness in ranks), lambda both ways; c bounds the mean of P under the reference's true distribution
//   (empirical Bernstein bound: Maurer, Pontil 2009);
// - more in one cell: a part e of the events moves there; bounded by Clopper, Pearson (1934);
// - less in one cell: a part e of its events leaves it for all others.
// Betting on bounded means: Waudby-Smith, Ramdas 2024.
class ShapeAlternatives {
 public:
  // `reference`: at least one event. `risk` in (0, 1): probability that for some alternative the mean is above 1.
  ShapeAlternatives(const Histogram& reference, double risk) : ShapeAlternatives({&reference}, risk) {}
  // Of a reference in strata, of equal bins and events each: an alternative is a change of the same kind in each of
  // them, of factors of its own; where a stratum is too thin to bet on, its factors are 1.
  ShapeAlternatives(const std::vector<const Histogram*>& strata, double risk);

  const std::vector<double>& weights() const { return weights_; }  // one an alternative, sum 1
  // ln of the product of the factors over all events of a histogram of the same bins, by alternative.
  std::vector<double> steps(const Histogram& events, std::size_t stratum = 0) const;
  std::size_t cells() const { return cells_; }

 private:
  std::int32_t first_bin_;
  std::vector<std::uint16_t> cell_of_bin_;
  std::size_t cells_ = 0;
  std::vector<std::vector<double>> log_factors_;  // of each stratum [cell][alternative]
  std::vector<double> weights_;
};

}  // namespace vigil::monitors
