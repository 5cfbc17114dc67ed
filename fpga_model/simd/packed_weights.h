// The weights of a linear step as the kernels read them: blocks of neighbouring columns, term by term, every entry
// ready to be broadcast. Built once when a network is planned.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "fpga_model/simd/steps.h"

namespace vigil::fpga_model {

struct ColumnBlock {
  std::size_t first = 0;  // column
  int width = 1;          // 1, 2, 4 or 8; columns beyond the step's are 0
};
std::vector<ColumnBlock> column_blocks(std::size_t columns, int most);

struct PackedWeights {
  // [block][term][column of the block]. 16-bit forms twice in a 32-bit word; dot16 and dot8 pairs and quads of terms.
  std::vector<std::int32_t> narrow;
  std::vector<std::int64_t> wide;  // lanes of 64 bits
  std::vector<std::int64_t> bias;  // [block][column of the block]
};
PackedWeights pack_weights(const LinearStep& step, const LinearStep::Weights& weights,
                           const std::vector<ColumnBlock>& blocks);

}  // namespace vigil::fpga_model
