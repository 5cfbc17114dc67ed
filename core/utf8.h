// UTF-8 as RFC 3629 has it: overlong forms, surrogates and codes above 10FFFF are none. Used where texts of strangers
// are taken (ingest) and where they are shown (core/shown.h). Pure; thread-safe. Tests: tests/core/shown_test.cpp,
// tests/ingest/decode_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vigil {

struct Utf8Character {
  std::size_t bytes = 1;
  std::uint32_t code = 0;
  bool valid = false;
};

// The character that `text`, which is not empty, begins with; its first byte alone, not valid, where there is none.
Utf8Character first_utf8(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace vigil
