// Two counts with their exposures: what `vigil statistics --reference-count K,E --sample-count K,E` prints.
// Tests: tests/contract/statistics_test.py.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace vigil::app {

struct CountOfExposure {
  std::uint64_t count = 0;  // at most 2^63 - 1
  double exposure = 1;      // finite, above 0
};

// From "K,E". Throws Error naming `option`.
CountOfExposure read_count(const std::string& option, const std::string& text);

// As contract monitors.md, section 1, has it; what is null has null there. 0 < confidence < 1.
nlohmann::ordered_json compare_counts(const CountOfExposure& reference, const CountOfExposure& sample,
                                      double confidence);

}  // namespace vigil::app
