// Text of others where people copy or print it (page, report, elog, the screen of status): readable, and never markup's
// or a terminal's business. Errors and logs escape instead (core/shown.h). Pure; thread-safe.
// Tests: tests/core/plain_text_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vigil {

// Controls, line and paragraph separators, marks and overrides of the writing direction, the byte order mark.
bool is_unprintable(std::uint32_t code);

// U+FFFD for each such character and for each byte that is no UTF-8; at most `most` characters, the last one an
// ellipsis where there were more.
std::string plain(std::string_view text, std::size_t most = std::string_view::npos);

}  // namespace vigil
