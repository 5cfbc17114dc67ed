// Cramer-von Mises.
#include <algorithm>
#include <cmath>

#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {
namespace {

// The two-sample statistic has mean (1 + 1/L) / 6 and variance V, its limit 1/6 and 1/45 (Anderson 1962).
Tail tail(const OrderedSums& sums, double n, double m, std::size_t cells) {
  const double l = n + m;
  const double variance = (l + 1) * (4 * n * m * l - 3 * (n * n + m * m) - 2 * n * m) / (180 * l * l * n * m);
  if (cells <= 1 || !(variance > 0)) return {};
  return cramer_von_mises_tail(1.0 / 6 + (sums.mean_square - (1 + 1 / l) / 6) / std::sqrt(45 * variance));
}

}  // namespace

Reading cvm(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& weighted) {
    const Cells cells = as_counts(weighted);
    const OrderedSums sums = ordered_sums(cells);
    return Reading{
        sums.mean_square,
        tail(sums, static_cast<double>(cells.reference), static_cast<double>(cells.window), cells.cells.size()).p,
        {}};
  });
}

SampleReading cvm_of_samples(const SamplePair& pair) {
  if (pair.weights) return without_weights();
  return with_tail(pair.ordered.mean_square,
                   tail(pair.ordered, pair.table.reference_total(), pair.table.sample_total(), pair.table.size()));
}

// Effect size: the root mean square of F - G, less what noise alone gives.
Measured measure_cvm(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = as_counts(shape(window, reference, subject, true));
  const OrderedSums sums = ordered_sums(cells);
  const OrderedCertainty certainty(cells, sums);
  const double events = effective_events(cells), value = sums.mean_square;
  const double noise = (1 + 1 / static_cast<double>(cells.window + cells.reference)) / 6;
  const auto limit = [&](double effect, double p_value) {
    const double needed = certainty.needed(p_value);
    return std::max(noise + events * effect * effect, value * needed * needed);
  };
  const double size = std::sqrt(std::max(value - noise, 0.0) / events);
  return {value,
          limit(limits.medium, limits.warn),
          limit(limits.bad, limits.page(1)),
          certainty.p_value(),
          size,
          "T",
          "root mean square of F - G " + in_words(size)};
}

}  // namespace vigil::monitors
