#include "fpga_model/simd/kernels.h"

namespace vigil::fpga_model {

#if defined(__x86_64__)

const Kernels* kernels_of(SimdTarget target) {
  static const Kernels sse4{map_sse4, linear_sse4, inside_sse4};
  static const Kernels avx2{map_avx2, linear_avx2, inside_avx2};
  static const Kernels avx512{map_avx512, linear_avx512, inside_avx512};
  static const Kernels vnni{map_avx512, linear_vnni, inside_avx512};
  switch (target) {
    case SimdTarget::reference:
      return nullptr;
    case SimdTarget::sse4:
      return &sse4;
    case SimdTarget::avx2:
      return &avx2;
    case SimdTarget::avx512:
      return &avx512;
    case SimdTarget::vnni:
      return &vnni;
  }
  return nullptr;
}

#else

const Kernels* kernels_of(SimdTarget) { return nullptr; }  // other processors run the reference path: see simd_targets

#endif

}  // namespace vigil::fpga_model
