// What Highway compiles the fast paths for: the plain instruction set of the architecture, and on x86-64 SSE4, AVX2 and
// AVX-512. Included before anything of Highway by the sources that are compiled once an instruction set; they choose
// the namespace by SimdTarget, so Highway's own dispatch is not used. On other architectures there is no pass for a
// vector instruction set: words are read and written by what Highway has there, layers are computed by the reference
// path.
// Tests: tests/fpga_model/kernels_test.cpp.
#pragma once

#if defined(__x86_64__)
#define HWY_BASELINE_TARGETS HWY_BASELINE_SCALAR
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#else
#define HWY_COMPILE_ONLY_STATIC
#endif

// Inside such a source: this pass is for one of the vector instruction sets.
#define VIGIL_SIMD_PASS (HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3)
