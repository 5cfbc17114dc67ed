// Text of others inside our text for people: names from the wire, keys and values of files. Every line of log, status,
// replay, decode and every error takes such text through here; JSON goes through its own escaping instead.
// Pure; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vigil {

inline constexpr std::size_t kShownCharacters = 64;

// On one line and readable in any terminal: control characters (\n, \t, \xNN), bytes that are no UTF-8 (\xNN), and
// characters that turn the writing direction or end a line (\u202e) are escaped, all else stays. A text already escaped
// stays as it is.
std::string escaped(std::string_view text);

// escaped(), cut to its first `most` characters, an ellipsis behind what was cut.
std::string shown(std::string_view text, std::size_t most = kShownCharacters);

}  // namespace vigil
