// Paths within a project folder, / between parts. Used by what looks for its files.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <string>

namespace vigil::fpga_model::hls4ml {

std::string folder_of(const std::string& path);  // with its / at the end; empty at the top
std::string name_of(const std::string& path);
std::string plain(const std::string& path);  // "a/../b" -> "b"

}  // namespace vigil::fpga_model::hls4ml
