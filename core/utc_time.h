// Times of the wall clock and of the data as RFC 3339 text, UTC, ending in Z. Pure; thread-safe; no locale, no zone.
// Tests: tests/core/utc_time_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vigil {

// `ns` since 1970, years 1970 to 2262. `digits` below the second: 3 or 6, rounded down.
std::string rfc3339(std::int64_t ns, int digits = 3);
// The same of whole seconds since 1970 and the ns below them, years 1 to 9999.
std::string rfc3339_of(std::int64_t seconds, std::int64_t below_ns, int digits);

// A time as it was written.
struct UtcTime {
  std::int64_t seconds = 0;   // since 1970
  std::int64_t below_ns = 0;  // what is below the ns is dropped
  int second = 0;             // of its minute: 60 where that was written
  std::size_t digits = 0;     // below the second
};
// "2026-01-02T03:04:05[.123456789]Z" of years 1970 to 9999; nullopt for any other text or date.
std::optional<UtcTime> read_rfc3339(std::string_view text);
// As ns since 1970, of years 1970 to 2262 and seconds 0 to 59; nullopt for all else.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace vigil
