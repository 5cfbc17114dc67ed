// Tested in tests/app/command_line_test.cpp.
#include "app/commands.h"

namespace vigil::app {

// Declared here alone, so that a new row compiles this file and its own only.
#define VIGIL_GROUP(name, about, example)
#define VIGIL_COMMAND(name) Command name##_command();
#include "app/commands.def"
#undef VIGIL_COMMAND
#undef VIGIL_GROUP

std::vector<Command> commands() {
  return {
#define VIGIL_GROUP(name, about, example) Command{name, about, example},
#define VIGIL_COMMAND(name) name##_command(),
#include "app/commands.def"
#undef VIGIL_COMMAND
#undef VIGIL_GROUP
  };
}

std::vector<std::string> words_after(const std::vector<Command>& commands, const std::string& group) {
  std::vector<std::string> out;
  for (const Command& command : commands) {
    const auto words = split(command.name, ' ');
    if (group.empty() && words.size() == 1) out.push_back(words[0]);
    if (!group.empty() && words.size() == 2 && words[0] == group) out.push_back(words[1]);
  }
  return out;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace vigil::app
