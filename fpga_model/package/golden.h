// Golden vectors: recorded words that a package must reproduce bit for bit before it is used. Used by the package
// loader.
// Tests: tests/fpga_model/package_test.cpp.
#pragma once

#include "fpga_model/package/package.h"
#include "fpga_model/package/package_files.h"

namespace vigil::fpga_model {

// Runs the model on golden_inputs.npy and compares golden_outputs.npy or golden_<output>.npy, and
// golden_layers/<tensor>.npy (first rows). Throws Error at the first difference (output or tensor, row, column,
// expected, found), for a file of another shape, and for golden files that nothing can be compared with. A package
// without golden files gives an empty result.
GoldenCheck check_golden(const PackageModel& model, const PackageFiles& files);

}  // namespace vigil::fpga_model
