// The instruction sets the fast engines are compiled for. Used by the engines, `--kernel` and the tests that force
// each.
// Tests: tests/fpga_model/packages_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::fpga_model {

enum class SimdTarget : std::uint8_t {
  reference,  // the plain scalar path: fallback and judge
  sse4,
  avx2,
  avx512,
  vnni,  // avx512 with 8-bit and 16-bit dot products
};

// What this processor can run, in ascending order; `reference` always first.
std::vector<SimdTarget> simd_targets();
SimdTarget best_simd_target();

std::string to_string(SimdTarget target);
// "auto" (the best), "reference", "sse4", "avx2", "avx512" or "vnni". Throws Error naming `where` for anything else and
// for what this processor cannot run.
SimdTarget parse_simd_target(std::string_view text, const std::string& where);

}  // namespace vigil::fpga_model
