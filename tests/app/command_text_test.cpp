#include "app/command_text.h"

#include <gmock/gmock.h>

#include "app/commands.h"

namespace vigil::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> names_of(const Option& option) {
  std::vector<std::string> out(1);
  for (const char c : option.names) {
    if (c == ',') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::string page_of(const std::string& name) {
  const auto all = commands();
  for (const Command& command : all) {
    if (command.name == name) return manual_page(all, &command, "1");
  }
  return {};
}

TEST(ManualPage, HoldsEveryOptionOfEveryCommandAndItsExample) {
  const auto all = commands();
  const std::string whole = manual_page(all, nullptr, "1");
  for (const Command& command : all) {
    const std::string page = manual_page(all, &command, "1");
    EXPECT_THAT(page, HasSubstr(roff_text(command.about)));
    EXPECT_THAT(page, HasSubstr(roff_text(command.example)));
    if (command.run) {
      EXPECT_THAT(whole, HasSubstr(roff_text("vigil " + command.name)));
    }
    for (const Option& option : command.options) {
      EXPECT_THAT(page, HasSubstr(roff_text(option.about))) << command.name;
      for (const std::string& name : names_of(option)) EXPECT_THAT(page, HasSubstr(roff_text(name)));
    }
  }
}

TEST(ManualPage, TextIsNeverARequest) {
  EXPECT_EQ(roff_text(".TH\n'x\\-"), "\\&.TH\n\\&\\(aqx\\(rs\\-");
  EXPECT_EQ(roff_text("…µ"), "\\[u2026]\\[u00B5]");
  EXPECT_THAT(page_of("watch"), Not(HasSubstr("\n'")));
}

TEST(Completion, EachShellKnowsEveryCommandAndFlag) {
  const auto all = commands();
  for (const std::string& script : {bash_completion(all), zsh_completion(all), fish_completion(all)}) {
    for (const Command& command : all) {
      const std::string last = command.name.substr(command.name.find(' ') + 1);
      EXPECT_THAT(script, HasSubstr(last));
      for (const Option& option : command.options) {
        for (const std::string& name : names_of(option)) {
          if (name.starts_with("--")) {
            EXPECT_THAT(script, HasSubstr(name.substr(2))) << command.name;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace vigil::app
