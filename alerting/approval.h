// Who must approve what: the configuration's `approval`, and what approvers may not be. Used by the program to read it
// and by the journal, which notes with every action how many approvals it needs. Values only.
// Tests: tests/alerting/approval_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/action.h"

namespace vigil::alerting {

enum class Approvers : std::uint8_t { automatic, one, two };
std::string_view to_string(Approvers approvers);  // auto, one, two
std::optional<Approvers> approvers(std::string_view text);
// Persons who must have approved: 0, 1, 2.
inline std::size_t number_of(Approvers needed) { return static_cast<std::size_t>(needed); }

// How many approvers each kind of action needs.
class ApprovalRules {
 public:
  // As without `approval`: all automatic, and no sink that changes something may be there.
  ApprovalRules() { needed_.fill(Approvers::automatic); }
  // As with `approval: {}`: what tells people is automatic, a retraining takes one, what reaches the trigger takes two.
  static ApprovalRules stated();
  // Throws Error for `auto` of threshold-adjust or rollback, naming `where`.
  void set(ActionKind kind, Approvers needed, const std::string& where);

  bool is_stated() const { return stated_; }
  Approvers of(ActionKind kind) const { return needed_[static_cast<std::size_t>(kind)]; }
  bool operator==(const ApprovalRules&) const = default;

 private:
  std::array<Approvers, kActionKinds> needed_{};
  bool stated_ = false;
};

// Whether a sink of `type` starts something: nothing may be sent to it that nobody had to approve.
bool wants_approval(std::string_view type);
// Throws Error naming the sink where `rules` were not stated and one of the sinks (type, name) wants them.
void require_approval(const ApprovalRules& rules, const std::vector<std::pair<std::string, std::string>>& sinks,
                      const std::string& where);

}  // namespace vigil::alerting
