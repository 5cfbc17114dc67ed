// Times of the wall clock as the alarms' documents write and take them: RFC 3339, UTC, ending in Z. Pure; thread-safe.
// Tests: tests/alerting/alarm_board_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vigil::alerting {

// 2026-11-26T12:00:00Z; with milliseconds where there are any (what is below them is cut off). `ns` since 1970, not
// before it.
std::string rfc3339(std::int64_t ns);
// Of 1970 to 2261; up to nine digits of a second. nullopt for all else, a day that the month has not among it.
std::optional<std::int64_t> from_rfc3339(std::string_view text);

}  // namespace vigil::alerting
