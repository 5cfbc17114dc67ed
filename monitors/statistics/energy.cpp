// Energy distance.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {
namespace {

double distance(const OrderedSums& sums) { return std::numbers::sqrt2 * sums.root_area; }

// What the square of the distance is on average where nothing moved: 2 times the integral of H (1 - H) / events, H of
// both together.
double noise(const Cells& cells) {
  const double unit = cells.reference_events() / static_cast<double>(cells.reference);
  const double total = static_cast<double>(cells.window) + cells.reference_events();
  double below = 0, sum = 0;
  for (std::size_t i = 0; i + 1 < cells.cells.size(); ++i) {
    below += static_cast<double>(cells.cells[i].window) + static_cast<double>(cells.cells[i].reference) * unit;
    sum += below / total * (1 - below / total) * (cells.cells[i + 1].value - cells.cells[i].value);
  }
  return 2 * sum / effective_events(cells);
}

}  // namespace

Reading energy(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, true, [](const Cells& cells) {
    return Reading{distance(ordered_sums(cells)), {}, {}};
  });
}

SampleReading energy_of_samples(const SamplePair& pair) { return area_reading(pair, distance(pair.ordered)); }

// Effect size: the distance less its noise, in roots of standard deviations of the reference.
Measured measure_energy(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = shape(window, reference, subject, true);
  const OrderedSums sums = ordered_sums(cells);
  const OrderedCertainty certainty(cells, sums);
  const double width = reference_width(window, reference, subject), value = distance(sums), square = noise(cells);
  const auto limit = [&](double effect, double p_value) {
    return std::max(std::sqrt(effect * effect * width + square), value * certainty.needed(p_value));
  };
  const double size = std::sqrt(std::max(value * value - square, 0.0) / width);
  return {value,
          limit(limits.medium, limits.warn),
          limit(limits.bad, limits.page(1)),
          certainty.p_value(),
          size,
          "E",
          in_words(size) + " in roots of the reference's standard deviation"};
}

}  // namespace vigil::monitors
