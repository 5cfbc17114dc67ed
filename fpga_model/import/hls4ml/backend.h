// Which hls4ml backend wrote a project. Used before a project is read: projects of other backends look alike and
// compute by other rules.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <map>
#include <string>

namespace vigil::fpga_model::hls4ml {

// Throws Error naming the backend, where hls4ml_config.yml or the types in the files say another than Vivado and Vitis.
void expect_known_backend(const std::map<std::string, std::string>& files, const std::string& where);

}  // namespace vigil::fpga_model::hls4ml
