// Wasserstein-1 distance.
#include <algorithm>
#include <cmath>

#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading wasserstein(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    return Reading{ordered_sums(cells).area, {}, {}};
  });
}

SampleReading wasserstein_of_samples(const SamplePair& pair) { return area_reading(pair, pair.ordered.area); }

// In reference standard deviations; a constant reference counts as one LSB wide. Significance is that of D.
Measured measure_wasserstein(const Summary& window, const Summary& reference, const Subject& subject,
                             const Limits& limits) {
  const Cells cells = shape(window, reference, subject, true);
  const OrderedSums sums = ordered_sums(cells);
  const double width = reference_width(window, reference, subject);
  return {sums.area,
          limits.medium * width,
          limits.bad * width,
          OrderedCertainty(cells, sums).p_value(),
          sums.area / width,
          "W1",
          in_words(sums.area / width) + " standard deviations of the reference"};
}

}  // namespace vigil::monitors
