#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/commands.h"

namespace vigil::app {
namespace {

// What a command line prints on standard output where it is only asked for help, or why it is refused.
std::string answer(std::vector<std::string> words) {
  std::vector<const char*> argv = {"vigil"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  testing::internal::CaptureStdout();
  std::string refused;
  bool runs = false;
  try {
    runs = static_cast<bool>(parse_command_line(commands(), static_cast<int>(argv.size()), argv.data()));
  } catch (const WrongUsage& e) {
    refused = e.what();
  }
  const std::string printed = testing::internal::GetCapturedStdout();
  return runs ? "runs" : refused.empty() ? printed : refused;
}

std::vector<std::string> words_of(const std::string& text, char between = ' ') {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(between, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

TEST(Commands, EachHasHelpWithItsExampleAndOptions) {
  for (const Command& command : commands()) {
    auto words = words_of(command.name);
    words.push_back("--help");
    const std::string help = answer(words);
    EXPECT_THAT(help, testing::HasSubstr(command.about));
    EXPECT_THAT(help, testing::HasSubstr("Example:\n  " + command.example));
    EXPECT_TRUE(command.example.starts_with("vigil " + words.front())) << command.example;
    for (const Option& option : command.options) {
      EXPECT_FALSE(option.about.empty()) << command.name << ' ' << option.names;
      for (const std::string& name : words_of(option.names, ',')) {
        EXPECT_THAT(help, testing::HasSubstr(name)) << command.name;
      }
    }
  }
}

TEST(Commands, EachExampleIsACommandLineThatIsAccepted) {
  for (const Command& command : commands()) {
    auto words = words_of(command.example);
    words.erase(words.begin());
    EXPECT_EQ(answer(words), "runs") << command.example;
  }
}

TEST(Commands, EachHasItsOwnNameAndTheHelpListsIt) {
  std::set<std::string> names;
  const std::string help = answer({"--help"});
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    if (command.name.find(' ') != std::string::npos) continue;
    EXPECT_THAT(help, testing::HasSubstr("  " + command.name + " "));
  }
}

TEST(CommandLine, FillsOptionsOfEveryType) {
  bool flag = false;
  std::string text;
  std::optional<std::string> maybe_text;
  std::vector<std::string> texts, rest;
  std::uint32_t number = 1;
  std::optional<std::uint32_t> maybe_number, absent;
  double real = 0;
  const std::vector<Command> table = {{"group", "about", "vigil group do"},
                                      {"group do",
                                       "about",
                                       "vigil group do",
                                       {{"REST", &rest, "what"},
                                        {"--flag", &flag, "what"},
                                        {"-t,--text", &text, "what"},
                                        {"--maybe-text", &maybe_text, "what"},
                                        {"--texts", &texts, "what"},
                                        {"--number", &number, "what", Presence::required, {}, {{1, 9}}},
                                        {"--maybe-number", &maybe_number, "what"},
                                        {"--absent", &absent, "what"},
                                        {"--real", &real, "what"}},
                                       [] { return 7; }}};
  const std::vector<const char*> argv = {
      "vigil", "group",   "do", "a",        "b", "--flag",         "-t", "x",      "--maybe-text", "y", "--texts",
      "p",     "--texts", "q",  "--number", "3", "--maybe-number", "4",  "--real", "0.5"};
  EXPECT_EQ(parse_command_line(table, static_cast<int>(argv.size()), argv.data())(), 7);
  EXPECT_TRUE(flag);
  EXPECT_EQ(text, "x");
  EXPECT_EQ(maybe_text, "y");
  EXPECT_THAT(texts, testing::ElementsAre("p", "q"));
  EXPECT_THAT(rest, testing::ElementsAre("a", "b"));
  EXPECT_EQ(number, 3u);
  EXPECT_EQ(maybe_number, 4u);
  EXPECT_FALSE(absent);
  EXPECT_EQ(real, 0.5);
}

TEST(CommandLine, NamesTheWordItDoesNotKnow) {
  EXPECT_EQ(answer({"wach"}), "unknown command 'wach' (did you mean 'watch'?); see vigil --help");
  EXPECT_EQ(answer({"wach", "--json"}), "unknown command 'wach' (did you mean 'watch'?); see vigil --help");
  EXPECT_EQ(answer({"gallop"}), "unknown command 'gallop'; see vigil --help");
  EXPECT_EQ(answer({"model", "inspekt", "demo/model"}),
            "unknown command 'model inspekt' (did you mean 'inspect'?); see vigil --help");
  EXPECT_EQ(answer({"--jason"}), "unknown option '--jason' of vigil; see vigil --help");
  EXPECT_EQ(answer({"watch", "--modell", "demo/model"}),
            "unknown option '--modell' of vigil watch (did you mean '--model'?); see vigil --help");
  // A required option that is mistyped, not the required option that is missing.
  EXPECT_EQ(answer({"publish", "run1/", "--endpont=tcp://127.0.0.1:5"}),
            "unknown option '--endpont' of vigil publish (did you mean '--endpoint'?); see vigil --help");
  EXPECT_EQ(answer({"record", "-x"}), "unknown option '-x' of vigil record; see vigil --help");
  EXPECT_THAT(answer({"wa\x1b[31m\n"}), testing::HasSubstr("unknown command 'wa\\x1b[31m\\n'"));
}

TEST(CommandLine, SaysWhatElseIsWrong) {
  EXPECT_THAT(answer({}), testing::HasSubstr("subcommand is required"));
  EXPECT_THAT(answer({"publish", "run1/"}), testing::HasSubstr("--endpoint is required"));
  EXPECT_THAT(answer({"emulate", "--model", "m", "--input", "x", "--jobs", "0"}), testing::HasSubstr("--jobs"));
  EXPECT_THAT(answer({"watch", "--fail-on", "everything"}), testing::HasSubstr("--fail-on"));
  EXPECT_THAT(answer({"status", "a.db", "b.db"}), testing::HasSubstr("b.db"));
}

TEST(CommandLine, NearestIsCloseOrNone) {
  const std::vector<std::string> words = {"watch", "status", "statistics"};
  EXPECT_EQ(nearest("wacth", words), "watch");
  EXPECT_EQ(nearest("statu", words), "status");
  EXPECT_EQ(nearest("statistic", words), "statistics");
  EXPECT_EQ(nearest("publish", words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
}

}  // namespace
}  // namespace vigil::app
