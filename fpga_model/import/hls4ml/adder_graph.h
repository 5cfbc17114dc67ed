// Kernels by distributed arithmetic: functions of nnet_code_gen.h that add and subtract shifted inputs. Such a function
// is one matrix and one bias; here they are recovered exactly. Used by the readers of dense and conv layers.
// Tests: tests/fpga_model/hls4ml_adder_test.cpp.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "fpga_model/import/hls4ml/declarations.h"

namespace vigil::fpga_model::hls4ml {

struct AdderGraph {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  FixedPoint weight_type;
  std::vector<std::int64_t> weights;  // [inputs, outputs]
  FixedPoint bias_type;
  std::vector<std::int64_t> bias;  // [outputs]
};

// Follows the function `name` for inputs of type `input`. Every intermediate variable is proved to hold its exact value
// for every input word; a function where one may wrap or drop bits is refused, as is all that is not linear.
// Throws Error naming file and line.
AdderGraph read_adder_graph(const Declarations& declarations, const std::string& name, const ElementType& input,
                            const std::string& where);

// op dense with weights, bias and an exact accumulator.
nlohmann::ordered_json dense_of(const AdderGraph& graph);

}  // namespace vigil::fpga_model::hls4ml
