// Identity of the serialised form of a Summary (docs/summary.md), shared by its writer and its reader.
// Tests: tests/core/summary_test.cpp.
#pragma once

#include <string_view>

namespace vigil::summary_format {

inline constexpr int kVersion = 2;  // 1, without strata of pile-up, is still read
inline constexpr std::string_view kFormat = "vigil-summary";
inline constexpr std::string_view kBinning = "sign,log-linear,32,16";  // histogram.h

}  // namespace vigil::summary_format
