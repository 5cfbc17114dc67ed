#include "monitors/stream_monitor.h"

#include <algorithm>

#include "core/digest.h"
#include "core/error.h"
#include "core/shown.h"
#include "monitors/stream_state.h"

namespace vigil::monitors {
std::string short_hash(const std::string& hash) { return hash.size() > 12 ? hash.substr(0, 12) + "…" : hash; }

std::string blind_words(const Summary& summary, const std::string& foreign_hash, const ModelInfo& model) {
  if (!foreign_hash.empty() || summary.wrong_model_events > 0) {
    return "wrong emulator: model hash " + short_hash(foreign_hash.empty() ? "unknown" : foreign_hash) + ", loaded " +
           short_hash(model.hash);
  }
  if (summary.failed_events > 0) return "emulator failed on " + std::to_string(summary.failed_events) + " events";
  return {};
}

std::string threshold_words(const Summary& summary, const std::string& foreign_hash) {
  const bool is_foreign = !foreign_hash.empty() || summary.wrong_model_events > 0;
  return is_foreign ? "; thresholds not valid for this model" : "";
}

std::string in_words(const Conditions& c) {
  return "menu " + (c.menu ? shown(*c.menu) : "none") + ", prescale column " +
         (c.prescale_column ? std::to_string(*c.prescale_column) : "none") + ", beam mode " +
         (c.beam_mode ? shown(*c.beam_mode) : "none") + ", selection " + shown(c.selection) + ", model hash " +
         (c.model_hash.empty() ? "none" : short_hash(shown(c.model_hash)));
}

StreamMonitor::StreamMonitor(const ModelInfo& model, std::string stream, MonitorSettings settings,
                             std::optional<References> reference)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.model = &model;
  s.stream = std::move(stream);
  if (reference && reference->model_hash() != model.hash) {
    throw Error("reference", "model hash " + reference->model_hash(), model.hash + " of model " + model.name);
  }
  settings.judge_fits = reference && reference->has_rates();
  for (std::size_t i = 0; i < settings.windows.size(); ++i) {
    const WindowSettings& w = settings.windows[i];
    if (w.name == kSequentialWindow)
      throw Error("windows: '" + w.name + "'", "the name of sequential rules", "another name");
    if (w.window_ls < 1 || w.hop_ls < 1) throw Error("windows: '" + w.name + "'", "0 lumisections", "at least 1");
    for (std::size_t j = 0; j < i; ++j) {
      if (settings.windows[j].name == w.name)
        throw Error("windows: '" + w.name + "'", "the name twice", "one name a window");
    }
  }
  s.given = std::move(reference);
  s.choose({});
  s.learned = LearnedReferences(std::max(settings.learn_ls, 1u), settings.reference_events);
  if (settings.limits.model != model.name || settings.limits.stream != s.stream) settings.limits = {};
  s.rules = make_rules(model, settings);
  for (const WindowSettings& w : settings.windows) {
    s.cutters.emplace_back(w.window_ls, w.hop_ls);
    s.rings.emplace_back(s.rules.size());
    s.rules_of.push_back(make_rules(model, settings, w.name));
  }
  if (s.given) s.effects = RunEffects(s.rules_of.empty() ? s.rules : s.rules_of.front(), settings.minimum_events);
  std::vector<Rule> sequential;
  if (settings.sequential) sequential = make_rules(model, settings, kSequentialWindow);
  s.limits = alarm_limits(settings, count_families(s.rules, sequential));
  for (const Rule& rule : sequential) {
    const RuleLimits& limits = s.limits[static_cast<std::size_t>(family_of(rule.subject.target))];
    if (rule.subject.target == Target::mismatch) {
      s.mismatches.emplace_back(rule, limits.sequential_page);
    } else if (rule.subject.target == Target::multivariate) {
      s.together.emplace_back(rule,
                              SequentialLimits{limits.sequential_page, limits.sequential_warn, limits.reference_risk});
    } else {
      s.drifts.emplace_back(rule,
                            SequentialLimits{limits.sequential_page, limits.sequential_warn, limits.reference_risk});
    }
  }
  s.tally = AlarmTally(s.cutters.size() * s.rules.size() + sequential.size());
  s.settings = std::move(settings);
}

StreamMonitor::~StreamMonitor() = default;
StreamMonitor::StreamMonitor(StreamMonitor&&) noexcept = default;
StreamMonitor& StreamMonitor::operator=(StreamMonitor&&) noexcept = default;

const Reference* StreamMonitor::reference() const { return state_->reference(); }

std::uint32_t StreamMonitor::pileup_width() const {
  return state_->given ? state_->given->pileup_width() : state_->settings.pileup_width;
}

void StreamMonitor::State::choose(const Conditions& of) {
  if (!given) return;
  const ReferenceKey key{of.menu, of.prescale_column, of.beam_mode};
  chosen = given->find(key);
  why_none = chosen ? "" : given->why_none(key);
}

std::string StreamMonitor::State::why_mode_not_judged(const Conditions& of) const {
  if (is_mode_judged(settings, of.beam_mode)) return {};
  return "beam mode " + shown(*of.beam_mode) + " is not judged";
}

std::string StreamMonitor::State::why_off(const Subject& subject, const std::optional<std::int64_t>& column) const {
  const std::size_t outputs = subject.target == Target::mismatch ? model->outputs.size() : 0;
  const bool is_of_seed =
      subject.target == Target::seed || (subject.target == Target::mismatch && subject.index >= outputs);
  if (!is_of_seed || !column) return {};
  const std::string& seed = model->seeds[subject.index - outputs].name;
  return is_off(settings.prescales, *column, seed) ? "off in prescale column " + std::to_string(*column) : "";
}

ReferenceProgress StreamMonitor::reference_progress() const {
  const State& s = *state_;
  static const Reference kNone;
  const Reference& reference = !s.given   ? s.learned.current().reference()
                               : s.chosen ? s.given->entries[*s.chosen]
                                          : kNone;
  ReferenceProgress progress;
  progress.is_known = s.reference() != nullptr;
  progress.ordinal = progress.is_known ? s.reference_id() : 0;
  if (!reference.summary.is_blank()) progress.events = reference.summary.all.events;
  progress.ranges = reference.ranges;
  for (const ReferenceRange& range : reference.ranges)
    progress.learned += std::uint64_t{range.last_ls} - range.first_ls + 1;
  progress.wanted = s.given ? progress.learned : std::max(s.settings.learn_ls, 1u);
  return progress;
}

void StreamMonitor::State::cut(ClosedBy cause, std::vector<JudgedWindow>& out) {
  for (std::size_t i = 0; i < cutters.size(); ++i) {
    if (const auto span = cutters[i].cut()) out.push_back(judge_window(i, *span, cause));
  }
  kept.clear();
  for (SequentialDrift& rule : drifts) rule.restart();
  for (SequentialMismatch& rule : mismatches) rule.restart();
  for (SequentialMultivariate& rule : together) rule.restart();
}

std::string StreamMonitor::State::learn(const KeptLumisection& l) {
  if (given || learned.current().done() || l.summary.is_blank()) return {};
  if (!l.mode_not_judged.empty()) return {};
  const bool covered = l.expected_orbits > 0 && static_cast<double>(l.covered_orbits) >=
                                                    settings.minimum_coverage * static_cast<double>(l.expected_orbits);
  if (!covered || l.summary.all.events == 0) return {};
  if (!blind_words(l.summary, l.foreign_hash, *model).empty()) return {};
  return learned.learn(run, l.ls, l.summary);
}

Judgements StreamMonitor::close(ClosedLumisection&& closed) {
  State& s = *state_;
  Judgements out;
  const std::uint32_t run = closed.lumisection.run;
  const bool new_run = !s.has_run || run != s.run;
  const bool new_conditions = s.any_before && (closed.mixed_context || s.conditions != closed.conditions);
  s.hold_learning = closed.hold_learning;
  if (new_run) {
    s.cut(ClosedBy::run, out.windows);
    out.ended = s.budget();
    out.lifetimes = s.lifetimes();
    if (s.given) s.effects.end_run(*s.given);
    s.tally.restart();
    for (auto& rings : s.rings) {
      for (Ring& ring : rings) ring.clear();
    }
    s.run = run;
    s.has_run = true;
    s.run_start_ns.reset();
  }
  if (new_conditions) s.cut(ClosedBy::context, out.windows);
  s.any_before = true;
  if (closed.run_start_ns) s.run_start_ns = closed.run_start_ns;

  KeptLumisection l;
  l.ls = closed.lumisection.ls;
  l.expected_orbits = closed.lumisection.expected_orbits;
  l.covered_orbits = closed.lumisection.covered_orbits;
  l.selection = closed.conditions.selection;
  if (closed.conditions.model_hash != s.model->hash) l.foreign_hash = closed.conditions.model_hash;
  l.mode_not_judged = s.why_mode_not_judged(closed.conditions);
  l.prescale_column = closed.conditions.prescale_column;
  l.silent = std::move(closed.silent);
  l.summary = std::move(closed.summary);
  if (!closed.mixed_context) s.choose(closed.conditions);
  if (!s.given && !closed.mixed_context && l.foreign_hash.empty() && l.mode_not_judged.empty()) {
    std::string fact = s.learned.select({closed.conditions.selection, closed.conditions.beam_mode});
    if (!fact.empty()) out.facts.push_back(std::move(fact));
  }
  s.judge_sequential(l, closed.mixed_context, out);
  if (closed.mixed_context) {  // belongs to no window and teaches nothing
    s.conditions.reset();
    return out;
  }
  s.conditions = std::move(closed.conditions);
  const auto is_bad = [](const Verdict& v) { return v.quality == Quality::bad; };
  bool fault = s.hold_learning || std::any_of(out.sequential.verdicts.begin(), out.sequential.verdicts.end(), is_bad);
  for (const JudgedWindow& w : out.windows) {  // what a cut has just shown, against the reference before
    fault |= std::any_of(w.verdicts.begin(), w.verdicts.end(),
                         [&](const Verdict& v) { return is_bad(v) && v.reference != 0; });
  }
  if (!fault) {
    std::string fact = s.learn(l);
    if (!fact.empty()) out.facts.push_back(std::move(fact));
  }
  s.kept.push_back(std::move(l));
  for (std::size_t i = 0; i < s.cutters.size(); ++i) {
    for (const WindowSpan& span : s.cutters[i].add(s.kept.back().ls)) {
      out.windows.push_back(s.judge_window(i, span, ClosedBy::full));
    }
  }
  s.forget();
  return out;
}

std::vector<JudgedWindow> StreamMonitor::end(ClosedBy cause) {
  std::vector<JudgedWindow> out;
  state_->cut(cause, out);
  return out;
}

// Drops what neither an open window nor the size of a change needs.
void StreamMonitor::State::forget() {
  std::uint32_t needed = UINT32_MAX;
  for (const WindowCutter& cutter : cutters) needed = std::min(needed, cutter.needed().value_or(UINT32_MAX));
  const std::size_t newest = drifts.empty() ? 0 : kSinceLs - 1;
  while (kept.size() > newest && kept.front().ls < needed) kept.pop_front();
}

std::optional<BudgetOfRun> StreamMonitor::State::budget() const {
  if (!has_run) return {};
  const double weeks = static_cast<double>(tally.judged_ls()) / settings.week_ls;
  return BudgetOfRun{model->name,
                     stream,
                     run,
                     tally.judged_ls(),
                     tally.pages(),
                     tally.warnings(),
                     settings.budget.page * weeks,
                     settings.budget.warn * weeks};
}

void StreamMonitor::State::note_judged(KeptLumisection& lumisection) {
  lumisection.judged = true;
  tally.judged();
  if (given && chosen) effects.take(*chosen, lumisection.summary);
}

std::vector<LifetimeOfRule> StreamMonitor::State::lifetimes() const {
  if (!given) return {};
  auto out = effects.lifetimes(*given);
  for (LifetimeOfRule& lifetime : out) {
    lifetime.stream = stream;
    lifetime.run = run;
  }
  return out;
}

std::string StreamMonitor::State::reference_sha256() const {
  if (given && given_sha256.empty()) given_sha256 = sha256_of(to_json(*given));
  return given_sha256;
}

std::vector<LifetimeOfRule> StreamMonitor::lifetimes() const { return state_->lifetimes(); }

std::optional<BudgetOfRun> StreamMonitor::budget() const { return state_->budget(); }

std::vector<Verdict> StreamMonitor::rules() const {
  std::vector<Verdict> all;
  for (std::size_t window = 0; window < state_->cutters.size(); ++window) {
    for (const Rule& rule : state_->rules) all.push_back(state_->verdict_of(window, rule));
  }
  for (const SequentialDrift& rule : state_->drifts) all.push_back(rule.blank());
  for (const SequentialMismatch& rule : state_->mismatches) all.push_back(rule.blank());
  for (const SequentialMultivariate& rule : state_->together) all.push_back(rule.blank());
  return all;
}

}  // namespace vigil::monitors
