// Lines of a top function that print: they compute nothing. Used by the reader of top functions.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include "fpga_model/import/hls4ml/tokens.h"

namespace vigil::fpga_model::hls4ml {

// Passes one statement that only prints (std::cout << ..., printf(...), and `for`, `if` and blocks of nothing else) and
// says so; passes nothing where it is another statement. Throws Error naming file, line and what a printing line does
// beside printing: an assignment, a call.
bool skip_printing(Cursor& cursor);

}  // namespace vigil::fpga_model::hls4ml
