// Reads the command line against the catalogue of commands: finds the command and fills its options.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "app/command.h"

namespace vigil::app {

// A command line that cannot be read; one line that names what, and points to the help.
struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What runs the command that was asked for, its options filled; empty where --help or --version was asked for and
// printed on standard output. Throws WrongUsage.
std::function<int()> parse_command_line(const std::vector<Command>& commands, int argc, const char* const* argv);

// The candidate a mistyped word most likely meant, or nullopt where none is close.
std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace vigil::app
