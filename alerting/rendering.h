// The rendered request: what people approve, as canonical JSON, and its hash. Pure.
// Tests: tests/alerting/approval_test.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/action.h"

namespace vigil::alerting {

// Keys sorted, no spaces, UTF-8 not escaped: what Python's json.dumps(o, sort_keys=True, separators=(",", ":"),
// ensure_ascii=False) writes of the same strings and integers.
std::string canonical(const nlohmann::json& json);

// The array `requests` of docs/actions.md.
std::string canonical(const std::vector<RenderedRequest>& requests);

}  // namespace vigil::alerting
