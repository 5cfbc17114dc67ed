// One operation of the integer graph, ready to run. Made by the factories of operations.def, run by Network.
// Immutable after construction: run is const and safe from many threads, each with its own output and scratch.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "fpga_model/row_operation.h"
#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {

class Operation : public RowOperation {
 public:
  // How the accumulation is computed and why ("one integer dot product: ..."), for people; empty where there is none.
  virtual std::string kernel() const { return {}; }

  // The same as steps over blocks of 64 events; nothing where there is no lane form (the planner then falls back).
  virtual std::optional<Value> plan(Planner&, std::span<const PlanArgument>, const TensorInfo& /*output*/) const {
    return {};
  }
  // True where each element depends on the same element of the one input alone.
  virtual bool is_elementwise() const { return false; }
};

class LayerReader;

#define VIGIL_OPERATION(name, factory) std::unique_ptr<Operation> factory(LayerReader& layer);
#include "fpga_model/network/operations.def"
#undef VIGIL_OPERATION

}  // namespace vigil::fpga_model
