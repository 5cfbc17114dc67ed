// Recorded words against emulated ones: what differs, where it begins, which bits, which events. Used by `vigil emulate
// --compare`.
// Tests: tests/contract/model_cases_test.py.
#pragma once

#include <string>
#include <vector>

#include "app/arrays.h"
#include "fpga_model/package/package.h"

namespace vigil::app {

// `path`: a .npy of all outputs [events, output words], or a folder of <tensor>.npy with the first rows of any tensors
// (as `vigil emulate --layers` and golden_layers/ have them). `words`: the emulated outputs, row-major. Prints the
// comparison; true when anything differs. Throws Error naming the file for another shape or an unknown tensor.
bool compare_words(const std::string& path, bool json, const fpga_model::PackageModel& model, const EventArray& events,
                   const std::vector<std::int64_t>& words);

}  // namespace vigil::app
