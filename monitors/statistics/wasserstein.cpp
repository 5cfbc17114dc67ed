// Wasserstein-1 distance.
#include <algorithm>
#include <cmath>

#include "monitors/kolmogorov.h"
#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading wasserstein(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    return Reading{wasserstein_1(cells), {}, {}};
  });
}

SampleReading wasserstein_of_samples(const Cells& cells) {
  if (!std::isfinite(cells.cells.front().value) || !std::isfinite(cells.cells.back().value)) {
    return {{}, {}, "a value is infinite"};
  }
  return {wasserstein_1(cells), {}};
}

// In reference standard deviations; a constant reference counts as one LSB wide. Significance is that of D.
Measured measure_wasserstein(const Summary& window, const Summary& reference, const Subject& subject,
                             const Limits& limits) {
  const Cells cells = shape(window, reference, subject, true);
  const FixedPoint& type = word_type(subject);
  const double width = std::max(deviation(word_summary(reference, subject), type), type.to_real(1));
  const double d = ks_distance(cells).d;
  const bool significant = kolmogorov_p_value(d * std::sqrt(effective_events(cells))) < limits.significance;
  const double value = wasserstein_1(cells);
  return {value,
          limits.medium * width,
          limits.bad * width,
          significant,
          "W1",
          in_words(value / width) + " standard deviations of the reference"};
}

}  // namespace vigil::monitors
