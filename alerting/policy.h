// From judged windows to proposed actions: which fault leads to which action, and when one is open already.
// Pure: no I/O, no clock, no randomness; equal windows give equal actions and ids. One object a (model hash, stream),
// used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/action.h"
#include "core/model.h"

namespace vigil::alerting {

struct PolicySettings {
  std::uint32_t cool_down_ls = 20;  // between the end of an episode and the next action of the same key
  std::size_t broad_inputs = 3;     // this many drifting inputs are conditions, fewer are a detector's fault
};

struct Decision {
  std::vector<Action> actions;      // opened by this window, mismatch before input before conditions before rate
  std::vector<std::string> closed;  // ids of actions whose episode ended with this window
};

class Policy {
 public:
  // Of `model`: its name, its hash and the names of its seeds are kept.
  Policy(const ModelInfo& model, std::string stream, PolicySettings settings = {});

  // Windows in the order in which they close. The rules are in docs/results.md.
  Decision judge(const JudgedWindow& judged);

  // Ids of open actions, sorted.
  std::vector<std::string> open_ids() const;

  // Everything judge() remembers, as JSON text. A policy that loads what another saved goes on exactly as that one
  // would have.
  std::string save() const;
  // Replaces the state. Throws Error on another version, model hash or stream, or damaged text; the policy is then
  // unchanged.
  void load(std::string_view saved);

 private:
  // (window name, monitor, statistic)
  using RuleKey = std::tuple<std::string, std::string, std::string>;
  struct Origin {  // the window that turned a rule bad
    std::uint32_t run = 0, first_ls = 0, last_ls = 0;
    std::optional<std::uint64_t> run_start_ns;
  };
  struct BadRule {  // from bad until good again
    Target target = Target::output;
    Origin origin;
    std::uint64_t order = 0;  // of turning bad
    bool broad = false;       // an input that is part of a broad drift
    bool tainted = false;     // an output or seed that was bad while inputs or comparison were at fault
  };
  using ActionKey = std::tuple<ActionKind, Cause, std::string>;  // kind, cause, subject
  using Mark = std::pair<std::uint32_t, std::uint32_t>;          // run, LS
  struct View;                                                   // this window's verdicts, by class

  View view_of(const JudgedWindow& judged) const;
  void update_rules(const JudgedWindow& judged);
  void mark_rules(const View& view);
  bool in_episode(const ActionKey& key) const;
  void close_ended(const Window& window, std::vector<std::string>& closed);
  bool may_open(const ActionKey& key, const Window& window) const;
  bool any_bad(Target target) const;
  const BadRule* rule_of(const Verdict& verdict) const;
  void open(const ActionKey& key, const BadRule& first, Action action, Decision& decision);
  void judge_mismatch(const View& view, Decision& decision);
  void judge_inputs(const View& view, Decision& decision);
  void judge_conditions(const View& view, Decision& decision);
  void judge_rates(const View& view, Decision& decision);

  std::string model_;
  std::string model_hash_;
  std::string stream_;
  std::vector<std::string> seeds_;  // sorted
  PolicySettings settings_;

  std::map<RuleKey, BadRule> bad_rules_;
  std::map<ActionKey, std::string> open_;  // -> id
  std::map<ActionKey, Mark> ended_;        // -> last LS of the window that ended the episode
  Mark fault_until_{0, 0};                 // last LS of a window whose inputs or comparison were at fault
  std::uint64_t turned_bad_ = 0;
};

}  // namespace vigil::alerting
