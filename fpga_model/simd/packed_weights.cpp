#include "fpga_model/simd/packed_weights.h"

namespace vigil::fpga_model {

std::vector<ColumnBlock> column_blocks(std::size_t columns, int most) {
  std::vector<ColumnBlock> blocks;
  std::size_t first = 0;
  while (first < columns) {
    int width = 1;
    while (width < most && static_cast<std::size_t>(width) < columns - first) width *= 2;
    blocks.push_back({first, width});
    first += static_cast<std::size_t>(width);
  }
  return blocks;
}

PackedWeights pack_weights(const LinearStep& step, const LinearStep::Weights& weights,
                           const std::vector<ColumnBlock>& blocks) {
  PackedWeights packed;
  const auto at = [&](std::size_t term, std::size_t column) {
    return term < step.n && column < step.columns ? weights.w[term * step.columns + column] : 0;
  };
  // `parts` words of 32 / parts bits, the first in the lowest bits.
  const auto together = [&](std::size_t term, std::size_t column, std::size_t parts) {
    std::uint32_t word = 0;
    const std::size_t bits = 32 / parts;
    for (std::size_t k = 0; k < parts; ++k) {
      const auto part = static_cast<std::uint32_t>(at(term * parts + k, column)) & ((1u << bits) - 1);
      word |= part << (k * bits);
    }
    return static_cast<std::int32_t>(word);
  };
  for (const ColumnBlock& block : blocks) {
    for (std::size_t term = 0; term < step.packed_terms(); ++term) {
      for (std::size_t c = block.first; c < block.first + static_cast<std::size_t>(block.width); ++c) {
        switch (step.kind) {
          case LinearKind::dot8:
            packed.narrow.push_back(together(term, c, 4));
            break;
          case LinearKind::dot16:
          case LinearKind::split16:
            packed.narrow.push_back(together(term, c, 2));
            break;
          default: {
            const std::int64_t w = at(term, c);
            if (step.lane == Lane::i64) {
              packed.wide.push_back(w);
            } else if (step.lane == Lane::i32) {
              packed.narrow.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(w)));
            } else {
              packed.narrow.push_back(static_cast<std::int32_t>((static_cast<std::uint32_t>(w) & 0xffffu) * 0x10001u));
            }
          }
        }
      }
    }
    for (std::size_t c = block.first; c < block.first + static_cast<std::size_t>(block.width); ++c) {
      std::int64_t bias = c < step.columns ? weights.bias[c] : 0;
      if (step.kind == LinearKind::dot8 && step.x_is_signed && c < step.columns) {
        // The dot product takes x + 128, which is never negative: what that adds is taken out here.
        for (std::size_t i = 0; i < step.n; ++i) bias -= 128 * at(i, c);
      }
      packed.bias.push_back(bias);
    }
  }
  return packed;
}

}  // namespace vigil::fpga_model
