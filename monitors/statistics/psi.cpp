// Population stability index.
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading psi(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{stability_index(pooled(cells)), {}, {}};
  });
}

SampleReading psi_of_samples(const Cells& cells) { return {stability_index(cells), {}}; }

Measured measure_psi(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  return measure_divergence(cells, stability_index(cells), effective_events(cells), limits, "PSI");
}

}  // namespace vigil::monitors
