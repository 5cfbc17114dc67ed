#include "monitors/settings.h"

#include "monitors/statistics.h"

namespace vigil::monitors {

MultivariateSettings::MultivariateSettings() : statistics(multivariate_statistics()) {}

}  // namespace vigil::monitors
