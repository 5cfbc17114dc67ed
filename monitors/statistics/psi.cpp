// Population stability index.
#include "monitors/intervals.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading psi(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    const CellTable table(pooled(cells));
    const double value = stability_index(table);
    return Reading{value, chi_squared_p_value(value * effective_events(cells), table.degrees()), {}};
  });
}

// NM/L times it is about chi-squared where nothing moved (Yurdakul, Naranjo 2020).
SampleReading psi_of_samples(const SamplePair& pair) {
  if (pair.weights) return without_weights();
  const double n = pair.table.reference_total(), m = pair.table.sample_total(), value = stability_index(pair.table);
  SampleReading reading = with_tail(value, chi_squared_tail(value / (1 / n + 1 / m), pair.table.degrees()));
  reading.extra = {"dof", pair.table.degrees(), true};
  return reading;
}

Measured measure_psi(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  return measure_divergence(table, stability_index(table), effective_events(cells), limits, "PSI");
}

}  // namespace vigil::monitors
