#include "alerting/policy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "alerting/policy_view.h"
#include "alerting/reasons.h"

namespace vigil::alerting {
namespace {

bool is_off(Quality quality) { return quality == Quality::medium || quality == Quality::bad; }
// Off in this very window, not merely held bad by hysteresis.
bool drifts_now(const Verdict& v) { return is_off(v.reading); }
bool is_bad_now(const Verdict& v) { return v.quality == Quality::bad && drifts_now(v); }

}  // namespace

Policy::Policy(const ModelInfo& model, std::string stream, PolicySettings settings)
    : model_(model.name), model_hash_(model.hash), stream_(std::move(stream)), settings_(settings) {}

Policy::View Policy::view_of(const JudgedWindow& judged) const {
  View view{judged.window, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0, false, {}, judged.verdicts, judged.moved};
  std::set<VerdictSubject> inputs_off;
  bool any_output = false;
  bool shapes_off = false;
  // The evidence of a lumisection sees changes of a shape that are too small to be one: a rate that moved is one.
  const bool sequential = judged.window.name == kSequentialWindow;
  for (const Verdict& v : judged.verdicts) {
    if (v.quality == Quality::bad) add_once(view.all_bad, v.monitor);
    switch (v.subject.target) {
      case Target::mismatch:
        if (is_off(v.quality) || is_off(v.reading)) view.mismatches.push_back(&v);
        if (is_bad_now(v)) view.bad_mismatches.push_back(&v);
        break;
      case Target::input:
        if (is_bad_now(v)) view.bad_inputs.push_back(&v);
        if (drifts_now(v)) {
          view.off_inputs.push_back(&v);
          inputs_off.insert(v.subject);
        }
        shapes_off |= is_off(v.quality) || (!sequential && is_off(v.reading));
        break;
      case Target::output:
        if (is_bad_now(v)) view.bad_outputs.push_back(&v);
        if (drifts_now(v)) view.off_outputs.push_back(&v);
        any_output = true;
        shapes_off |= v.quality != Quality::good || (!sequential && v.reading != Quality::good);
        break;
      case Target::seed:
        if (is_bad_now(v)) view.bad_seeds.push_back(&v);
        break;
      case Target::multivariate:
        if (is_bad_now(v)) view.bad_together.push_back(&v);
        if (drifts_now(v)) view.off_together.push_back(&v);
        break;
    }
  }
  view.inputs_off = inputs_off.size();
  view.shapes_good = any_output && !shapes_off;
  const auto outputs_first = [](const Verdict* v) { return !v->subject.of_seed; };
  std::stable_partition(view.mismatches.begin(), view.mismatches.end(), outputs_first);
  std::stable_partition(view.bad_mismatches.begin(), view.bad_mismatches.end(), outputs_first);
  return view;
}

// A source that stopped is told apart from what it measured: nothing is wrong with the model.
Decision Policy::judge_sources(const Lumisection& lumisection, const std::vector<SilentSource>& silent,
                               const std::optional<std::uint64_t>& run_start_ns) {
  Decision decision;
  budget_.close_lumisection();
  episodes_.take(silent, lumisection);
  decision.closed = episodes_.close_ended(lumisection.run, lumisection.ls);
  for (const auto& [source, s] : episodes_.silent()) {
    const ActionKey key{ActionKind::notify, Cause::data, source};
    if (!episodes_.may_open(key, lumisection.run, lumisection.ls, settings_.cool_down_ls)) continue;
    Action action;
    action.reason = silence_reason(s);
    action.proposal = SourceNotice{source, s.run, s.ls};
    const std::uint32_t first_ls = s.run == lumisection.run ? s.ls : lumisection.ls;
    open(key, {lumisection.run, first_ls, lumisection.ls, run_start_ns}, std::move(action), decision);
  }
  return decision;
}

Decision Policy::judge_sequential(const JudgedWindow& lumisection) {
  sequential_mismatch_ = std::any_of(lumisection.verdicts.begin(), lumisection.verdicts.end(), [](const Verdict& v) {
    return v.subject.target == Target::mismatch && (is_off(v.quality) || is_off(v.reading));
  });
  return decide(lumisection);
}

Decision Policy::judge(const JudgedWindow& judged) {
  Decision decision = decide(judged);
  episodes_.forget(judged.window.run, judged.window.last_ls, settings_.cool_down_ls);
  return decision;
}

Decision Policy::decide(const JudgedWindow& judged) {
  Decision decision;
  for (const Verdict& v : judged.verdicts) episodes_.take(v, judged.window.run_start_ns);
  const View view = view_of(judged);
  mark_rules(view);
  decision.closed = episodes_.close_ended(judged.window.run, judged.window.last_ls);
  judge_mismatch(view, decision);
  judge_inputs(view, decision);
  judge_conditions(view, decision);
  judge_together(view, decision);
  judge_rates(view, decision);
  return decision;
}

// Sets broad drifts apart from single faulty inputs, and remembers which data were at fault: a score that is off
// because its input is dead, or that was computed while the comparison failed, says nothing about retraining until
// windows without such data have shown it off again.
void Policy::mark_rules(const View& view) {
  const Window& w = view.window;
  auto& rules = episodes_.rules();
  const bool broad = view.inputs_off >= settings_.broad_inputs;
  for (const Verdict* v : view.bad_inputs) {
    const auto rule = rules.find({v->window, v->subject, v->statistic});
    if (broad && rule != rules.end() && !episodes_.is_open({ActionKind::notify, Cause::input, v->monitor})) {
      rule->second.broad = true;
    }
  }
  // One input, one view of it: under every window name and statistic.
  std::set<VerdictSubject> broad_inputs;
  for (const auto& [key, rule] : rules) {
    if (rule.broad) broad_inputs.insert(key.subject);
  }
  bool local_fault = false;
  for (auto& [key, rule] : rules) {
    if (key.subject.target == Target::input) rule.broad = broad_inputs.contains(key.subject);
    local_fault |= key.subject.target == Target::mismatch || (key.subject.target == Target::input && !rule.broad);
  }
  if (local_fault) {
    fault_until_ = {w.run, fault_until_.first == w.run ? std::max(fault_until_.second, w.last_ls) : w.last_ls};
  }
  // What all columns together show beside an input or output is no news, and not later either.
  if (view.inputs_off > 0 || episodes_.any(Target::input) || episodes_.any(Target::output)) {
    for (auto& [key, rule] : rules) rule.tainted |= key.subject.target == Target::multivariate;
  }
  const auto is_clean = [&](std::uint32_t first_ls) {
    return !local_fault && (fault_until_.first != w.run || first_ls > fault_until_.second);
  };
  for (auto& [key, rule] : rules) {
    if (key.subject.target != Target::output && key.subject.target != Target::seed) continue;
    if (local_fault) {
      rule.tainted = true;
    } else if (rule.tainted && key.window == w.name) {
      const std::uint32_t first_ls = view.first_ls_of(key);
      if (!is_clean(first_ls)) continue;
      rule.tainted = false;
      rule.origin = {w.run, first_ls, w.last_ls, w.run_start_ns};  // bad on data of its own from here on
      rule.order = episodes_.next_order();
    }
  }
}

bool Policy::may_open(const ActionKey& key, const Window& window) const {
  return episodes_.may_open(key, window.run, window.last_ls, settings_.cool_down_ls);
}

bool Policy::mismatches(const View& view) const {
  return !view.mismatches.empty() || sequential_mismatch_ || episodes_.any(Target::mismatch);
}

void Policy::open(const ActionKey& key, const Origin& origin, Action action, Decision& decision) {
  action.kind = key.kind;
  action.cause = key.cause;
  action.subject = key.subject;
  action.model = model_;
  action.model_hash = model_hash_;
  action.stream = stream_;
  action.run = origin.run;
  action.first_ls = origin.first_ls;
  action.last_ls = origin.last_ls;
  action.run_start_ns = origin.run_start_ns;
  action.id = action_id(model_hash_, stream_, action.kind, action.cause, action.subject, action.run, action.last_ls);
  episodes_.open(key, action.id);
  budget_.count(key.kind);
  told_.erase(key);
  decision.actions.push_back(std::move(action));
}

bool Policy::acts_on(const Window& window) const {
  return alerting::matches(settings_.act_when, contexts_.of(window.run, window.last_ls));
}

bool Policy::is_young() const {
  return !hash_before_.empty() && budget_.closed() - closed_before_ <= settings_.verify_ls && succeeded_ &&
         succeeded_(hash_before_);
}

bool Policy::within_budget(const ActionKey& key, Decision& decision) {
  if (budget_.may_open(key.kind, settings_.budget_per_day)) return true;
  if (told_.insert(key).second) {
    decision.facts.push_back(budget_reason(key.kind, settings_.budget_per_day.at(key.kind), key.subject));
  }
  return false;
}

// In place of what would change a model that is no better than the one before it. `action`: reason and evidence.
void Policy::roll_back(Cause cause, const BadRule& first, Action action, const View& view, Decision& decision) {
  const ActionKey key{ActionKind::rollback, cause, ""};
  if (!acts_on(view.window) || !may_open(key, view.window) || !within_budget(key, decision)) return;
  action.reason = rollback_reason(action.reason, hash_before_);
  action.proposal = Rollback{model_hash_, hash_before_, view.all_bad};
  open(key, first.origin, std::move(action), decision);
}

}  // namespace vigil::alerting
