// The entry points of the kernel files, one an instruction set. Used by kernels_of only.
#pragma once

#include <memory>

#include "fpga_model/simd/steps.h"

namespace vigil::fpga_model {

std::unique_ptr<const Step> map_sse4(MapStep step);
std::unique_ptr<const Step> map_avx2(MapStep step);
std::unique_ptr<const Step> map_avx512(MapStep step);

bool inside_sse4(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                 std::int64_t highest);
bool inside_avx2(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                 std::int64_t highest);
bool inside_avx512(const std::byte* words, std::size_t row_bytes, std::size_t rows, Lane lane, std::int64_t lowest,
                   std::int64_t highest);

std::unique_ptr<const Step> linear_sse4(LinearStep step);
std::unique_ptr<const Step> linear_avx2(LinearStep step);
std::unique_ptr<const Step> linear_avx512(LinearStep step);
std::unique_ptr<const Step> linear_vnni(LinearStep step);

}  // namespace vigil::fpga_model
