// The catalogue of commands (commands.def). Used by the command line and by tests. A new command is one file that
// defines NAME_command() and one row.
// Tests: tests/app/command_line_test.cpp.
#pragma once

#include <vector>

#include "app/command.h"

namespace vigil::app {

// All of them, groups before their members. Each call makes new ones, with options at their defaults.
std::vector<Command> commands();

}  // namespace vigil::app
