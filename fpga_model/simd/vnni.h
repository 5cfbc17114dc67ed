// The two dot products that need VNNI, with the signature of the blocks in linear_kernels.cpp. Only to be called where
// the processor has it.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fpga_model/simd/steps.h"

namespace vigil::fpga_model {

using VnniBlock = void (*)(const LinearStep& step, const std::byte* x, Lane x_lane, const std::uint32_t* rows,
                           std::size_t terms, const std::int32_t* weights, const std::int64_t* bias, std::byte* out);

// For 1, 2 and 4 columns; x is packed, [terms, 64] 32-bit words.
extern const VnniBlock kVnniDot8[3];
extern const VnniBlock kVnniDot16[3];

}  // namespace vigil::fpga_model
