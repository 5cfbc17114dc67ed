// What became of the false-alarm budget in a run: lumisections judged, rules that turned bad (pages) or medium
// (warnings). Used by StreamMonitor. Values only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/verdict.h"

namespace vigil::monitors {

class AlarmTally {
 public:
  // Rules by number; all unknown.
  explicit AlarmTally(std::size_t rules = 0) : last_(rules, letter(Quality::unknown)) {}

  // The quality of a rule, in order. Unknown between two known qualities is skipped over.
  void take(std::size_t rule, Quality quality);
  // One more lumisection with a known verdict of a rule that needs a reference.
  void judged() { ++judged_ls_; }
  void restart();

  std::uint64_t judged_ls() const { return judged_ls_; }
  std::uint64_t pages() const { return pages_; }
  std::uint64_t warnings() const { return warnings_; }

  nlohmann::json save() const;
  // Of other rules only the counts go on. Throws nlohmann's exception on what save() did not write.
  void load(const nlohmann::json& saved);

 private:
  static char letter(Quality quality) { return "ugmb"[static_cast<std::size_t>(quality)]; }

  std::string last_;  // known quality of each rule, a letter each
  std::uint64_t judged_ls_ = 0;
  std::uint64_t pages_ = 0;
  std::uint64_t warnings_ = 0;
};

}  // namespace vigil::monitors
