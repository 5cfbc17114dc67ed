#include "monitors/stream_monitor.h"

#include <algorithm>

#include "core/error.h"
#include "core/shown.h"
#include "monitors/stream_state.h"

namespace vigil::monitors {
namespace {

constexpr const char* kSequential = "sequential";

}  // namespace

std::string short_hash(const std::string& hash) { return hash.size() > 12 ? hash.substr(0, 12) + "…" : hash; }

std::string blind_words(const Summary& summary, const std::string& foreign_hash, const ModelInfo& model) {
  if (!foreign_hash.empty() || summary.wrong_model_events > 0) {
    return "wrong emulator: model hash " + short_hash(foreign_hash.empty() ? "unknown" : foreign_hash) + ", loaded " +
           short_hash(model.hash);
  }
  if (summary.failed_events > 0) return "emulator failed on " + std::to_string(summary.failed_events) + " events";
  return {};
}

std::string in_words(const Conditions& c) {
  return "menu " + (c.menu ? shown(*c.menu) : "none") + ", prescale column " +
         (c.prescale_column ? std::to_string(*c.prescale_column) : "none") + ", beam mode " +
         (c.beam_mode ? shown(*c.beam_mode) : "none") + ", selection " + shown(c.selection) + ", model hash " +
         (c.model_hash.empty() ? "none" : short_hash(shown(c.model_hash)));
}

StreamMonitor::StreamMonitor(const ModelInfo& model, std::string stream, MonitorSettings settings,
                             std::optional<Reference> reference)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.model = &model;
  s.stream = std::move(stream);
  if (reference && reference->summary.model_hash != model.hash) {
    throw Error("reference", "model hash " + reference->summary.model_hash, model.hash + " of model " + model.name);
  }
  for (std::size_t i = 0; i < settings.windows.size(); ++i) {
    const WindowSettings& w = settings.windows[i];
    if (w.name == kSequential) throw Error("windows: '" + w.name + "'", "the name of sequential rules", "another name");
    if (w.window_ls < 1 || w.hop_ls < 1) throw Error("windows: '" + w.name + "'", "0 lumisections", "at least 1");
    for (std::size_t j = 0; j < i; ++j) {
      if (settings.windows[j].name == w.name)
        throw Error("windows: '" + w.name + "'", "the name twice", "one name a window");
    }
  }
  s.given = std::move(reference);
  s.learned = LearnedReferences(std::max(settings.learn_ls, 1u), settings.reference_events);
  s.rules = make_rules(model, settings);
  for (const WindowSettings& w : settings.windows) {
    s.cutters.emplace_back(w.window_ls, w.hop_ls);
    s.rings.emplace_back(s.rules.size());
  }
  // One sequential rule a mismatch monitor, with the limits of its first rule.
  std::vector<const Rule*> sequential;
  for (const Rule& rule : s.rules) {
    const bool is_first = sequential.empty() || sequential.back()->subject.index != rule.subject.index;
    if (settings.sequential && rule.subject.target == Target::mismatch && is_first) sequential.push_back(&rule);
  }
  s.limits = alarm_limits(settings, s.rules.size(), sequential.size());
  for (const Rule* rule : sequential) s.sequential.emplace_back(*rule, s.limits.log_threshold);
  s.settings = std::move(settings);
}

StreamMonitor::~StreamMonitor() = default;
StreamMonitor::StreamMonitor(StreamMonitor&&) noexcept = default;
StreamMonitor& StreamMonitor::operator=(StreamMonitor&&) noexcept = default;

const Reference* StreamMonitor::reference() const { return state_->reference(); }

void StreamMonitor::State::cut(ClosedBy cause, std::vector<JudgedWindow>& out) {
  for (std::size_t i = 0; i < cutters.size(); ++i) {
    if (const auto span = cutters[i].cut()) out.push_back(judge_window(i, *span, cause));
  }
  kept.clear();
  for (SequentialMismatch& rule : sequential) rule.restart();
}

std::string StreamMonitor::State::learn(const KeptLumisection& l) {
  if (given || learned.current().done() || l.summary.strata.empty()) return {};
  const bool covered = l.expected_orbits > 0 && static_cast<double>(l.covered_orbits) >=
                                                    settings.minimum_coverage * static_cast<double>(l.expected_orbits);
  if (!covered || l.summary.strata[0].events == 0) return {};
  if (!blind_words(l.summary, l.foreign_hash, *model).empty()) return {};
  return learned.learn(run, l.ls, l.summary);
}

void StreamMonitor::State::judge_sequential(const KeptLumisection& l, Judgements& out) {
  Window& window = out.sequential.window;
  window.model = model->name;
  window.model_hash = model->hash;
  window.stream = stream;
  window.name = kSequential;
  window.run = run;
  window.first_ls = window.last_ls = l.ls;
  window.run_start_ns = run_start_ns;
  const ClosedCounts closed{run, l.ls, l.summary, blind_words(l.summary, l.foreign_hash, *model)};
  for (SequentialMismatch& rule : sequential) {
    SequentialMismatch::Result result = rule.judge(closed);
    result.verdict.model = model->name;
    result.verdict.stream = stream;
    out.printed.push_back(result.printed);
    out.sequential.verdicts.push_back(std::move(result.verdict));
  }
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
  l.silent = std::move(closed.silent);
  l.summary = std::move(closed.summary);
  s.judge_sequential(l, out);
  if (closed.mixed_context) {  // belongs to no window and teaches nothing
    s.conditions.reset();
    return out;
  }
  if (!s.given && l.foreign_hash.empty()) {
    std::string fact = s.learned.select({closed.conditions.selection, closed.conditions.beam_mode});
    if (!fact.empty()) out.facts.push_back(std::move(fact));
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

// Drops what no open window needs.
void StreamMonitor::State::forget() {
  std::uint32_t needed = UINT32_MAX;
  for (const WindowCutter& cutter : cutters) needed = std::min(needed, cutter.needed().value_or(UINT32_MAX));
  while (!kept.empty() && kept.front().ls < needed) kept.pop_front();
}

std::vector<Verdict> StreamMonitor::rules() const {
  std::vector<Verdict> all;
  for (std::size_t window = 0; window < state_->cutters.size(); ++window) {
    for (const Rule& rule : state_->rules) all.push_back(state_->verdict_of(window, rule));
  }
  for (const SequentialMismatch& rule : state_->sequential) all.push_back(rule.blank());
  return all;
}

}  // namespace vigil::monitors
