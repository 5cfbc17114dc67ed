#include "monitors/stream_monitor.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/lhc.h"
#include "monitors/stream_state.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

constexpr double kLumisectionsPerDay = 86400 / lhc::kLumisectionSeconds;

// What a window's lumisections say together.
struct WindowFacts {
  Summary summary;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::string selection;
  std::string foreign_hash;
  std::vector<Evidence> lumisections;

  double coverage() const {
    return expected_orbits == 0 ? 0 : static_cast<double>(covered_orbits) / static_cast<double>(expected_orbits);
  }
  std::uint64_t own_events() const { return summary.strata.empty() ? 0 : summary.strata[0].events; }
};

std::string short_hash(const std::string& hash) { return hash.size() > 12 ? hash.substr(0, 12) + "…" : hash; }

std::string two_digits(double coverage) {  // never rounded up to the limit it fails
  return in_words(std::floor(coverage * 100) / 100);
}

// A rule's distance beyond its limit, for naming the worst.
double severity(const Verdict& v) {
  if (!v.value || !v.limit) return 0;
  if (v.subject.target == Target::seed) {
    const double ratio = *v.limit > 0 && *v.value > 0 ? std::abs(std::log(*v.value / *v.limit)) : 10;
    return 1 + ratio;
  }
  return *v.limit > 0 ? *v.value / *v.limit : INFINITY;
}

void conclude(JudgedWindow& judged) {
  Window& window = judged.window;
  std::size_t good = 0, unknown = 0, at_worst = 0;
  const Verdict* worst = nullptr;
  for (const Verdict& v : judged.verdicts) {
    good += v.quality == Quality::good;
    unknown += v.quality == Quality::unknown;
    if (v.quality == Quality::unknown) continue;
    if (worst == nullptr || v.quality > worst->quality) {
      worst = &v;
      at_worst = 1;
    } else if (v.quality == worst->quality) {
      ++at_worst;
      if (severity(v) > severity(*worst)) worst = &v;
    }
  }
  if (worst == nullptr) {
    window.quality = Quality::unknown;
    window.reason = judged.verdicts.empty() ? "no monitors" : judged.verdicts.front().reason;
    return;
  }
  window.quality = worst->quality;
  if (worst->quality == Quality::good) {
    window.reason = std::to_string(good) + " of " + std::to_string(judged.verdicts.size()) + " monitors good" +
                    (unknown > 0 ? ", " + std::to_string(unknown) + " unknown" : "");
    return;
  }
  window.reason = worst->reason;
  if (at_worst > 1) window.reason += " (and " + std::to_string(at_worst - 1) + " more)";
}

}  // namespace

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
    if (w.window_ls < 1 || w.hop_ls < 1) throw Error("windows: '" + w.name + "'", "0 lumisections", "at least 1");
    for (std::size_t j = 0; j < i; ++j) {
      if (settings.windows[j].name == w.name)
        throw Error("windows: '" + w.name + "'", "the name twice", "one name a window");
    }
  }
  s.given = std::move(reference);
  s.learner = Learner(std::max(settings.learn_ls, 1u));
  s.rules = make_rules(model, settings);
  double tests = 0;  // a day
  for (const WindowSettings& w : settings.windows) {
    s.cutters.emplace_back(w.window_ls, w.hop_ls);
    s.rings.emplace_back(s.rules.size());
    tests += kLumisectionsPerDay / w.hop_ls * static_cast<double>(s.rules.size());
  }
  s.significance = std::min(settings.false_alarms_per_day / std::max(tests, 1.0), 0.01);
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
}

void StreamMonitor::State::learn(const KeptLumisection& l) {
  if (given || learner.done() || l.summary.strata.empty()) return;
  const bool covered = l.expected_orbits > 0 && static_cast<double>(l.covered_orbits) >=
                                                    settings.minimum_coverage * static_cast<double>(l.expected_orbits);
  const bool own = l.foreign_hash.empty() && l.summary.wrong_model_events == 0 && l.summary.failed_events == 0;
  if (covered && own && l.summary.strata[0].events > 0) learner.learn(run, l.ls, l.summary);
}

std::vector<JudgedWindow> StreamMonitor::close(ClosedLumisection&& closed) {
  State& s = *state_;
  std::vector<JudgedWindow> out;
  const std::uint32_t run = closed.lumisection.run;
  const bool new_run = !s.has_run || run != s.run;
  const bool new_context = s.any_context && (closed.mixed_context || s.context != closed.context_key);
  if (new_run) {
    s.cut(ClosedBy::run, out);
    for (auto& rings : s.rings) {
      for (Ring& ring : rings) ring.clear();
    }
    s.run = run;
    s.has_run = true;
    s.run_start_ns.reset();
  }
  if (new_context) {
    s.cut(ClosedBy::context, out);
    s.learner.start_over();
  }
  s.any_context = true;
  s.context = closed.mixed_context ? std::nullopt : std::optional(std::move(closed.context_key));
  if (closed.run_start_ns) s.run_start_ns = closed.run_start_ns;
  if (closed.mixed_context) return out;  // belongs to no window

  KeptLumisection l;
  l.ls = closed.lumisection.ls;
  l.expected_orbits = closed.lumisection.expected_orbits;
  l.covered_orbits = closed.lumisection.covered_orbits;
  l.selection = std::move(closed.selection);
  l.foreign_hash = std::move(closed.foreign_hash);
  l.summary = std::move(closed.summary);
  s.learn(l);
  s.kept.push_back(std::move(l));
  for (std::size_t i = 0; i < s.cutters.size(); ++i) {
    for (const WindowSpan& span : s.cutters[i].add(s.kept.back().ls)) {
      out.push_back(s.judge_window(i, span, ClosedBy::full));
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

JudgedWindow StreamMonitor::State::judge_window(std::size_t name, const WindowSpan& span, ClosedBy cause) {
  WindowFacts facts;
  std::uint64_t seen = 0;
  for (const KeptLumisection& l : kept) {
    if (l.ls < span.first_ls || l.ls > span.last_ls) continue;
    ++seen;
    facts.summary += l.summary;
    facts.expected_orbits += l.expected_orbits;
    facts.covered_orbits += l.covered_orbits;
    facts.selection = l.selection;  // one within a window: a change cuts
    if (!l.foreign_hash.empty()) facts.foreign_hash = l.foreign_hash;
    facts.lumisections.push_back({run, l.ls, &l.summary});
  }
  // A lumisection that never came counts as uncovered.
  const std::uint64_t spanned = std::uint64_t{span.last_ls} - span.first_ls + 1;
  facts.expected_orbits += (spanned - std::min(spanned, seen)) * lhc::kOrbitsPerLumisection;

  JudgedWindow judged;
  Window& window = judged.window;
  window.model = model->name;
  window.model_hash = model->hash;
  window.stream = stream;
  window.name = settings.windows[name].name;
  window.run = run;
  window.first_ls = span.first_ls;
  window.last_ls = span.last_ls;
  window.events = facts.summary.events;
  window.n_bx = facts.summary.n_bx;
  window.coverage = facts.coverage();
  window.closed_by = cause;
  window.run_start_ns = run_start_ns;

  // Why nothing can be said of this window; empty when something can.
  std::string blind;
  const auto add = [&blind](const std::string& reason) { blind += (blind.empty() ? "" : "; ") + reason; };
  if (!facts.foreign_hash.empty() || facts.summary.wrong_model_events > 0) {
    add("wrong emulator: model hash " + short_hash(facts.foreign_hash.empty() ? "unknown" : facts.foreign_hash) +
        ", loaded " + short_hash(model->hash));
  } else {
    if (facts.summary.failed_events > 0)
      add("emulator failed on " + std::to_string(facts.summary.failed_events) + " events");
    if (facts.own_events() < std::max<std::uint64_t>(settings.minimum_events, 1)) {
      add(std::to_string(facts.own_events()) + " events, " + std::to_string(settings.minimum_events) + " needed");
    }
    if (facts.coverage() < settings.minimum_coverage) {
      add("coverage " + two_digits(facts.coverage()) + ", " + in_words(settings.minimum_coverage) + " needed");
    }
    if (!given && (!learner.done() || !learner.is_after(run, span.last_ls))) {
      add("learning " + std::to_string(learner.learned()) + " of " + std::to_string(learner.wanted()));
    }
  }

  const Summary none;
  const Judged input{facts.summary,
                     blind.empty() ? reference()->summary : none,
                     significance,
                     facts.selection == "zero_bias" ? "" : "selection '" + facts.selection + "': no rates",
                     blind.empty() && given && !given->selection.empty() && given->selection != facts.selection
                         ? "reference of selection '" + given->selection + "', window of '" + facts.selection + "'"
                         : "",
                     std::move(facts.lumisections)};
  judged.verdicts.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    Verdict& v = judged.verdicts.emplace_back();
    v.model = model->name;
    v.stream = stream;
    v.window = window.name;
    v.run = run;
    v.first_ls = span.first_ls;
    v.last_ls = span.last_ls;
    v.monitor = rule.monitor;
    v.statistic = rule.statistic->name;
    v.subject = verdict_subject(rule.subject);
    v.reason = blind;
    if (!blind.empty()) continue;
    Judgement j = judge(rule, input);
    v.value = j.value;
    v.p_value = j.p_value;
    v.limit = j.limit;
    v.reason = std::move(j.reason);
    v.reading = j.level;
    v.evidence = std::move(j.evidence);
    if (j.level == Quality::unknown) continue;
    Ring& ring = rings[name][i];
    v.quality = ring.take(j.level, rule);
    if (ring.bad() > 0 && (v.quality != j.level)) {
      v.reason += "; bad in " + std::to_string(ring.bad()) + " of the last " + std::to_string(ring.size()) +
                  " windows, " + std::to_string(rule.m) + " of " + std::to_string(rule.n) + " needed";
    }
  }
  conclude(judged);
  return judged;
}

}  // namespace vigil::monitors
