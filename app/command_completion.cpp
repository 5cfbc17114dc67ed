// vigil completion: what a shell needs to complete command lines of vigil.
#include <fmt/format.h>

#include "app/command_text.h"
#include "app/commands.h"

namespace vigil::app {

Command completion_command() {
  struct CompletionOptions {
    std::string shell;
  };
  const auto o = std::make_shared<CompletionOptions>();
  return {"completion",
          "completion of subcommands, flags and files for a shell",
          "vigil completion bash",
          {{"SHELL", &o->shell, "bash, zsh or fish", Presence::required, {"bash", "zsh", "fish"}}},
          [o] {
            const auto all = commands();
            fmt::print("{}", o->shell == "bash"  ? bash_completion(all)
                             : o->shell == "zsh" ? zsh_completion(all)
                                                 : fish_completion(all));
            return 0;
          }};
}

}  // namespace vigil::app
