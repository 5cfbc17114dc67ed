// Hellinger distance.
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading hellinger(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{hellinger_distance(CellTable(pooled(cells))), {}, {}};
  });
}

SampleReading hellinger_of_samples(const SamplePair& pair) { return {hellinger_distance(pair.table)}; }

// Eight times the events times the squared distance is about chi-squared where nothing moved.
Measured measure_hellinger(const Summary& window, const Summary& reference, const Subject& subject,
                           const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  const double distance = hellinger_distance(table);
  return rooted(measure_divergence(table, distance * distance, 8 * effective_events(cells), squared(limits), "H"));
}

}  // namespace vigil::monitors
