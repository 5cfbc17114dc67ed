// One operation on rows of words, as the reference path runs it. What a network's operations are (network/operation.h),
// and what the planner of the fast path falls back to.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vigil::fpga_model {

// Words of one tensor for a block of events: event r starts at data + r * stride; stride 0 is a constant.
struct Operand {
  const std::int64_t* data = nullptr;
  std::size_t stride = 0;
  const std::int64_t* row(std::size_t r) const { return data + r * stride; }
};

// Immutable after construction: run is const and safe from many threads, each with its own output and scratch.
class RowOperation {
 public:
  virtual ~RowOperation() = default;

  // Reads in[i] and writes out[rows, words of the output tensor], row-major. `scratch` holds scratch_words() words of
  // any content. False: an input no hardware could receive (an embedding index beyond its table).
  [[nodiscard]] virtual bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows,
                                 std::int64_t* scratch) const = 0;
  virtual std::size_t scratch_words() const { return 0; }
};

}  // namespace vigil::fpga_model
