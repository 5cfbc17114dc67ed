// The sentences actions carry: what is wrong, by how much, where. Used by the policy only; equal verdicts give equal
// words.
// Tests: tests/alerting/policy_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/action.h"
#include "core/results.h"
#include "core/verdict.h"

namespace vigil::alerting {

// Each name once, in the order in which it came first.
void add_once(std::vector<std::string>& names, const std::string& name);

// "hardware and emulator disagree in score (12 of 1200 events), L1_X; first at run 1, LS 7, orbit 1600000, BX 12"
std::string mismatch_reason(const std::vector<const Verdict*>& verdicts, const std::optional<KeptEvent>& first);
// "<reason>; the hardware's words are those of *.phi plus 1 (8 of 8 events)": the first of them, where there is one
std::string explained_reason(const std::string& reason, const std::vector<InputExplanation>& attribution);
// "mismatch/score is bad: <reason of the verdict>"
std::string notify_reason(const Verdict& verdict);
// "input/jet[0].pt is dead: <reason of the verdict>"
std::string input_reason(const Verdict& verdict);
// "score drifted (ks 0.3, limit 0.1); 5 inputs drifted: input/jet[0].pt, ..."
std::string conditions_reason(const std::vector<const Verdict*>& outputs, const std::vector<const Verdict*>& inputs,
                              std::size_t inputs_off);
// "rate of L1_X 150 Hz, target 100 Hz, shapes unchanged: threshold 40 -> 44 gives 99 Hz (95 to 103)"
std::string rate_reason(const Verdict& verdict, const ThresholdProposal& proposal);
// "<reason>; the model before it, 0123456789ab, comes back"
std::string rollback_reason(const std::string& reason, const std::string& hash_before);
// "no more threshold-adjust of L1_X: 4 in 3707 lumisections are the most"
std::string budget_reason(ActionKind kind, std::uint32_t most, const std::string& subject);
// "source link2 silent since run 1 LS 40"
std::string silence_reason(const SilentSource& source);

}  // namespace vigil::alerting
