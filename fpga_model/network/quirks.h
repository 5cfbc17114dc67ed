// Where the vendor's C simulation of a network departs from exact arithmetic (docs/network_json.md, section 5), as far
// as the types tell. Used by Network for its warnings.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace vigil::fpga_model {

// One line a place. `network`: a complete network.json.
std::vector<std::string> vendor_quirks(const nlohmann::json& network);

}  // namespace vigil::fpga_model
