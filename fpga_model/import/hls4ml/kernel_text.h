// What the text of a kernel in a project's own nnet_utils says where a known edit changes the result. Used by the
// readers of activations. A project without nnet_utils has the release's.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <string>

#include "fpga_model/import/hls4ml/call.h"

namespace vigil::fpga_model::hls4ml {

struct KernelText {
  bool found = false;
  bool unsigned_index = false;   // `unsigned index`
  bool clamps_below = false;     // `if (index < 0)`
  bool table_of_result = false;  // `res_T sigmoid_table[...]`
};

KernelText read_kernel_text(const ProjectContext& project, const std::string& header, const std::string& function);

}  // namespace vigil::fpga_model::hls4ml
