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

}  // namespace vigil::app
