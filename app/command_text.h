// The catalogue of commands as other programs read it: completions of shells, manual pages in roff. Made from the same
// rows as --help. Used by `vigil completion` and `vigil man`. Pure.
// Tests: tests/app/command_text_test.cpp, tests/contract/shell_test.py.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"

namespace vigil::app {

// Completes subcommands, their flags, the values of a flag where they are known, and files everywhere else.
std::string bash_completion(const std::vector<Command>& commands);
std::string zsh_completion(const std::vector<Command>& commands);
std::string fish_completion(const std::vector<Command>& commands);

// The page of one command, vigil-actions-list(1); of none, vigil(1), which names all.
std::string manual_page(const std::vector<Command>& commands, const Command* command, const std::string& version);

// Text in roff: no line begins a request, no backslash an escape, hyphens are minus signs, other scripts by code.
std::string roff_text(std::string_view text);

}  // namespace vigil::app
