// Parameters of a detector that are missing, taken from first values. Used by detect().
// Tests: tests/monitors/detector_parameters_test.cpp.
#pragma once

#include <span>

#include "monitors/detector.h"

namespace vigil::monitors {

// Whether one of the parameters that may be estimated is not given.
bool is_missing(WarmUp warm_up, const Parameters& parameters);

// Those that are not given. Throws Error where `needed` and the values do not tell; else what stands in for them is
// only good for reading the others. Pure.
Parameters estimates(const DetectorEntry& entry, const Parameters& given, std::span<const Observed> first, bool needed);

}  // namespace vigil::monitors
