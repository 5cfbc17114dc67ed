// Tested in tests/monitors/rule_test.cpp and sequential_mismatch_test.cpp.
#include "monitors/mismatch_words.h"

#include <algorithm>

namespace vigil::monitors {

std::string mismatch_in_words(const std::string& monitor, const Subject& subject, const MismatchCounts& c) {
  const bool output = subject.index < subject.model->outputs.size();
  return monitor + ": hardware and emulator differ in " + std::to_string(c.events) + " of " +
         std::to_string(c.compared) + " events (" + std::to_string(c.first) +
         (output ? " above, " : " hardware only, ") + std::to_string(c.second) +
         (output ? " below" : " emulator only") +
         (c.bits > 0 ? ", " + std::to_string(c.bits) + " by decision bits" : "") + ")";
}

std::string place_in_words(const KeptEvent& event) {
  return "run " + std::to_string(event.run) + " LS " + std::to_string(event.ls) + " orbit " +
         std::to_string(event.orbit) + " BX " + std::to_string(event.bx);
}

std::vector<KeptEvent> events_of(const Summary& summary, const Subject& subject) {
  std::vector<KeptEvent> events;
  for (const KeptEvent& event : summary.kept) {
    const auto& names = event.disagreeing;
    if (std::find(names.begin(), names.end(), mismatch_name(subject)) != names.end()) events.push_back(event);
  }
  return events;
}

}  // namespace vigil::monitors
