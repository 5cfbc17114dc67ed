// Chi-squared of two histograms of which one or both are weighted, as ROOT's Chi2Test has it. Pure functions.
// Tests: tests/monitors/weighted_test.cpp.
#pragma once

#include <vector>

#include "monitors/sample_pair.h"

namespace vigil::monitors {

struct WeightedChiSquared {
  double value = 0;
  std::vector<double> residuals;  // of each cell, positive where the sample lies above
};

// One side weighted: Gagunashvili 2010 (Nucl. Instrum. Meth. A 614, 287), the other side's are
// counts. Both: sum of (W1 w2 - W2 w1)^2 / (W1^2 s2^2 + W2^2 s1^2). One cell: 0.
WeightedChiSquared weighted_chi_squared(const CellTable& table, const SquaredWeights& squares);

}  // namespace vigil::monitors
