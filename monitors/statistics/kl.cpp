// Kullback-Leibler divergence of the window from the reference.
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading kl(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{relative_entropy(CellTable(pooled(cells))), {}, {}};
  });
}

SampleReading kl_of_samples(const SamplePair& pair) {
  if (pair.weights) return without_weights();
  return {relative_entropy(pair.table)};
}

Measured measure_kl(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  return measure_divergence(table, relative_entropy(table), 2 * effective_events(cells), limits, "KL");
}

}  // namespace vigil::monitors
