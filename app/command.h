// What a command of the program is: name, example, options and what runs it. Every app/command_*.cpp makes its own and
// has one row in commands.def; the command line, --help and the tests read them. Knows no parser: CLI11 is slow to
// compile, and one source (command_line.cpp) includes it.
// Tests: tests/app/command_line_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vigil::app {

// Something broke after a good start: exit 3. Start-up errors (vigil::Error) are exit 2.
struct FailedRunning : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Where the value of an option goes; its type decides what is accepted. A bool is a flag without value.
using OptionTarget = std::variant<bool*, std::string*, std::optional<std::string>*, std::vector<std::string>*,
                                  std::uint32_t*, std::optional<std::uint32_t>*, double*>;

// Must the option be given.
enum class Presence { optional, required };

struct Option {
  std::string names;  // "--model", "-o,--output"; a name without dash is a positional argument
  OptionTarget into;  // a list with dashes is repeatable, one value each; a positional list takes all that follows
  std::string about;
  Presence presence = Presence::optional;
  std::vector<std::string> one_of{};                 // the values allowed; empty: any
  std::optional<std::pair<double, double>> range{};  // of a number, both ends included
};

struct Command {
  std::string name;  // "watch"; "model inspect" of a group
  std::string about;
  std::string example;
  std::vector<Option> options{};
  // Returns the exit code: 0 done, 1 done and what was asked to fail on occurred. Throws Error or FailedRunning.
  // Owns what the options point to. Empty for a group.
  std::function<int()> run{};
};

}  // namespace vigil::app
