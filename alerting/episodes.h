// What is wrong and since when: rules from turning bad until good again, sources from falling silent until they send,
// the actions open because of them, and the cool-down after. Used by the policy, which decides what leads to an action.
// Values only.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/action.h"
#include "core/results.h"

namespace vigil::alerting {

// A rule, in windows of one name or sequential. By type, so that an output and a seed of one name are two.
struct RuleKey {
  std::string window;
  VerdictSubject subject;
  std::string statistic;
  auto operator<=>(const RuleKey&) const = default;
};

struct Origin {  // the window, or the span of a sequential verdict, that turned a rule bad
  std::uint32_t run = 0, first_ls = 0, last_ls = 0;
  std::optional<std::uint64_t> run_start_ns;
};

struct BadRule {  // from bad until good again
  std::string monitor;
  Origin origin;
  std::uint64_t order = 0;      // of turning bad
  std::uint64_t reference = 0;  // ordinal of the one that called it bad; 0: none was learned
  bool broad = false;           // an input that is part of a broad drift
  // An output or seed that was bad while inputs or comparison were at fault; all columns together beside any of them.
  bool tainted = false;
};

struct ActionKey {
  ActionKind kind = ActionKind::notify;
  Cause cause = Cause::input;
  std::string subject;
  auto operator<=>(const ActionKey&) const = default;
};

class Episodes {
 public:
  // A rule is bad from the verdict that turns it bad until it is good again against the reference that called it bad or
  // one learned before it; medium and unknown change nothing.
  void take(const Verdict& verdict, const std::optional<std::uint64_t>& run_start_ns);
  // Sources that are silent, and those that sent, in this lumisection; any other source stays what it was.
  void take(const std::vector<SilentSource>& silent, const Lumisection& lumisection);

  std::map<RuleKey, BadRule>& rules() { return rules_; }
  const std::map<RuleKey, BadRule>& rules() const { return rules_; }
  const BadRule* find(const Verdict& verdict) const;
  bool any(Target target) const;
  // The first to turn bad of those for which `wanted(key, rule)` holds; null for none.
  template <class Wanted>
  const BadRule* first(Wanted wanted) const {
    const BadRule* found = nullptr;
    for (const auto& [key, rule] : rules_) {
      if (wanted(key, rule) && (found == nullptr || rule.order < found->order)) found = &rule;
    }
    return found;
  }
  // A new place in the order, for a rule whose fault begins anew.
  std::uint64_t next_order() { return turned_bad_++; }
  const std::map<std::string, SilentSource>& silent() const { return silent_; }
  // Whether a fault is open that must not become part of a reference. A rate that is off its target without a reference
  // is none: it says nothing of the shapes, and only a reference can tell the luminosity from it.
  bool hold_learning() const;

  // Closes the actions whose episode ended; returns their ids, sorted.
  std::vector<std::string> close_ended(std::uint32_t run, std::uint32_t ls);
  // Forgets cool-downs that are over by then.
  void forget(std::uint32_t run, std::uint32_t ls, std::uint32_t cool_down_ls);
  bool is_open(const ActionKey& key) const { return open_.contains(key); }
  bool is_open(ActionKind kind, Cause cause) const;
  bool may_open(const ActionKey& key, std::uint32_t run, std::uint32_t ls, std::uint32_t cool_down_ls) const;
  void open(const ActionKey& key, const std::string& id);
  std::vector<std::string> open_ids() const;  // sorted

  // As JSON text. Throws Error naming `where` on text save() did not write; the object is then unchanged.
  std::string save() const;
  void load(std::string_view text, const std::string& where);
  // Rules that none of `rules` is any more: from now on they end with the next good verdict on the same subject.
  // Returns how many.
  std::size_t keep_only(const std::vector<Verdict>& rules);

 private:
  using Mark = std::pair<std::uint32_t, std::uint32_t>;  // run, LS

  bool goes_on(const ActionKey& key) const;
  void end(const RuleKey& key, std::uint64_t reference);

  std::map<RuleKey, BadRule> rules_;            // one without window and statistic is of a rule that is no more
  std::map<std::string, SilentSource> silent_;  // by source
  std::map<ActionKey, std::string> open_;       // -> id
  std::map<ActionKey, Mark> ended_;             // -> last LS of what ended the episode
  std::uint64_t turned_bad_ = 0;
};

}  // namespace vigil::alerting
