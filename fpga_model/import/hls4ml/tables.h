// The lookup tables hls4ml's C++ fills at start, computed as that C++ does: float and double where it has them, one
// cast into the table's type. Used by the readers of activations, softmax and recurrent layers.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fpga_model/import/hls4ml/declarations.h"

namespace vigil::fpga_model::hls4ml {

// sigmoid, tanh, softplus, softsign, elu, selu, exp_legacy, invert_legacy. Throws Error for any other name.
std::vector<std::int64_t> unary_table(const std::string& function, std::size_t size, const ElementType& type,
                                      const std::string& where);

// Entry i: exp(scale * x) or exp(-scale * x) (`negative`), x = the value of `argument` whose top bits are i.
// Throws Error unless size is a power of two within 2^W.
std::vector<std::int64_t> exp_table(const FixedPoint& argument, std::size_t size, float scale, bool negative,
                                    const ElementType& type, const std::string& where);
// Entry i: 1 / x.
std::vector<std::int64_t> invert_table(const FixedPoint& argument, std::size_t size, const ElementType& type,
                                       const std::string& where);

// Entry i: 1 / sqrt(10^-epsilon_power + i * 2^-range_power / size) (layer normalisation).
std::vector<std::int64_t> invert_sqrt_table(std::size_t size, int epsilon_power, int range_power,
                                            const ElementType& type);

// {"rule": "scaled", ...} of the table of `function`.
nlohmann::ordered_json index_rule(const std::string& function, std::size_t size, bool clamps_unsigned = false);

}  // namespace vigil::fpga_model::hls4ml
