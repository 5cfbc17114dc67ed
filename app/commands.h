// The catalogue of commands (commands.def). Used by the command line and by tests. A new command is one file that
// defines NAME_command() and one row.
// Tests: tests/app/command_line_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace vigil::app {

// All of them, groups before their members. Each call makes new ones, with options at their defaults.
std::vector<Command> commands();

// The names a user may type at one place: the first words of all commands (`group` empty), or the second of a group's.
std::vector<std::string> words_after(const std::vector<Command>& commands, const std::string& group);

// The parts between every `at`, empty ones too; at least one.
std::vector<std::string> split(const std::string& text, char at);

}  // namespace vigil::app
