// Kolmogorov-Smirnov.
#include <algorithm>
#include <cmath>

#include "monitors/kolmogorov.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading ks(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    const double d = ks_distance(cells).d;
    return Reading{d, kolmogorov_p_value(d * std::sqrt(effective_events(cells))), {}};
  });
}

SampleReading ks_of_samples(const Cells& cells) {
  const KsDistance d = ks_distance(cells);
  return {d.d, ks_two_sample_p_value(cells.window, cells.reference, d.numerator)};
}

// With A and B events, D of two equal distributions stays below kolmogorov_at(p) / sqrt(A B / (A + B)) but for a
// fraction p.
Measured measure_ks(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = shape(window, reference, subject, true);
  const double critical = kolmogorov_at(limits.significance) / std::sqrt(effective_events(cells));
  return {ks_distance(cells).d, std::max(limits.medium, critical), std::max(limits.bad, critical), true, "D"};
}

}  // namespace vigil::monitors
