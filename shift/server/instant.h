// RFC 3339 times in UTC as people and programs send them. Pure; thread-safe.
// Tests: tests/shift/fields_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vigil::shift {

// Milliseconds since 1970 of YYYY-MM-DDThh:mm:ss[.fraction]Z, years 1970 to 9999, second 60 as the next minute's 0;
// nullopt for anything else.
std::optional<std::int64_t> parse_instant_ms(const std::string& text);

}  // namespace vigil::shift
