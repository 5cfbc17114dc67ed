// Likelihood ratio G of two samples of counts.
#include <cmath>

#include "monitors/intervals.h"
#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading g_test(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    const CellTable table(pooled(cells));
    const double value = likelihood_ratio(table);
    return Reading{value, chi_squared_p_value(value, table.degrees()), {}};
  });
}

SampleReading g_of_samples(const SamplePair& pair) {
  if (pair.weights) return without_weights();
  const double value = likelihood_ratio(pair.table);
  SampleReading reading = with_tail(value, chi_squared_tail(value, pair.table.degrees()));
  reading.extra = {"dof", pair.table.degrees(), true};
  return reading;
}

// Effect size as chi2's, which G approaches: sqrt((G - dof) / 4 / events) is the total variation of a change spread
// evenly.
Measured measure_g(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const CellTable table(cells);
  const double scale = 4 * effective_events(cells);
  Measured measured = measure_divergence(table, likelihood_ratio(table) / scale, scale, squared(limits), "G");
  for (double* x : {&measured.value, &measured.medium, &measured.bad}) *x *= scale;
  measured.size = std::sqrt(measured.size);
  measured.effect = "equivalent total variation " + in_words(measured.size);
  return measured;
}

}  // namespace vigil::monitors
