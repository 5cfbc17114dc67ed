// Total variation distance.
#include <cmath>
#include <numbers>

#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading tv(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{total_variation(CellTable(pooled(cells))), {}, {}};
  });
}

SampleReading tv_of_samples(const SamplePair& pair) { return {total_variation(pair.table)}; }

// Where nothing moved, |p - q| of a cell with the fraction r is sqrt(2 / pi) of its deviation sqrt(r (1 - r) / events)
// on average; half their sum is the noise, and a change adds to it in quadrature.
Measured measure_tv(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  const double total = table.reference_total() + table.sample_total(), value = total_variation(table);
  double noise = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double r = (table.reference()[i] + table.sample()[i]) / total;
    noise += std::sqrt(r * (1 - r));
  }
  noise *= noise / (2 * std::numbers::pi * effective_events(cells));  // squared
  const double unit = noise > 0 ? noise / table.degrees() : 1;
  return rooted(measure_by_cells(table, value * value, noise, unit, squared(limits), "TV"));
}

}  // namespace vigil::monitors
