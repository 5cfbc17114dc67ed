#include "alerting/policy.h"

#include <algorithm>
#include <optional>
#include <set>

#include "alerting/reasons.h"

namespace vigil::alerting {
namespace {

constexpr std::string_view kMismatch = "mismatch/";
constexpr std::string_view kSeed = "seed/";

bool is_off(Quality quality) { return quality == Quality::medium || quality == Quality::bad; }
// Off in this very window, not merely held bad by hysteresis.
bool drifts_now(const Verdict& v) { return is_off(v.reading); }
bool is_bad_now(const Verdict& v) { return v.quality == Quality::bad && drifts_now(v); }

std::string without(std::string_view prefix, const std::string& name) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

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
    : model_(model.name), model_hash_(model.hash), stream_(std::move(stream)), settings_(settings) {
  for (const Seed& seed : model.seeds) seeds_.push_back(seed.name);
  std::sort(seeds_.begin(), seeds_.end());
}

Policy::View Policy::view_of(const JudgedWindow& judged) const {
  View view{judged.window, {}, {}, {}, {}, {}, {}, {}, 0, false, {}};
  std::set<std::string_view> inputs_off;
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
          inputs_off.insert(v.monitor);
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
  const auto outputs_first = [this](const Verdict* v) {
    return !std::binary_search(seeds_.begin(), seeds_.end(), without(kMismatch, v->monitor));
  };
  std::stable_partition(view.mismatches.begin(), view.mismatches.end(), outputs_first);
  std::stable_partition(view.bad_mismatches.begin(), view.bad_mismatches.end(), outputs_first);
  return view;
}

Decision Policy::judge(const JudgedWindow& judged) {
  Decision decision;
  update_rules(judged);
  const View view = view_of(judged);
  mark_rules(view);
  close_ended(judged.window, decision.closed);
  judge_mismatch(view, decision);
  judge_inputs(view, decision);
  judge_conditions(view, decision);
  judge_rates(view, decision);
  return decision;
}

// A rule is bad from the window that turns it bad until it is good again; medium and unknown change nothing.
void Policy::update_rules(const JudgedWindow& judged) {
  const Window& w = judged.window;
  for (const Verdict& v : judged.verdicts) {
    const RuleKey key{v.window, v.monitor, v.statistic};
    if (v.quality == Quality::good) {
      bad_rules_.erase(key);
    } else if (v.quality == Quality::bad && !bad_rules_.contains(key)) {
      bad_rules_[key] = {v.subject.target, {w.run, w.first_ls, w.last_ls, w.run_start_ns}, turned_bad_++, false, false};
    }
  }
}

// Sets broad drifts apart from single faulty inputs, and remembers which data were at fault: a score that is off
// because its input is dead, or that was computed while the comparison failed, says nothing about retraining until
// windows without such data have shown it off again.
void Policy::mark_rules(const View& view) {
  const Window& w = view.window;
  const bool broad = view.inputs_off >= settings_.broad_inputs;
  for (const Verdict* v : view.bad_inputs) {
    const auto rule = bad_rules_.find({v->window, v->monitor, v->statistic});
    if (broad && !open_.contains({ActionKind::notify, Cause::input, v->monitor})) rule->second.broad = true;
  }
  // One input, one view of it: under every window name and statistic.
  std::set<std::string> broad_inputs;
  for (const auto& [key, rule] : bad_rules_) {
    if (rule.broad) broad_inputs.insert(std::get<1>(key));
  }
  for (auto& [key, rule] : bad_rules_) {
    if (rule.target == Target::input && broad_inputs.contains(std::get<1>(key))) rule.broad = true;
  }
  const bool local_fault = std::any_of(bad_rules_.begin(), bad_rules_.end(), [](const auto& entry) {
    return entry.second.target == Target::mismatch || (entry.second.target == Target::input && !entry.second.broad);
  });
  if (local_fault) {
    fault_until_ = {w.run, fault_until_.first == w.run ? std::max(fault_until_.second, w.last_ls) : w.last_ls};
  }
  const bool clean = !local_fault && (fault_until_.first != w.run || w.first_ls > fault_until_.second);
  for (auto& [key, rule] : bad_rules_) {
    if (rule.target != Target::output && rule.target != Target::seed) continue;
    if (local_fault) {
      rule.tainted = true;
    } else if (clean && rule.tainted && std::get<0>(key) == w.name) {
      rule.tainted = false;
      rule.origin = {w.run, w.first_ls, w.last_ls, w.run_start_ns};  // bad on data of its own from here on
      rule.order = turned_bad_++;
    }
  }
}

bool Policy::any_bad(Target target) const {
  return std::any_of(bad_rules_.begin(), bad_rules_.end(),
                     [target](const auto& entry) { return entry.second.target == target; });
}

const Policy::BadRule* Policy::rule_of(const Verdict& v) const {
  const auto found = bad_rules_.find({v.window, v.monitor, v.statistic});
  return found == bad_rules_.end() ? nullptr : &found->second;
}

// Is any rule of the class of `key` still bad, under any window name?
bool Policy::in_episode(const ActionKey& key) const {
  const auto& [kind, cause, subject] = key;
  for (const auto& [rule_key, rule] : bad_rules_) {
    const std::string& monitor = std::get<1>(rule_key);
    switch (cause) {
      case Cause::mismatch:
        if (rule.target == Target::mismatch) return true;
        break;
      case Cause::input:
        if (rule.target == Target::input && monitor == subject) return true;
        break;
      case Cause::conditions:
        if (rule.target == Target::output || (rule.target == Target::input && rule.broad)) return true;
        break;
      case Cause::rate:
        if (rule.target == Target::seed && without(kSeed, monitor) == subject) return true;
        break;
      case Cause::configuration:
      case Cause::data:
        break;
    }
  }
  return false;
}

void Policy::close_ended(const Window& window, std::vector<std::string>& closed) {
  for (auto it = open_.begin(); it != open_.end();) {
    if (in_episode(it->first)) {
      ++it;
      continue;
    }
    closed.push_back(it->second);
    ended_[it->first] = {window.run, window.last_ls};
    it = open_.erase(it);
  }
  std::sort(closed.begin(), closed.end());
  std::erase_if(ended_, [&](const auto& entry) {
    const auto [run, ls] = entry.second;
    return run != window.run || window.last_ls >= ls + std::uint64_t{settings_.cool_down_ls};
  });
}

bool Policy::may_open(const ActionKey& key, const Window& window) const {
  if (open_.contains(key)) return false;
  const auto ended = ended_.find(key);
  if (ended == ended_.end()) return true;
  const auto [run, ls] = ended->second;
  return run != window.run || window.last_ls >= ls + std::uint64_t{settings_.cool_down_ls};
}

void Policy::open(const ActionKey& key, const BadRule& first, Action action, Decision& decision) {
  std::tie(action.kind, action.cause, action.subject) = key;
  action.model = model_;
  action.model_hash = model_hash_;
  action.stream = stream_;
  action.run = first.origin.run;
  action.first_ls = first.origin.first_ls;
  action.last_ls = first.origin.last_ls;
  action.run_start_ns = first.origin.run_start_ns;
  action.id = action_id(model_hash_, stream_, action.kind, action.cause, action.subject, action.run, action.last_ls);
  open_[key] = action.id;
  ended_.erase(key);
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
  const bool notified = std::any_of(open_.begin(), open_.end(), [](const auto& entry) {
    return std::get<0>(entry.first) == ActionKind::notify && std::get<1>(entry.first) == Cause::mismatch;
  });
  if (notified || !may_open(revalidate, view.window)) return;
  const BadRule* first = nullptr;
  for (const auto& [key, rule] : bad_rules_) {
    if (rule.target == Target::mismatch && (first == nullptr || rule.order < first->order)) first = &rule;
  }
  Revalidate proposal;
  for (const Verdict* v : view.mismatches) {
    add_once(proposal.outputs, without(kMismatch, v->monitor));
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
  open(revalidate, *first, std::move(action), decision);
  open({ActionKind::notify, Cause::mismatch, monitor}, *first, std::move(notice), decision);
}

// A few inputs off: a detector's or a link's fault, named.
void Policy::judge_inputs(const View& view, Decision& decision) {
  if (view.inputs_off >= settings_.broad_inputs) return;
  for (const Verdict* v : view.bad_inputs) {
    const ActionKey key{ActionKind::notify, Cause::input, v->monitor};
    const BadRule* first = nullptr;
    bool part_of_broad = false;
    for (const auto& [rule_key, rule] : bad_rules_) {
      if (rule.target != Target::input || std::get<1>(rule_key) != v->monitor) continue;
      part_of_broad |= rule.broad;  // the tail of a drift that was broad
      if (first == nullptr || rule.order < first->order) first = &rule;
    }
    if (part_of_broad || !may_open(key, view.window)) continue;
    Action action;
    action.reason = input_reason(*v);
    for (const Verdict* other : view.bad_inputs) {
      if (other->monitor == v->monitor) action.evidence.push_back(*other);
    }
    action.proposal = Notify{v->monitor, view.all_bad};
    open(key, *first, std::move(action), decision);
  }
}

// The distributions moved, and no single input explains it.
void Policy::judge_conditions(const View& view, Decision& decision) {
  const ActionKey key{ActionKind::retrain, Cause::conditions, ""};
  if (!view.mismatches.empty() || any_bad(Target::mismatch) || !may_open(key, view.window)) return;
  std::vector<const Verdict*> causes;
  if (view.inputs_off >= settings_.broad_inputs) {
    causes = joined(view.bad_outputs, view.bad_inputs);
  } else if (view.inputs_off == 0 && !any_bad(Target::input)) {
    for (const Verdict* v : view.bad_outputs) {
      if (const BadRule* rule = rule_of(*v); rule != nullptr && !rule->tainted) causes.push_back(v);
    }
  }
  const BadRule* first = nullptr;
  for (const Verdict* v : causes) {
    const BadRule* rule = rule_of(*v);
    if (first == nullptr || rule->order < first->order) first = rule;
  }
  if (first == nullptr) return;
  Action action;
  action.evidence = copies(joined(view.off_outputs, view.off_inputs));
  action.reason = conditions_reason(view.off_outputs, view.off_inputs, view.inputs_off);
  const Origin& o = first->origin;
  action.proposal = Retrain{o.run, o.first_ls, o.run, o.last_ls, view.all_bad};
  open(key, *first, std::move(action), decision);
}

// The rate left its target while every shape stayed: a threshold can mend that.
void Policy::judge_rates(const View& view, Decision& decision) {
  if (!view.shapes_good || !view.mismatches.empty()) return;
  if (any_bad(Target::mismatch) || any_bad(Target::input) || any_bad(Target::output)) return;
  for (const Verdict* v : view.bad_seeds) {
    const auto* proposal = std::get_if<ThresholdProposal>(&v->evidence);
    if (proposal == nullptr || proposal->proposed_threshold == proposal->current_threshold) continue;
    const ActionKey key{ActionKind::threshold_adjust, Cause::rate, without(kSeed, v->monitor)};
    const BadRule* first = nullptr;
    for (const auto& [rule_key, rule] : bad_rules_) {
      if (rule.target == Target::seed && std::get<1>(rule_key) == v->monitor && !rule.tainted &&
          (first == nullptr || rule.order < first->order)) {
        first = &rule;
      }
    }
    if (first == nullptr || !may_open(key, view.window)) continue;
    Action action;
    action.reason = rate_reason(*v, *proposal);
    action.evidence = {*v};
    action.proposal = *proposal;
    open(key, *first, std::move(action), decision);
  }
}

std::vector<std::string> Policy::open_ids() const {
  std::vector<std::string> ids;
  for (const auto& [key, id] : open_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace vigil::alerting
