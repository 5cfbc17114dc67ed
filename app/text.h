// Results as text for people: one line a lumisection, window or action, coloured on a terminal.
// Tests: tests/contract/hostile_names_test.py.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "app/closing.h"

namespace vigil::app {

// Characters of a reason: a sentence that quotes a few names.
inline constexpr std::size_t kShownReason = 1000;

// Whether stdout is a terminal that takes colours (and NO_COLOR is not set).
bool colours();
std::string paint(Quality quality, const std::string& text);

// Remembers what it said of each window name, so that verdicts are spelled out when they change, not each time.
class ClosingText {
 public:
  std::string operator()(const Closing& closing);

 private:
  std::map<std::string, std::string> said_;  // model, stream, window -> qualities
};
std::string action_text(const Action& action);

// 12.3k, 4.56M: four significant characters.
std::string short_number(double value);

}  // namespace vigil::app
