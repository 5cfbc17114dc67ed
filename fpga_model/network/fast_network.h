// A planned network: the steps of all layers over blocks of 64 events, in memory that fits the processor's first cache
// where the network does. Made by Network::fast. Immutable: run is safe from many threads, each with its workspace.
// Tests: tests/fpga_model/differential_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "fpga_model/simd/planner.h"

namespace vigil::fpga_model {

class FastNetwork : public FastEngine {
 public:
  struct Input {
    FixedPoint type;
    Value value;
    std::vector<std::int64_t> lowest = {}, highest = {};  // of every word, filled by the constructor
    bool readable_in_place = false;                       // by all its steps; likewise
  };
  // Takes the planner's steps. `kernels`: how each layer is computed.
  FastNetwork(Planner planner, std::vector<Input> inputs, std::vector<Value> outputs, std::vector<std::string> kernels);

  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  [[nodiscard]] Status run(const WordsView& in, const MutableWordsView& out, std::size_t first, std::size_t rows,
                           std::byte* workspace) const override;
  std::string kernel(std::size_t layer) const override { return kernels_[layer]; }

 private:
  void lay_out(const Planner& planner);

  SimdTarget target_;
  std::vector<Planner::PlannedStep> steps_;
  std::vector<Input> inputs_;
  std::vector<Value> outputs_;
  std::vector<std::string> kernels_;
  std::vector<std::size_t> row_bytes_;  // of slabs
  std::vector<std::size_t> offsets_;    // of slabs in the workspace; slabs that are not alive together share memory
  std::size_t workspace_bytes_ = 0;
};

}  // namespace vigil::fpga_model
