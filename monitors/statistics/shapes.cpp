// Tested in tests/monitors/statistics_test.cpp and rule_test.cpp, like the files of this folder.
#include "monitors/statistics/shapes.h"

#include <algorithm>

#include "monitors/intervals.h"

namespace vigil::monitors {

Measured measure_divergence(const Cells& pooled_cells, double value, double scale, const Limits& limits,
                            const char* symbol) {
  const ChiSquared c = chi_squared(pooled_cells);
  const double noise = c.degrees / scale;
  const double critical = chi_squared_at(limits.significance, c.degrees) / scale;
  return {value, std::max(limits.medium + noise, critical), std::max(limits.bad + noise, critical),
          chi_squared_p_value(c.value, c.degrees) < limits.significance, symbol};
}

}  // namespace vigil::monitors
