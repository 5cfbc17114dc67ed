// Jensen-Shannon divergence.
#include <cmath>

#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading js(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    return Reading{jensen_shannon(CellTable(pooled(cells))), {}, {}};
  });
}

SampleReading js_of_samples(const SamplePair& pair) {
  const double bits = jensen_shannon(pair.table);
  return {bits, {}, {}, {}, {"distance", std::sqrt(bits)}};
}

Measured measure_js(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  return measure_divergence(table, jensen_shannon(table), effective_events(cells) * (8 * std::log(2.0)), limits, "JS");
}

}  // namespace vigil::monitors
