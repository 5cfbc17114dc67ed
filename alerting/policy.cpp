#include "alerting/policy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "alerting/reasons.h"

namespace vigil::alerting {
namespace {

bool is_off(Quality quality) { return quality == Quality::medium || quality == Quality::bad; }
// Off in this very window, not merely held bad by hysteresis.
bool drifts_now(const Verdict& v) { return is_off(v.reading); }
bool is_bad_now(const Verdict& v) { return v.quality == Quality::bad && drifts_now(v); }

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

struct Policy::View {
  const Window& window;
  std::vector<const Verdict*> mismatches;  // medium or bad by reading or rule; outputs before seeds
  std::vector<const Verdict*> bad_mismatches;
  std::vector<const Verdict*> bad_inputs;   // rule bad and off in this window
  std::vector<const Verdict*> off_inputs;   // off in this window
  std::vector<const Verdict*> bad_outputs;  // rule bad and off in this window
  std::vector<const Verdict*> off_outputs;
  std::vector<const Verdict*> bad_seeds;
  std::size_t inputs_off = 0;        // number of input monitors, however many statistics each has
  bool shapes_good = false;          // every output known and good, no input medium or bad
  std::vector<std::string> all_bad;  // monitors of every bad rule, in the order of the verdicts
};

Policy::Policy(const ModelInfo& model, std::string stream, PolicySettings settings)
    : model_(model.name), model_hash_(model.hash), stream_(std::move(stream)), settings_(settings) {}

Policy::View Policy::view_of(const JudgedWindow& judged) const {
  View view{judged.window, {}, {}, {}, {}, {}, {}, {}, 0, false, {}};
  std::set<VerdictSubject> inputs_off;
  bool any_output = false;
  bool shapes_off = false;
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
        shapes_off |= is_off(v.quality) || is_off(v.reading);
        break;
      case Target::output:
        if (is_bad_now(v)) view.bad_outputs.push_back(&v);
        if (drifts_now(v)) view.off_outputs.push_back(&v);
        any_output = true;
        shapes_off |= v.quality != Quality::good || v.reading != Quality::good;
        break;
      case Target::seed:
        if (is_bad_now(v)) view.bad_seeds.push_back(&v);
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
  const bool clean = !local_fault && (fault_until_.first != w.run || w.first_ls > fault_until_.second);
  for (auto& [key, rule] : rules) {
    if (key.subject.target != Target::output && key.subject.target != Target::seed) continue;
    if (local_fault) {
      rule.tainted = true;
    } else if (clean && rule.tainted && key.window == w.name) {
      rule.tainted = false;
      rule.origin = {w.run, w.first_ls, w.last_ls, w.run_start_ns};  // bad on data of its own from here on
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
  decision.actions.push_back(std::move(action));
}

namespace {

std::vector<Verdict> copies(const std::vector<const Verdict*>& verdicts) {
  std::vector<Verdict> copied;
  copied.reserve(verdicts.size());
  for (const Verdict* v : verdicts) copied.push_back(*v);
  return copied;
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
  if (episodes_.is_open(ActionKind::notify, Cause::mismatch) || !may_open(revalidate, view.window)) return;
  const BadRule* first =
      episodes_.first([](const RuleKey& key, const BadRule&) { return key.subject.target == Target::mismatch; });
  if (first == nullptr) return;
  const Origin origin = first->origin;
  Revalidate proposal;
  for (const Verdict* v : view.mismatches) {
    add_once(proposal.outputs, v->subject.name);
    const auto* evidence = std::get_if<MismatchEvidence>(&v->evidence);
    if (evidence == nullptr) continue;
    for (const KeptEvent& e : evidence->first) {
      const auto place = [](const KeptEvent& k) { return std::tie(k.run, k.ls, k.orbit, k.bx); };
      if (!proposal.first_event || place(e) < place(*proposal.first_event)) proposal.first_event = e;
    }
  }
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
    action.proposal = Notify{v->monitor, view.all_bad};
    open(key, first->origin, std::move(action), decision);
  }
}

// The distributions moved, and no single input explains it.
void Policy::judge_conditions(const View& view, Decision& decision) {
  const ActionKey key{ActionKind::retrain, Cause::conditions, ""};
  if (mismatches(view) || !may_open(key, view.window)) return;
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
  action.evidence = copies(joined(view.off_outputs, view.off_inputs));
  action.reason = conditions_reason(view.off_outputs, view.off_inputs, view.inputs_off);
  const Origin o = first->origin;
  action.proposal = Retrain{o.run, o.first_ls, o.run, o.last_ls, view.all_bad};
  open(key, first->origin, std::move(action), decision);
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
    if (first == nullptr || !may_open(key, view.window)) continue;
    Action action;
    action.reason = rate_reason(*v, *proposal);
    action.evidence = {*v};
    action.proposal = *proposal;
    open(key, first->origin, std::move(action), decision);
  }
}

}  // namespace vigil::alerting
