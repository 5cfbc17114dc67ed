// Largest difference of the fractions of a cell.
#include <algorithm>
#include <cmath>

#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading linf(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{largest_difference(CellTable(pooled(cells))), {}, {}};
  });
}

SampleReading linf_of_samples(const SamplePair& pair) { return {largest_difference(pair.table)}; }

// The noise is that of the cell with the difference, which alone has to reach the critical chi2.
Measured measure_linf(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  const double value = largest_difference(table);
  const double* differences = table.difference();
  const auto at =
      static_cast<std::size_t>(std::max_element(differences, differences + table.size(),
                                                [](double a, double b) { return std::abs(a) < std::abs(b); }) -
                               differences);
  const double r = (table.reference()[at] + table.sample()[at]) / (table.reference_total() + table.sample_total());
  const double noise = r * (1 - r) / effective_events(cells);
  return rooted(measure_by_cells(table, value * value, noise, noise > 0 ? noise : 1, squared(limits), "Linf"));
}

}  // namespace vigil::monitors
