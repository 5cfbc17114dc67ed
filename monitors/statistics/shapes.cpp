// Tested in tests/monitors/statistics_test.cpp and rule_test.cpp, like the files of this folder.
#include "monitors/statistics/shapes.h"

#include <algorithm>
#include <cmath>

#include "monitors/intervals.h"
#include "monitors/kolmogorov.h"

namespace vigil::monitors {

SampleReading area_reading(const SamplePair& pair, double area) {
  if (pair.is_infinite) return no_value("a value is infinite");
  if (!std::isfinite(area)) return no_value("beyond the largest number");
  return {area};
}

double certainty_of_cells(const CellTable& table) {
  const double degrees = table.degrees();
  return std::max(chi_squared_p_value(chi_squared(table), degrees),
                  chi_squared_p_value(likelihood_ratio(table), degrees));
}

Measured measure_by_cells(const CellTable& table, double value, double noise, double unit, const Limits& limits,
                          const char* symbol) {
  const double degrees = table.degrees();
  const auto critical = [&](double p_value) { return chi_squared_at(p_value, degrees) * unit; };
  return {value,
          std::max(limits.medium + noise, critical(limits.warn)),
          std::max(limits.bad + noise, critical(limits.page(degrees))),
          certainty_of_cells(table),
          std::max(value - noise, 0.0),
          symbol,
          {},
          degrees};
}

Measured measure_divergence(const CellTable& table, double value, double scale, const Limits& limits,
                            const char* symbol) {
  return measure_by_cells(table, value, table.degrees() / scale, 1 / scale, limits, symbol);
}

Limits squared(const Limits& limits) {
  return {limits.medium * limits.medium, limits.bad * limits.bad, limits.warn, limits.page};
}

Measured rooted(Measured measured) {
  for (double* x : {&measured.value, &measured.medium, &measured.bad, &measured.size}) *x = std::sqrt(*x);
  return measured;
}

OrderedCertainty::OrderedCertainty(const Cells& cells, const OrderedSums& sums)
    : distance_(sums.supremum),
      root_events_(std::sqrt(effective_events(cells))),
      p_value_(kolmogorov_p_value(distance_ * root_events_)) {}

double reference_width(const Summary& window, const Summary& reference, const Subject& subject) {
  return std::max(reference_moments(window, reference, subject).deviation, word_type(subject).to_real(1));
}

double OrderedCertainty::needed(double p_value) const {
  return distance_ > 0 ? kolmogorov_at(p_value) / (root_events_ * distance_) : 0;
}

}  // namespace vigil::monitors
