// What an HTTP answer means for delivery: the four classes of docs/sinks.md, the same for every sink that speaks HTTP.
// Pure but for the clock a Retry-After date is compared with. Tests: tests/alerting/answers_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alerting/http_client.h"
#include "core/action.h"

namespace vigil::alerting {

// Milliseconds from now that a Retry-After asks for: seconds, or a date in any of HTTP's forms, also with UTC for GMT;
// nullopt: neither. At most 30 days; 0 for the past.
std::optional<std::int64_t> retry_after_ms(const std::string& text, std::int64_t now_s);

// An answer that is none of those its sink takes as delivered. `secrets` never stand in the reason.
Sink::Answer class_of(const HttpAnswer& answer, const std::vector<std::string>& secrets);

// "HTTP 400: <first 200 characters of the body>", on one line.
std::string answer_reason(const HttpAnswer& answer, const std::vector<std::string>& secrets);

}  // namespace vigil::alerting
