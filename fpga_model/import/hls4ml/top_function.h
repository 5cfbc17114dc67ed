// The top function of a project, statement by statement: parameters, tensors, aliases and calls become the graph.
// Used by read_hls4ml_project.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <string>

#include "fpga_model/import/hls4ml/call.h"

namespace vigil::fpga_model::hls4ml {

// `file`: that of the function. Throws Error naming file, line and call.
void read_top_function(const std::string& name, const Function& function, const SourceFile& file,
                       ProjectContext& project);

// "w2" -> "w2.txt", as load_weights_from_txt of the function's body says.
std::map<std::string, std::string> weight_texts(const Function& function);

}  // namespace vigil::fpga_model::hls4ml
