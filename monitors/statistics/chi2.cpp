// Chi-squared of two samples of counts.
#include <algorithm>
#include <cmath>

#include "monitors/intervals.h"
#include "monitors/rule.h"
#include "monitors/statistics/shapes.h"

namespace vigil::monitors {

Reading chi2(const Summary& window, const Summary& reference, const Subject& subject) {
  return of_shape(window, reference, subject, false, [](const Cells& cells) {
    const ChiSquared c = chi_squared(pooled(cells));
    return Reading{c.value, chi_squared_p_value(c.value, c.degrees), {}};
  });
}

SampleReading chi2_of_samples(const Cells& cells) {
  const ChiSquared c = chi_squared(cells);
  return {c.value, chi_squared_p_value(c.value, c.degrees), {}, {{"dof", c.degrees}}};
}

// Effect size: the triangular discrimination T = 1/2 sum (p - q)^2 / (p + q) less what noise alone gives. With equal
// parents r, p - q has the variance r (1 - r) (1/A + 1/B), so E[T] = sum r (1 - r) (1/A + 1/B) / (4 r) = (k - 1) (1/A +
// 1/B) / 4. sqrt(T) equals the total variation distance for a change spread evenly, and bounds it in general (TV^2 <= T
// <= TV): "equivalent total variation". The limit in units of chi2 is the chi2 that this same change would have at the
// limiting size: chi2 - dof grows as T does.
Measured measure_chi2(const Summary& window, const Summary& reference, const Subject& subject, const Limits& limits) {
  const Cells cells = pooled(shape(window, reference, subject, false));
  const ChiSquared c = chi_squared(cells);
  const double noise = c.degrees / (4 * effective_events(cells));
  const double excess = triangular(cells) - noise;
  const double critical = chi_squared_at(limits.significance, c.degrees);
  const auto limit = [&](double effect) {
    const double moved = excess > 0 && c.value > c.degrees ? (c.value - c.degrees) * (effect * effect / excess)
                                                           : 4 * effective_events(cells) * effect * effect;
    return std::max(critical, c.degrees + moved);
  };
  return {c.value,
          limit(limits.medium),
          limit(limits.bad),
          true,
          "chi2",
          "equivalent total variation " + in_words(std::sqrt(std::max(excess, 0.0)))};
}

}  // namespace vigil::monitors
