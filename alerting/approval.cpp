#include "alerting/approval.h"

#include <algorithm>
#include <array>

#include "alerting/sinks.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::alerting {
namespace {

constexpr std::array<std::string_view, 3> kNames{"auto", "one", "two"};

}  // namespace

std::string_view to_string(Approvers approvers) { return kNames[static_cast<std::size_t>(approvers)]; }

std::optional<Approvers> approvers(std::string_view text) {
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Approvers>(found - kNames.begin());
}

ApprovalRules ApprovalRules::stated() {
  ApprovalRules rules;
  rules.stated_ = true;
  const auto of = [&](ActionKind kind) -> Approvers& { return rules.needed_[static_cast<std::size_t>(kind)]; };
  of(ActionKind::retrain) = Approvers::one;
  of(ActionKind::threshold_adjust) = Approvers::two;
  of(ActionKind::rollback) = Approvers::two;
  return rules;
}

void ApprovalRules::set(ActionKind kind, Approvers needed, const std::string& where) {
  const bool reaches_the_trigger = kind == ActionKind::threshold_adjust || kind == ActionKind::rollback;
  if (reaches_the_trigger && needed == Approvers::automatic) {
    throw Error(where, "auto for " + std::string(to_string(kind)), "one or two");
  }
  needed_[static_cast<std::size_t>(kind)] = needed;
}

// A sink that is made for one kind of action starts something.
bool wants_approval(std::string_view type) {
  const auto& all = sink_catalogue();
  return std::any_of(all.begin(), all.end(),
                     [&](const SinkDescription& s) { return s.name == type && !s.kinds.empty(); });
}

void require_approval(const ApprovalRules& rules, const std::vector<std::pair<std::string, std::string>>& sinks,
                      const std::string& where) {
  if (rules.is_stated()) return;
  for (const auto& [type, name] : sinks) {
    if (!wants_approval(type)) continue;
    throw Error(where, "sink '" + shown(name) + "' of type " + type + " without approval",
                "the key `approval`, like approval: {} (docs/actions.md)");
  }
}

}  // namespace vigil::alerting
