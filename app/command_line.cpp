// The one source that includes CLI11, which is slow to compile.
#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/commands.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

void add_option(CLI::App& app, const Option& option) {
  CLI::Option* added = std::visit(
      [&](auto* into) {
        using T = std::remove_pointer_t<decltype(into)>;
        if constexpr (std::is_same_v<T, bool>) {
          return app.add_flag(option.names, *into, option.about);
        } else {
          CLI::Option* one = app.add_option(option.names, *into, option.about);
          const bool repeatable = std::is_same_v<T, std::vector<std::string>> && option.names.starts_with('-');
          return repeatable ? one->take_all()->expected(1) : one;
        }
      },
      option.into);
  if (option.presence == Presence::required) added->required();
  if (!option.one_of.empty()) added->check(CLI::IsMember(option.one_of));
  if (option.range) {
    const auto [lowest, highest] = *option.range;
    if (std::holds_alternative<double*>(option.into)) {
      added->check(CLI::Range(lowest, highest));
    } else {
      added->check(CLI::Range(static_cast<std::uint32_t>(lowest), static_cast<std::uint32_t>(highest)));
    }
  }
}

// " (did you mean 'watch'?)" or nothing.
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  const auto meant = nearest(word, candidates);
  return meant ? " (did you mean '" + *meant + "'?)" : "";
}

// CLI11 says of a mistyped command that a subcommand is missing, and of a mistyped option that another one is required.
// The word itself is what a user wants to read: the first one that nothing of the catalogue knows, as a message.
std::optional<std::string> unknown_word(const std::vector<Command>& commands, const std::vector<std::string>& words) {
  std::string group;
  std::size_t next = 0;
  const Command* command = nullptr;
  while (command == nullptr || !command->run) {
    if (next == words.size()) return {};
    const std::string& word = words[next++];
    const std::string name = group.empty() ? word : group + " " + word;
    const auto found = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
    if (found == commands.end()) {
      if (word.starts_with('-'))
        return "unknown option '" + shown(word) + "' of vigil" + (group.empty() ? "" : " " + group);
      return "unknown command '" + shown(name) + "'" + suggestion(word, words_after(commands, group));
    }
    command = &*found;
    group = name;
  }
  std::vector<std::string> known = {"-h", "--help"};
  for (const Option& option : command->options) {
    for (const std::string& name : split(option.names, ',')) {
      if (name.starts_with('-')) known.push_back(name);
    }
  }
  for (; next < words.size() && words[next] != "--"; ++next) {
    if (!words[next].starts_with("--") && !(words[next].size() > 1 && words[next][0] == '-')) continue;
    const std::string word = words[next].substr(0, words[next].find('='));
    const std::string letter = word.starts_with("--") ? word : word.substr(0, 2);  // -oFILE
    if (std::find(known.begin(), known.end(), letter) != known.end()) continue;
    if (!word.starts_with("--") && !std::isalpha(static_cast<unsigned char>(word[1]))) continue;  // a number
    return "unknown option '" + shown(word) + "' of vigil " + command->name +
           (word.starts_with("--") ? suggestion(word, known) : "");
  }
  return {};
}

}  // namespace

std::optional<std::string> nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t least = word.size() / 3 + 2;  // one slip in three letters is close; two letters changed over are two
  for (const std::string& candidate : candidates) {
    // Levenshtein's distance, one row at a time.
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t replaced = diagonal + (word[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    if (row.back() < least) {
      least = row.back();
      best = candidate;
    }
  }
  return best;
}

std::function<int()> parse_command_line(const std::vector<Command>& commands, int argc, const char* const* argv) {
  CLI::App app{"vigil: watches machine-learning models that run in FPGA triggers", "vigil"};
  app.require_subcommand(1);
  app.set_version_flag("--version", VIGIL_VERSION);
  std::function<int()> chosen;
  for (const Command& command : commands) {
    CLI::App* parent = &app;
    const auto words = split(command.name, ' ');
    for (std::size_t i = 0; i + 1 < words.size(); ++i) parent = parent->get_subcommand(words[i]);
    CLI::App* sub = parent->add_subcommand(words.back(), command.about);
    sub->footer("Example:\n  " + command.example);
    for (const Option& option : command.options) add_option(*sub, option);
    if (command.run) {
      sub->callback([&chosen, &command] { chosen = command.run; });
    } else {
      sub->require_subcommand(1);
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {
      app.exit(e);
      return {};
    }
    const auto word = unknown_word(commands, {argv + std::min(argc, 1), argv + argc});
    throw WrongUsage(word.value_or(escaped(e.what())) + "; see vigil --help");
  }
  return chosen;
}

}  // namespace vigil::app
