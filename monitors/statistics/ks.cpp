// Kolmogorov-Smirnov.
#include <algorithm>
#include <cmath>

#include "monitors/kolmogorov.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading ks(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    const double d = ordered_sums(cells).supremum;
    return Reading{d, kolmogorov_p_value(d * std::sqrt(effective_events(cells))), {}};
  });
}

SampleReading ks_of_samples(const SamplePair& pair) {
  const double d = pair.ordered.supremum, n = pair.table.reference_total(), m = pair.table.sample_total();
  if (pair.weights) {
    // Events of equal weight that would fluctuate as much.
    const double a = n * n / pair.weights->n, b = m * m / pair.weights->m;
    return with_tail(d, kolmogorov_tail(d * std::sqrt(a * b / (a + b))));
  }
  return with_tail(
      d, ks_two_sample_tail(static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(m), pair.ordered.numerator));
}

// With A and B events, D of two equal distributions stays below kolmogorov_at(p) / sqrt(A B / (A + B)) but for a
// fraction p.
Measured measure_ks(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = shape(window, reference, subject, true);
  const auto critical = [&](double p_value) { return kolmogorov_at(p_value) / std::sqrt(effective_events(cells)); };
  const double d = ordered_sums(cells).supremum;
  return {d,
          std::max(limits.medium, critical(limits.warn)),
          std::max(limits.bad, critical(limits.page(1))),
          kolmogorov_p_value(d * std::sqrt(effective_events(cells))),
          d,
          "D"};
}

}  // namespace vigil::monitors
