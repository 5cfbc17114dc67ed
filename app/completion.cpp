// Completions of shells; declared in command_text.h.
#include <fmt/format.h>

#include <algorithm>

#include "app/command_text.h"
#include "app/commands.h"

namespace vigil::app {
namespace {

std::vector<std::string> flags_of(const Command& command) {
  std::vector<std::string> out;
  for (const Option& option : command.options) {
    for (const std::string& name : split(option.names, ',')) {
      if (name.starts_with('-')) out.push_back(name);
    }
  }
  out.emplace_back("--help");
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

bool is_flag(const Option& option) { return std::holds_alternative<bool*>(option.into); }

// In single quotes for a shell.
std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// For fish, whose single quotes know two escapes.
std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += (c == '\'' || c == '\\' ? "\\" : "") + std::string(1, c);
  return out + "'";
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string cases, values, names;
  for (const Command& command : commands) {
    names += "|" + command.name;
    if (!command.run) {
      cases += fmt::format("    {}) words={} ;;\n", shell_quoted(command.name),
                           shell_quoted(joined(words_after(commands, command.name)) + " --help"));
      continue;
    }
    std::string words = joined(flags_of(command));
    for (const Option& option : command.options) {
      if (is_flag(option)) continue;
      for (const std::string& name : split(option.names, ',')) {
        if (!name.starts_with('-')) {
          words += (option.one_of.empty() ? "" : " ") + joined(option.one_of);
        } else {
          values += fmt::format("    {}) words={} files={} ;;\n", shell_quoted(command.name + " " + name),
                                shell_quoted(joined(option.one_of)), option.one_of.empty() ? "1" : "''");
        }
      }
    }
    cases += fmt::format("    {}) words={} files=1 ;;\n", shell_quoted(command.name), shell_quoted(words));
  }
  return fmt::format(R"(# Completion of vigil for bash: source it, or put it where bash-completion looks.
_vigil() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local command='' word words='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{command:+$command }}${{COMP_WORDS[i]}}
    case {} in *"|$word|"*) command=$word ;; *) break ;; esac
  done
  case $command in
    '') words={} ;;
{}  esac
  case "$command $previous" in
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ -n $files && $current != -* ]]; then
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
    compopt -o filenames 2>/dev/null
  fi
}}
complete -F _vigil vigil
)",
                     shell_quoted(names + "|"), shell_quoted(joined(words_after(commands, "")) + " --help --version"),
                     cases, values);
}

std::string zsh_completion(const std::vector<Command>& commands) {
  // A colon ends the name of a described word, a bracket its description.
  const auto described = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += (c == '[' || c == ']' || c == ':' ? "\\" : "") + std::string(1, c);
    return out;
  };
  std::string out = "#compdef vigil\n# Completion of vigil for zsh: put it into a folder of fpath as _vigil.\n";
  const auto list = [&](const std::string& function, const std::string& group) {
    out += function + "() {\n  local -a words\n  words=(\n";
    for (const Command& command : commands) {
      const auto words = split(command.name, ' ');
      if (words.size() != (group.empty() ? 1u : 2u) || (!group.empty() && words[0] != group)) continue;
      out += "    " + shell_quoted(words.back() + ":" + command.about) + "\n";
    }
    out += "  )\n  _describe command words\n}\n";
  };
  const auto function_of = [](const std::string& name) {
    std::string function = "_vigil_" + name;
    std::replace(function.begin(), function.end(), ' ', '_');
    std::replace(function.begin(), function.end(), '-', '_');
    return function;
  };
  list("_vigil_commands", "");
  for (const Command& command : commands) {
    if (!command.run) {
      list(function_of(command.name) + "_commands", command.name);
      out += function_of(command.name) + "() {\n  if ((CURRENT == 2)); then\n    " + function_of(command.name) +
             "_commands\n    return\n  fi\n  local function=_vigil_" + command.name +
             "_${words[2]//-/_}\n  shift words\n  ((CURRENT--))\n  (($+functions[$function])) && $function\n}\n";
      continue;
    }
    out += function_of(command.name) + "() {\n  _arguments -s";
    for (const Option& option : command.options) {
      const std::string action = option.one_of.empty() ? "_files" : "(" + joined(option.one_of) + ")";
      for (const std::string& name : split(option.names, ',')) {
        if (!name.starts_with('-')) {
          const bool many = std::holds_alternative<std::vector<std::string>*>(option.into);
          out += " \\\n    " + shell_quoted((many ? "*:" : ":") + described(name) + ":" + action);
        } else if (is_flag(option)) {
          out += " \\\n    " + shell_quoted(name + "[" + described(option.about) + "]");
        } else {
          const bool many = std::holds_alternative<std::vector<std::string>*>(option.into);
          out += " \\\n    " +
                 shell_quoted((many ? "*" : "") + name + "[" + described(option.about) + "]:value:" + action);
        }
      }
    }
    out += " \\\n    '--help[print the help]'\n}\n";
  }
  out += R"(_vigil() {
  if ((CURRENT == 2)); then
    _vigil_commands
    return
  fi
  local function=_vigil_${words[2]//-/_}
  shift words
  ((CURRENT--))
  (($+functions[$function])) && $function
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _vigil "$@"
else
  compdef _vigil vigil
fi
)";
  return out;
}

std::string fish_completion(const std::vector<Command>& commands) {
  std::string out = "# Completion of vigil for fish: put it into a completions folder as vigil.fish.\n";
  const std::string first = joined(words_after(commands, ""));
  for (const Command& command : commands) {
    const auto words = split(command.name, ' ');
    const std::string asked = words.size() == 1 ? "not __fish_seen_subcommand_from " + first
                                                : "__fish_seen_subcommand_from " + words[0] +
                                                      "; and not __fish_seen_subcommand_from " +
                                                      joined(words_after(commands, words[0]));
    out += fmt::format("complete -c vigil -f -n {} -a {} -d {}\n", fish_quoted(asked), words.back(),
                       fish_quoted(command.about));
    std::string here = "__fish_seen_subcommand_from " + words[0];
    if (words.size() == 2) here += "; and __fish_seen_subcommand_from " + words[1];
    for (const Option& option : command.options) {
      std::string names;
      for (const std::string& name : split(option.names, ',')) {
        if (name.starts_with("--")) {
          names += " -l " + name.substr(2);
        } else if (name.starts_with('-')) {
          names += " -s " + name.substr(1);
        }
      }
      const std::string values = option.one_of.empty() ? "" : " -f -a " + fish_quoted(joined(option.one_of));
      if (names.empty()) {
        out += fmt::format("complete -c vigil -n {}{}\n", fish_quoted(here), values.empty() ? " -F" : values);
        continue;
      }
      out +=
          fmt::format("complete -c vigil -n {}{}{}{} -d {}\n", fish_quoted(here), names, is_flag(option) ? "" : " -r",
                      is_flag(option) || !values.empty() ? values : " -F", fish_quoted(option.about));
    }
  }
  return out;
}

}  // namespace vigil::app
