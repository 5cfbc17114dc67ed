// Which fault leads to which action: the rules of docs/results.md, one function a cause.
// Tested in tests/alerting/policy_test.cpp.
#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "alerting/policy_view.h"
#include "alerting/reasons.h"

namespace vigil::alerting {
namespace {

std::vector<Verdict> copies(const std::vector<const Verdict*>& verdicts) {
  std::vector<Verdict> copied;
  copied.reserve(verdicts.size());
  for (const Verdict* v : verdicts) copied.push_back(*v);
  return copied;
}

// The first events that any of them kept, each once, in their order; what is off, and so in no mismatch, disagrees in
// none.
std::vector<KeptEvent> first_events(const std::vector<const Verdict*>& mismatches) {
  std::vector<KeptEvent> events;
  for (const Verdict* v : mismatches) {
    const auto* evidence = std::get_if<MismatchEvidence>(&v->evidence);
    if (evidence != nullptr) events.insert(events.end(), evidence->first.begin(), evidence->first.end());
  }
  std::sort(events.begin(), events.end(), kept_before);
  events.erase(std::unique(events.begin(), events.end()), events.end());
  if (events.size() > kKeptEvents) events.resize(kKeptEvents);
  for (KeptEvent& event : events) {
    std::erase_if(event.disagreeing, [&](const std::string& name) {
      return std::none_of(mismatches.begin(), mismatches.end(),
                          [&](const Verdict* v) { return v->subject.name == name; });
    });
  }
  return events;
}

// As the rule that the action's first lumisection comes from counted them, where it is among these; else the first.
std::optional<MismatchCrossings> crossings_since(std::uint32_t first_ls,
                                                 const std::vector<const Verdict*>& mismatches) {
  std::optional<MismatchCrossings> found;
  for (const Verdict* v : mismatches) {
    const auto* evidence = std::get_if<MismatchEvidence>(&v->evidence);
    if (evidence == nullptr) continue;
    if (v->first_ls == first_ls) return evidence->crossings;
    if (!found) found = evidence->crossings;
  }
  return found;
}

std::vector<const Verdict*> joined(std::vector<const Verdict*> a, const std::vector<const Verdict*>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

// Hardware and emulator disagree: the deployed model is to be validated again, and people are told. Never retraining.
void Policy::judge_mismatch(const View& view, Decision& decision) {
  if (view.bad_mismatches.empty()) return;
  const ActionKey revalidate{ActionKind::revalidate, Cause::mismatch, ""};
  const BadRule* first =
      episodes_.first([](const RuleKey& key, const BadRule&) { return key.subject.target == Target::mismatch; });
  if (first == nullptr) return;
  if (is_young()) {
    Action action;
    action.reason = mismatch_reason(view.mismatches, std::nullopt);
    action.evidence = copies(view.mismatches);
    roll_back(Cause::mismatch, *first, std::move(action), view, decision);
  }
  if (episodes_.is_open(ActionKind::notify, Cause::mismatch) || !may_open(revalidate, view.window)) return;
  const Origin origin = first->origin;
  Revalidate proposal;
  for (const Verdict* v : view.mismatches) add_once(proposal.outputs, v->subject.name);
  proposal.kept = first_events(view.mismatches);
  if (!proposal.kept.empty()) proposal.first_event = proposal.kept.front();
  proposal.crossings = crossings_since(origin.first_ls, view.bad_mismatches);
  Action action;
  action.reason = mismatch_reason(view.mismatches, proposal.first_event);
  action.evidence = copies(view.mismatches);
  const std::string& monitor = view.bad_mismatches.front()->monitor;
  Action notice = action;
  notice.reason = notify_reason(*view.bad_mismatches.front());
  notice.proposal = Notify{monitor, view.all_bad};
  action.proposal = std::move(proposal);
  open(revalidate, origin, std::move(action), decision);
  open({ActionKind::notify, Cause::mismatch, monitor}, origin, std::move(notice), decision);
}

// A few inputs off: a detector's or a link's fault, named.
void Policy::judge_inputs(const View& view, Decision& decision) {
  if (view.inputs_off >= settings_.broad_inputs) return;
  for (const Verdict* v : view.bad_inputs) {
    const ActionKey key{ActionKind::notify, Cause::input, v->monitor};
    bool part_of_broad = false;  // the tail of a drift that was broad
    const BadRule* first = episodes_.first([&](const RuleKey& rule_key, const BadRule& rule) {
      if (rule_key.subject != v->subject) return false;
      part_of_broad |= rule.broad;
      return true;
    });
    if (first == nullptr || part_of_broad || !may_open(key, view.window)) continue;
    Action action;
    action.reason = input_reason(*v);
    for (const Verdict* other : view.bad_inputs) {
      if (other->subject == v->subject) action.evidence.push_back(*other);
    }
    for (const Verdict* other : view.bad_together) action.evidence.push_back(*other);
    action.proposal = Notify{v->monitor, view.all_bad};
    open(key, first->origin, std::move(action), decision);
  }
}

// The distributions moved, and no single input explains it.
void Policy::judge_conditions(const View& view, Decision& decision) {
  if (mismatches(view)) return;
  std::vector<const Verdict*> causes;
  if (view.inputs_off >= settings_.broad_inputs) {
    causes = joined(view.bad_outputs, view.bad_inputs);
  } else if (view.inputs_off == 0 && !episodes_.any(Target::input)) {
    for (const Verdict* v : view.bad_outputs) {
      if (const BadRule* rule = episodes_.find(*v); rule != nullptr && !rule->tainted) causes.push_back(v);
    }
  }
  const BadRule* first = nullptr;
  for (const Verdict* v : causes) {
    const BadRule* rule = episodes_.find(*v);
    if (rule != nullptr && (first == nullptr || rule->order < first->order)) first = rule;
  }
  if (first == nullptr) return;
  Action action;
  action.evidence = copies(joined(joined(view.off_outputs, view.off_inputs), view.off_together));
  action.reason = conditions_reason(view.off_outputs, view.off_inputs, view.inputs_off);
  const Origin o = first->origin;
  const bool an_output =
      std::any_of(causes.begin(), causes.end(), [](const Verdict* v) { return v->subject.target == Target::output; });
  if (an_output && is_young()) return roll_back(Cause::conditions, *first, std::move(action), view, decision);
  ActionKey key{ActionKind::retrain, Cause::conditions, ""};
  if (!episodes_.is_open(key) &&
      (!acts_on(view.window) || (may_open(key, view.window) && !within_budget(key, decision)))) {
    key.kind = ActionKind::collect_data;
  }
  if (!may_open(key, view.window)) return;
  action.proposal = Retrain{o.run, o.first_ls, o.run, o.last_ls, view.all_bad, view.moved};
  open(key, first->origin, std::move(action), decision);
}

// All columns together moved, and no input and no output says so: people are told, nothing is changed.
void Policy::judge_together(const View& view, Decision& decision) {
  if (view.inputs_off > 0 || episodes_.any(Target::output)) return;
  for (const Verdict* v : view.bad_together) {
    const ActionKey key{ActionKind::notify, Cause::input, v->monitor};
    bool is_evidence = false;
    const BadRule* first = episodes_.first([&](const RuleKey& rule_key, const BadRule& rule) {
      if (rule_key.subject != v->subject) return false;
      is_evidence |= rule.tainted;
      return true;
    });
    if (first == nullptr || is_evidence || !may_open(key, view.window)) continue;
    Action action;
    action.reason = notify_reason(*v);
    for (const Verdict* other : view.bad_together) {
      if (other->subject == v->subject) action.evidence.push_back(*other);
    }
    action.proposal = Notify{v->monitor, view.all_bad, v->attribution};
    open(key, first->origin, std::move(action), decision);
  }
}

// The rate left its target while every shape stayed: a threshold can mend that.
void Policy::judge_rates(const View& view, Decision& decision) {
  if (!view.shapes_good || mismatches(view) || episodes_.any(Target::input) || episodes_.any(Target::output)) return;
  for (const Verdict* v : view.bad_seeds) {
    const auto* proposal = std::get_if<ThresholdProposal>(&v->evidence);
    if (proposal == nullptr || proposal->proposed_threshold == proposal->current_threshold) continue;
    const ActionKey key{ActionKind::threshold_adjust, Cause::rate, v->subject.name};
    const BadRule* first = episodes_.first(
        [&](const RuleKey& rule_key, const BadRule& rule) { return rule_key.subject == v->subject && !rule.tainted; });
    if (first == nullptr) continue;
    Action action;
    action.reason = rate_reason(*v, *proposal);
    action.evidence = {*v};
    if (is_young()) {
      roll_back(Cause::rate, *first, std::move(action), view, decision);
      continue;
    }
    if (!acts_on(view.window) || !may_open(key, view.window) || !within_budget(key, decision)) continue;
    action.proposal = *proposal;
    open(key, first->origin, std::move(action), decision);
  }
}

}  // namespace vigil::alerting
