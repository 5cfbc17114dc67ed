// What principal components leave: the part of standardised columns that the fewest components with 95% of a
// reference's variance do not hold. Used by the statistic of it and by what a reference remembers of its own
// lumisections. Pure.
// Tests: tests/monitors/together_test.cpp.
#pragma once

#include <optional>

#include "monitors/sample_moments.h"
#include "monitors/together.h"

namespace vigil::monitors {

// Mean squared residual of a sample over that of the reference, both in the reference's standardised columns, which all
// vary in it; `spectrum` of its correlations. None where the components hold everything.
std::optional<double> residual_ratio(const SampleMoments& reference, const Spectrum& spectrum,
                                     const SampleMoments& sample);

}  // namespace vigil::monitors
