// From verdicts to proposed actions: which fault leads to which action.
// Pure: no I/O, no clock, no randomness; equal verdicts give equal actions and ids. One object a (model hash, stream),
// used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/episodes.h"
#include "core/action.h"
#include "core/model.h"
#include "core/results.h"

namespace vigil::alerting {

struct PolicySettings {
  std::uint32_t cool_down_ls = 20;  // between the end of an episode and the next action of the same key
  std::size_t broad_inputs = 3;     // this many drifting inputs are conditions, fewer are a detector's fault
};

struct Decision {
  std::vector<Action> actions;      // opened, mismatch before input before conditions before rate
  std::vector<std::string> closed;  // ids of actions whose episode ended
};

class Policy {
 public:
  // Of `model`: its name and its hash are kept.
  Policy(const ModelInfo& model, std::string stream, PolicySettings settings = {});

  // The rules are in docs/results.md. At each closed lumisection first its sources, then all its sequential verdicts
  // together (`window`: run, stream and the lumisection that closed), then the windows that close with it, in order.
  Decision judge_sources(const Lumisection& lumisection, const std::vector<SilentSource>& silent,
                         const std::optional<std::uint64_t>& run_start_ns);
  Decision judge_sequential(const JudgedWindow& lumisection);
  Decision judge(const JudgedWindow& judged);

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
  void judge_rates(const View& view, Decision& decision);
  bool mismatches(const View& view) const;  // anything medium or bad, here or sequential, or an episode of it

  std::string model_;
  std::string model_hash_;
  std::string stream_;
  PolicySettings settings_;

  Episodes episodes_;
  std::pair<std::uint32_t, std::uint32_t> fault_until_{0, 0};  // run, last LS of what had inputs or comparison at fault
  bool sequential_mismatch_ = false;                           // medium or bad at the newest lumisection
};

}  // namespace vigil::alerting
