// Mann-Whitney U.
#include <algorithm>
#include <cmath>

#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {
namespace {

// Normal limit, corrected for ties and, by half a pair, for continuity.
Tail tail(const OrderedSums& sums, double pairs) {
  if (!(sums.above_deviation > 0)) return {};
  return normal_two_sided_tail((std::abs(sums.above - pairs / 2) - 0.5) / sums.above_deviation);
}

double pairs_of(const Cells& cells) { return static_cast<double>(cells.window) * static_cast<double>(cells.reference); }

}  // namespace

Reading mann_whitney(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& weighted) {
    const Cells cells = as_counts(weighted);
    const OrderedSums sums = ordered_sums(cells);
    return Reading{sums.above, tail(sums, pairs_of(cells)).p, {}};
  });
}

SampleReading mann_whitney_of_samples(const SamplePair& pair) {
  if (pair.weights) return without_weights();
  const double pairs = pair.table.reference_total() * pair.table.sample_total();
  SampleReading reading = with_tail(pair.ordered.above, tail(pair.ordered, pairs));
  reading.extra = {"auc", pair.ordered.above / pairs};
  return reading;
}

// Effect size: how far the chance that the window's word lies above the reference's is from 1/2, less what noise alone
// gives. Judged is the larger of U and its opposite, NM - U: a fall is as bad as a rise.
Measured measure_mann_whitney(const Summary& window, const Summary& reference, const Subject& subject,
                              const Limits& limits) {
  const Cells cells = as_counts(shape(window, reference, subject, true));
  const OrderedSums sums = ordered_sums(cells);
  const OrderedCertainty certainty(cells, sums);
  const double pairs = pairs_of(cells), off = std::abs(sums.above / pairs - 0.5), noise = sums.above_deviation / pairs;
  const auto limit = [&](double effect, double p_value) {
    return pairs * (0.5 + std::max(std::hypot(effect, noise), off * certainty.needed(p_value)));
  };
  const double size = std::sqrt(std::max(off * off - noise * noise, 0.0));
  return {pairs * (0.5 + off),
          limit(limits.medium, limits.warn),
          limit(limits.bad, limits.page(1)),
          certainty.p_value(),
          size,
          "larger U",
          "chance to lie above the reference " + in_words(sums.above / pairs)};
}

}  // namespace vigil::monitors
