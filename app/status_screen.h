// The screen of `vigil status`: at most 80 columns, state by shape, word and colour, everything foreign as plain text.
// Used by the command. Pure. Tests: tests/app/status_screen_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/status_source.h"

namespace vigil::app {

inline constexpr std::size_t kScreenColumns = 80;

// `colours`: escape sequences of a terminal. `rows`: of the terminal; what does not fit is counted (0: all of it).
std::string status_screen(const FoundStatus& found, bool colours, std::size_t rows = 0);

// One line a stream, without its newline, for a log: `bad axol1tl scouting run 1 LS 41: loss ks 0.214 over 0.1`.
std::vector<std::string> status_lines(const FoundStatus& found);

// Columns that a text takes on a terminal: two for wide characters, none for combining ones.
std::size_t columns_of(std::string_view text);

}  // namespace vigil::app
