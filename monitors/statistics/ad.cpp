// Anderson-Darling.
#include <algorithm>
#include <cmath>

#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading ad(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& weighted) {
    const Cells cells = as_counts(weighted);
    const double value = ordered_sums(cells).weighted_square;
    return Reading{value, anderson_darling_tail(value).p, {}};
  });
}

SampleReading ad_of_samples(const SamplePair& pair) {
  if (pair.weights) return without_weights();
  return with_tail(pair.ordered.weighted_square, anderson_darling_tail(pair.ordered.weighted_square));
}

// Effect size: the root mean square of (F - G) / sqrt(H (1 - H)), H of both together, less what noise alone gives: A^2
// is 1 on average where nothing moved.
Measured measure_ad(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = as_counts(shape(window, reference, subject, true));
  const OrderedSums sums = ordered_sums(cells);
  const OrderedCertainty certainty(cells, sums);
  const double events = effective_events(cells), value = sums.weighted_square;
  const auto limit = [&](double effect, double p_value) {
    const double needed = certainty.needed(p_value);
    return std::max(1 + events * effect * effect, value * needed * needed);
  };
  const double size = std::sqrt(std::max(value - 1, 0.0) / events);
  return {value,
          limit(limits.medium, limits.warn),
          limit(limits.bad, limits.page(1)),
          certainty.p_value(),
          size,
          "A2",
          "root mean square of F - G in its own spread " + in_words(size)};
}

}  // namespace vigil::monitors
