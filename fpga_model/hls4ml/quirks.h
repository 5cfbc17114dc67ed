// Where the vendor's C simulation of a network departs from exact arithmetic (docs/network_json.md, section 5), as far
// as the types tell. Used by read_hls4ml_project for its notes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace vigil::fpga_model::hls4ml {

// One line a place. `network`: a complete network.json.
std::vector<std::string> vendor_quirks(const nlohmann::ordered_json& network);

}  // namespace vigil::fpga_model::hls4ml
