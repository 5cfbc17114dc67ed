// What dense, conv and recurrent layers share: product, accumulator, order of accumulation, layout of weights.
// Used by their readers.
// Tests: tests/fpga_model/hls4ml_project_test.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fpga_model/import/hls4ml/call.h"

namespace vigil::fpga_model::hls4ml {

struct Accumulation {
  ElementType accum;
  std::string product;   // of network.json; empty: mult
  bool ternary = false;  // weights of ap_int<2>: every word but 0 and -1 counts as 1
  std::size_t reuse = 1;
  bool transposed = false;  // weights lie [n_out, n_in]
  bool order_matters = false;
  std::string adder_function;  // distributed arithmetic: its function, and nothing else holds
};

// `n_in` terms for each of `n_out` outputs, multiplied as `config` says with inputs of type `input`.
Accumulation read_accumulation(const Call& call, const Config& config, std::size_t n_in, std::size_t n_out,
                               const ElementType& input);

// Weights as [n_in, n_out] in `shape`, and the keys accum, reuse_factor, product, weights, bias.
nlohmann::ordered_json linear_keys(const Call& call, const std::string& op, const Accumulation& accumulation,
                                   const std::string& weights, const std::string& bias, const Shape& shape,
                                   std::size_t n_in, std::size_t n_out);

}  // namespace vigil::fpga_model::hls4ml
