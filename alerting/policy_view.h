// These verdicts, by class: what the policy decides on. Private to policy.cpp (what they are, what is open) and
// policy_causes.cpp (which fault leads to which action).
// Tests: tests/alerting/policy_test.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "alerting/policy.h"

namespace vigil::alerting {

struct Policy::View {
  const Window& window;
  std::vector<const Verdict*> mismatches;  // medium or bad by reading or rule; outputs before seeds
  std::vector<const Verdict*> bad_mismatches;
  std::vector<const Verdict*> bad_inputs;   // rule bad and off in this window
  std::vector<const Verdict*> off_inputs;   // off in this window
  std::vector<const Verdict*> bad_outputs;  // rule bad and off in this window
  std::vector<const Verdict*> off_outputs;
  std::vector<const Verdict*> bad_seeds;
  std::vector<const Verdict*> bad_together;  // all columns together: rule bad and off in this window
  std::vector<const Verdict*> off_together;
  std::size_t inputs_off = 0;        // number of input monitors, however many statistics each has
  bool shapes_good = false;          // every output known and good, no input medium or bad
  std::vector<std::string> all_bad;  // monitors of every bad rule, in the order of the verdicts
  const std::vector<Verdict>& verdicts;
  const std::vector<MovedInput>& moved;

  // Where the data of a rule's verdict begin: a sequential one's with the change it dates.
  std::uint32_t first_ls_of(const RuleKey& key) const {
    const auto found = std::find_if(verdicts.begin(), verdicts.end(), [&](const Verdict& v) {
      return v.subject == key.subject && v.statistic == key.statistic;
    });
    return found == verdicts.end() ? window.first_ls : found->first_ls;
  }
};

}  // namespace vigil::alerting
