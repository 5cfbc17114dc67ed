#include "fpga_model/simd_target.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace vigil::fpga_model {
namespace {

constexpr std::array kNames = {"reference", "sse4", "avx2", "avx512", "vnni"};

bool runs(SimdTarget target) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (target) {
    case SimdTarget::reference:
      return true;
    case SimdTarget::sse4:
      return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
    case SimdTarget::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
    case SimdTarget::avx512:
      return runs(SimdTarget::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd");
    case SimdTarget::vnni:
      return runs(SimdTarget::avx512) && __builtin_cpu_supports("avx512vnni");
  }
  return false;
#else
  return target == SimdTarget::reference;
#endif
}

}  // namespace

std::vector<SimdTarget> simd_targets() {
  std::vector<SimdTarget> targets;
  for (const SimdTarget target :
       {SimdTarget::reference, SimdTarget::sse4, SimdTarget::avx2, SimdTarget::avx512, SimdTarget::vnni}) {
    if (runs(target)) targets.push_back(target);
  }
  return targets;
}

SimdTarget best_simd_target() {
  static const SimdTarget best = simd_targets().back();
  return best;
}

std::string to_string(SimdTarget target) { return kNames[static_cast<std::size_t>(target)]; }

SimdTarget parse_simd_target(std::string_view text, const std::string& where) {
  if (text == "auto") return best_simd_target();
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end())
    throw Error(where, "'" + std::string(text.substr(0, 40)) + "'", "one of auto, reference, sse4, avx2, avx512, vnni");
  const auto target = static_cast<SimdTarget>(found - kNames.begin());
  if (!runs(target)) throw Error(where, "this processor has no " + to_string(target), "what it has, or auto");
  return target;
}

}  // namespace vigil::fpga_model
