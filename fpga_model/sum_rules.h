// The rules of a sum of products, section 4.1 of docs/network_json.md, as a layer has them. Read by the accumulator of
// the reference path, followed by the planner of the fast path.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/fixed_point.h"

namespace vigil::fpga_model {

enum class Product : std::uint8_t { mult, weight_binary, data_binary, xnor };

struct SumRules {
  Product product = Product::mult;
  std::size_t n = 1;
  std::size_t reuse = 1;
  bool exact = false;
  FixedPoint accum;  // typed, or wide enough for the exact sum
  FixedPoint term;   // of one product
  FixedPoint to;
};

}  // namespace vigil::fpga_model
