// vigil man: manual pages in roff, from the catalogue of commands.
#include <fmt/format.h>

#include <algorithm>

#include "app/command_line.h"
#include "app/command_text.h"
#include "app/commands.h"
#include "core/error.h"

namespace vigil::app {
namespace {

int run_man(const std::vector<std::string>& words, bool list) {
  const auto all = commands();
  if (list) {
    for (const Command& command : all) fmt::print("{}\n", command.name);
    return 0;
  }
  std::string name;
  for (const std::string& word : words) name += (name.empty() ? "" : " ") + word;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Command& command) { return command.name == name; });
  if (!name.empty() && found == all.end()) {
    std::vector<std::string> names;
    for (const Command& command : all) names.push_back(command.name);
    const auto meant = nearest(name, names);
    throw Error("man", "no command '" + name + "'", meant ? "perhaps '" + *meant + "'" : "one of vigil --help");
  }
  fmt::print("{}", manual_page(all, name.empty() ? nullptr : &*found, VIGIL_VERSION));
  return 0;
}

}  // namespace

Command man_command() {
  struct ManOptions {
    std::vector<std::string> command;
    bool list = false;
  };
  const auto o = std::make_shared<ManOptions>();
  return {"man",
          "the manual page of a command, or of vigil, in roff",
          "vigil man watch",
          {{"COMMAND", &o->command, "a command and its second word, as actions list"},
           {"--list", &o->list, "the names of all commands, one a line"}},
          [o] { return run_man(o->command, o->list); }};
}

}  // namespace vigil::app
