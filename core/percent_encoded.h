// Text inside a URL. Pure; thread-safe.
// Tests: tests/core/percent_encoded_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace vigil {

// Everything but letters, digits, -._~ and the characters of `also` as %XX, byte by byte.
std::string percent_encoded(std::string_view text, std::string_view also = {});

}  // namespace vigil
