// One operation of the integer graph, ready to run. Made by the factories of operations.def, run by Network.
// Immutable after construction: run is const and safe from many threads, each with its own output and scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {

// Words of one tensor for a block of events: event r starts at data + r * stride; stride 0 is a constant.
struct Operand {
  const std::int64_t* data = nullptr;
  std::size_t stride = 0;
  const std::int64_t* row(std::size_t r) const { return data + r * stride; }
};

class Operation {
 public:
  virtual ~Operation() = default;

  // Reads in[i] and writes out[rows, words of the output tensor], row-major. `scratch` holds scratch_words() words of
  // any content. False: an input no hardware could receive (an embedding index beyond its table).
  [[nodiscard]] virtual bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows,
                                 std::int64_t* scratch) const = 0;
  virtual std::size_t scratch_words() const { return 0; }
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
#include "fpga_model/operations.def"
#undef VIGIL_OPERATION

}  // namespace vigil::fpga_model
