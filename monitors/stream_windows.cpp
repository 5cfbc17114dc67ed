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
  std::string mode_not_judged;
  std::optional<std::int64_t> prescale_column;
  std::vector<SilentSource> silent;  // each once
  std::vector<Evidence> lumisections;

  double coverage() const {
    return expected_orbits == 0 ? 0 : static_cast<double>(covered_orbits) / static_cast<double>(expected_orbits);
  }
  std::uint64_t own_events() const { return summary.all.events; }
};

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

std::string coverage_words(double coverage, double needed) {  // never rounded up to the limit it fails
  return "coverage " + in_words(std::floor(coverage * 100) / 100) + ", " + in_words(needed) + " needed";
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
    facts.selection = l.selection;  // one within a window, like these: a change cuts
    facts.mode_not_judged = l.mode_not_judged;
    facts.prescale_column = l.prescale_column;
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
  const bool is_mode_judged = facts.mode_not_judged.empty();
  std::string blind = is_mode_judged ? blind_words(facts.summary, facts.foreign_hash, *model) : facts.mode_not_judged;
  const auto add = [&blind](const std::string& reason) { blind += (blind.empty() ? "" : "; ") + reason; };
  if (is_mode_judged && facts.foreign_hash.empty() && facts.summary.wrong_model_events == 0) {
    if (facts.own_events() < std::max<std::uint64_t>(settings.minimum_events, 1)) {
      add(std::to_string(facts.own_events()) + " events, " + std::to_string(settings.minimum_events) + " needed");
    }
    if (facts.coverage() < settings.minimum_coverage) {
      add(coverage_words(facts.coverage(), settings.minimum_coverage));
    }
  }
  // Why it cannot be compared with a reference.
  const std::string no_reference = why_no_reference(facts.selection, span.last_ls);
  const bool is_learning = !given && !no_reference.empty();
  if (is_learning && !blind.empty() && is_mode_judged) add(no_reference);

  const Summary none;
  const Summary& compared_with = no_reference.empty() ? reference()->summary : none;
  Judged input{facts.summary,
               compared_with,
               1,
               1,
               why_no_rates(facts.selection),
               no_reference,
               std::move(facts.lumisections),
               no_reference.empty() ? &reference()->rates : nullptr};
  const auto events = static_cast<double>(facts.own_events());
  const double reference_events = static_cast<double>(compared_with.all.events);
  if (no_reference.empty()) input.scatter = &reference()->scatter;
  std::vector<InputTest> tests;
  bool any_known = false;
  judged.verdicts.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules_of[name][i];
    Verdict& v = judged.verdicts.emplace_back(verdict_of(name, rule));
    v.run = run;
    v.first_ls = span.first_ls;
    v.last_ls = span.last_ls;
    v.reason = blind.empty() ? why_off(rule.subject, facts.prescale_column) : blind;
    if (rule.subject.target == Target::seed) v.reason += threshold_words(facts.summary, facts.foreign_hash);
    if (!v.reason.empty()) continue;
    const RuleLimits& certain = limits[static_cast<std::size_t>(family_of(rule.subject.target))];
    input.warn = certain.warn;
    const auto overlap = overlap_correlations(settings.windows[name], rule.n, events, reference_events);
    input.page = PValueLimit([&certain, &rule, &overlap](double degrees) {
      return reading_limit(certain.page, certain.warn, rule.m, overlap, degrees);
    });
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
    v.effect = j.effect;
    v.evidence = std::move(j.evidence);
    if (rule.subject.target == Target::input && j.level != Quality::unknown &&
        (tests.empty() || tests.back().monitor != rule.monitor)) {
      tests.push_back({rule.monitor, j.p_value.value_or(j.certainty), j.size});
    }
    if (j.level == Quality::unknown) continue;
    if (rule.subject.target != Target::mismatch && !given && no_reference.empty()) v.reference = learned.ordinal();
    any_known |= rule.subject.target != Target::mismatch && no_reference.empty();
    Ring& ring = rings[name][i];
    v.quality = ring.take(j.level, rule);
    if (ring.bad() > 0 && (v.quality != j.level)) {
      v.reason += "; bad in " + std::to_string(ring.bad()) + " of the last " + std::to_string(ring.size()) +
                  " windows, " + std::to_string(rule.m) + " of " + std::to_string(rule.n) + " needed";
    }
  }
  for (std::size_t i = 0; i < rules.size(); ++i) tally.take(name * rules.size() + i, judged.verdicts[i].quality);
  for (KeptLumisection& l : kept) {
    if (!any_known || l.judged || l.ls < span.first_ls || l.ls > span.last_ls) continue;
    note_judged(l);
  }
  attribute(judged, tests, input);
  conclude(judged);
  mention_silent(window, facts.silent);
  // Products of words are in no plot, and many.
  for (Stratum& stratum : facts.summary.strata) stratum.input_products = stratum.output_products = {};
  facts.summary.all.input_products = facts.summary.all.output_products = {};
  judged.contents = std::make_shared<WindowContents>(
      WindowContents{std::move(facts.summary), no_reference.empty() ? reference_text() : nullptr});
  return judged;
}

std::shared_ptr<const std::string> StreamMonitor::State::reference_text() {
  if (!text || text_of != reference_id()) {
    text = std::make_shared<const std::string>(to_json(*reference()));
    text_of = reference_id();
  }
  return text;
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
