// How a StreamMonitor judges one window. Tested in tests/monitors/stream_monitor_test.cpp.
#include <algorithm>
#include <cmath>

#include "core/lhc.h"
#include "core/shown.h"
#include "monitors/stream_state.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

// What a window's lumisections say together.
struct WindowFacts {
  Summary summary;
  std::uint64_t expected_orbits = 0;
  std::uint64_t covered_orbits = 0;
  std::string selection;
  std::string foreign_hash;
  std::vector<SilentSource> silent;  // each once
  std::vector<Evidence> lumisections;

  double coverage() const {
    return expected_orbits == 0 ? 0 : static_cast<double>(covered_orbits) / static_cast<double>(expected_orbits);
  }
  std::uint64_t own_events() const { return summary.strata.empty() ? 0 : summary.strata[0].events; }
};

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

// No window that holds a lumisection with a silent source is better than medium.
void mention_silent(Window& window, const std::vector<SilentSource>& silent) {
  if (silent.empty() || window.quality == Quality::unknown) return;
  std::string words;
  for (const SilentSource& s : silent) {
    words += (words.empty() ? "source " : "; source ") + shown(s.source) + " silent since run " +
             std::to_string(s.run) + " LS " + std::to_string(s.ls);
  }
  if (window.quality == Quality::good) {
    window.quality = Quality::medium;
    window.reason = words;
  } else {
    window.reason += "; " + words;
  }
}

}  // namespace

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
    for (const SilentSource& source : l.silent) {
      if (std::find(facts.silent.begin(), facts.silent.end(), source) == facts.silent.end()) {
        facts.silent.push_back(source);
      }
    }
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
  std::string blind = blind_words(facts.summary, facts.foreign_hash, *model);
  const auto add = [&blind](const std::string& reason) { blind += (blind.empty() ? "" : "; ") + reason; };
  if (facts.foreign_hash.empty() && facts.summary.wrong_model_events == 0) {
    if (facts.own_events() < std::max<std::uint64_t>(settings.minimum_events, 1)) {
      add(std::to_string(facts.own_events()) + " events, " + std::to_string(settings.minimum_events) + " needed");
    }
    if (facts.coverage() < settings.minimum_coverage) {
      add("coverage " + two_digits(facts.coverage()) + ", " + in_words(settings.minimum_coverage) + " needed");
    }
  }
  // Why it cannot be compared with a reference.
  std::string no_reference;
  const std::string given_selection = !given ? "" : given->selection.empty() ? "zero_bias" : given->selection;
  const Learner& learner = learned.current();
  if (!given && (!learner.done() || !learner.is_after(run, span.last_ls))) {
    no_reference = learner.progress();
  } else if (given && given_selection != facts.selection) {
    no_reference =
        "reference of selection '" + shown(given_selection) + "', window of '" + shown(facts.selection) + "'";
  }
  const bool is_learning = !given && !no_reference.empty();
  if (is_learning && !blind.empty()) add(no_reference);

  const Summary none;
  const Judged input{
      facts.summary,       no_reference.empty() ? reference()->summary : none,
      limits.significance, facts.selection == "zero_bias" ? "" : "selection '" + shown(facts.selection) + "': no rates",
      no_reference,        std::move(facts.lumisections)};
  judged.verdicts.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    Verdict& v = judged.verdicts.emplace_back(verdict_of(name, rule));
    v.run = run;
    v.first_ls = span.first_ls;
    v.last_ls = span.last_ls;
    v.reason = blind;
    if (!blind.empty()) continue;
    Judgement j = judge(rule, input);
    // While learning no rule of a window is good, but where that is what ends a fault.
    if (is_learning && j.level == Quality::good && !hold_learning) {
      j = Judgement();
      j.reason = no_reference;
    }
    v.value = j.value;
    v.p_value = j.p_value;
    v.limit = j.limit;
    v.reason = std::move(j.reason);
    v.reading = j.level;
    v.evidence = std::move(j.evidence);
    if (j.level == Quality::unknown) continue;
    if (rule.subject.target != Target::mismatch && !given && no_reference.empty()) v.reference = learned.ordinal();
    Ring& ring = rings[name][i];
    v.quality = ring.take(j.level, rule);
    if (ring.bad() > 0 && (v.quality != j.level)) {
      v.reason += "; bad in " + std::to_string(ring.bad()) + " of the last " + std::to_string(ring.size()) +
                  " windows, " + std::to_string(rule.m) + " of " + std::to_string(rule.n) + " needed";
    }
  }
  conclude(judged);
  mention_silent(window, facts.silent);
  return judged;
}

Verdict StreamMonitor::State::verdict_of(std::size_t window, const Rule& rule) const {
  Verdict v;
  v.model = model->name;
  v.stream = stream;
  v.window = settings.windows[window].name;
  v.monitor = rule.monitor;
  v.statistic = rule.statistic->name;
  v.subject = verdict_subject(rule.subject);
  return v;
}

}  // namespace vigil::monitors
