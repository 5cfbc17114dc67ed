// From verdicts to proposed actions: which fault leads to which action.
// Pure: no I/O, no clock, no randomness; equal verdicts give equal actions and ids. One object a (model hash, stream),
// used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/budget.h"
#include "alerting/episodes.h"
#include "core/action.h"
#include "core/model.h"
#include "core/results.h"

namespace vigil::alerting {

struct PolicySettings {
  std::uint32_t cool_down_ls = 20;  // between the end of an episode and the next action of the same key
  std::size_t broad_inputs = 3;     // this many drifting inputs are conditions, fewer are a detector's fault
  ActWhen act_when = {};            // else nothing is changed: data are collected, people are told
  BudgetPerDay budget_per_day = default_budget_per_day();
  std::uint32_t verify_ls = 100;  // a model younger than this, after an action that succeeded, is rolled back
};

struct Decision {
  std::vector<Action> actions;      // opened, mismatch before input before conditions before rate
  std::vector<std::string> closed;  // ids of actions whose episode ended
  std::vector<std::string> facts;   // what was not opened, for the log
};

class Policy {
 public:
  // Of `model`: its name and its hash are kept.
  Policy(const ModelInfo& model, std::string stream, PolicySettings settings = {});

  // Whether an action of a model hash has succeeded on this stream: the one thing it asks outside the data, when a
  // model that follows another turns bad early. Without it nothing is rolled back.
  void ask_succeeded(std::function<bool(const std::string&)> asked) { succeeded_ = std::move(asked); }
  // The context of a lumisection, before it is judged.
  void note_context(std::uint32_t run, std::uint32_t ls, const ActContext& context) {
    contexts_.note(run, ls, context);
  }

  // The rules are in docs/results.md. At each closed lumisection first its sources, then all its sequential verdicts
  // together (`window`: run, stream and the lumisection that closed), then the windows that close with it, in order.
  Decision judge_sources(const Lumisection& lumisection, const std::vector<SilentSource>& silent,
                         const std::optional<std::uint64_t>& run_start_ns);
  Decision judge_sequential(const JudgedWindow& lumisection);
  Decision judge(const JudgedWindow& judged);

  // Whether the context of the window's last lumisection is one in which something may be changed and people are told
  // (act_when).
  bool acts_on(const Window& window) const;
  // Whether a fault is open, so that nothing may be learned.
  bool hold_learning() const { return episodes_.hold_learning(); }
  // Ids of open actions, sorted.
  std::vector<std::string> open_ids() const { return episodes_.open_ids(); }

  // Everything it remembers, as JSON text. A policy that loads what another saved goes on exactly as that one would
  // have.
  std::string save() const;
  // Replaces the state. `rules`: one verdict of each rule there is now; what was saved of others ends with the next
  // good verdict on the same subject. Returns in words what does not go on as it was. Throws Error on another version,
  // model hash or stream, or damaged text; the policy is then unchanged.
  std::vector<std::string> load(std::string_view saved, const std::vector<Verdict>& rules);
  // What of a saved policy says whose it is; nullopt: damaged, or of an earlier vigil.
  struct Identity {
    std::string model, model_hash, stream;
    std::uint64_t generation = 0;  // of the stream's models: grows with every change
  };
  static std::optional<Identity> identity(std::string_view saved);
  std::uint64_t generation() const { return generation_; }
  // The stream's model before this one, as its policy was saved: what it opened counts for the day, and it is where a
  // rollback leads. Throws Error as load() does.
  void follow(std::string_view saved);

 private:
  struct View;  // these verdicts, by class

  View view_of(const JudgedWindow& judged) const;
  Decision decide(const JudgedWindow& judged);
  void mark_rules(const View& view);
  bool may_open(const ActionKey& key, const Window& window) const;
  void open(const ActionKey& key, const Origin& origin, Action action, Decision& decision);
  void judge_mismatch(const View& view, Decision& decision);
  void judge_inputs(const View& view, Decision& decision);
  void judge_conditions(const View& view, Decision& decision);
  void judge_together(const View& view, Decision& decision);
  void judge_rates(const View& view, Decision& decision);
  bool is_young() const;
  bool within_budget(const ActionKey& key, Decision& decision);
  void roll_back(Cause cause, const BadRule& first, Action action, const View& view, Decision& decision);
  bool mismatches(const View& view) const;  // anything medium or bad, here or sequential, or an episode of it

  std::string model_;
  std::string model_hash_;
  std::string stream_;
  PolicySettings settings_;

  Episodes episodes_;
  std::pair<std::uint32_t, std::uint32_t> fault_until_{0, 0};  // run, last LS of what had inputs or comparison at fault
  bool sequential_mismatch_ = false;                           // medium or bad at the newest lumisection
  ContextTrail contexts_;
  ActionBudget budget_;
  std::uint64_t generation_ = 0;
  std::string hash_before_;          // empty: the stream's first model
  std::uint64_t closed_before_ = 0;  // lumisections before this model's first
  std::set<ActionKey> told_;         // whose exhausted budget the log has
  std::function<bool(const std::string&)> succeeded_;
};

}  // namespace vigil::alerting
