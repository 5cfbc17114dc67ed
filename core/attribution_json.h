// The JSON of the inputs a verdict or an action is attributed to (docs/results.md). Used by result lines and actions.
// Tests: tests/core/result_lines_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/verdict.h"

namespace vigil {

// A list, `most` inputs at most.
nlohmann::ordered_json attribution_json(const std::vector<MovedInput>& moved, std::size_t most = SIZE_MAX);

}  // namespace vigil
