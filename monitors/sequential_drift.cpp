#include "monitors/sequential_drift.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_text.h"
#include "monitors/detector.h"
#include "monitors/strata.h"
#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

// How many standard deviations a normal variable exceeds with probability `tail`, below 1/2.
double normal_quantile(double tail) { return quantile(complement(boost::math::normal_distribution<double>(), tail)); }

}  // namespace

Quality saved_quality(int value, const std::string& where) {
  if (value < 0 || value > static_cast<int>(Quality::bad)) throw Error(where, "quality " + std::to_string(value));
  return static_cast<Quality>(value);
}

SequentialDrift::SequentialDrift(Rule rule, const SequentialLimits& limits)
    : rule_(std::move(rule)), limits_(limits), statistic_(sequential_statistic(rule_.subject.target)) {}

void SequentialDrift::restart() {
  bets_ = std::monostate();
  reference_id_ = 0;
  evidence_.reset();
  start_.reset();
  fed_ = 0;
  level_ = Quality::unknown;
  onset_ = 0;
  said_.reset();
}

void SequentialDrift::prepare(const Summary& reference, std::uint64_t reference_id) {
  if (evidence_ && reference_id == reference_id_) return;
  const auto said = said_;
  restart();
  said_ = said;
  reference_id_ = reference_id;
  strata_.clear();
  for (const Stratum& stratum : reference.strata) {
    if (stratum.events >= kLeastStratum) strata_.push_back(stratum.pileup);
  }
  const auto of_each = [&](const auto& f) {  // of each stratum that serves, else of the whole
    if (strata_.empty()) f(reference.all);
    for (const Stratum& stratum : reference.strata) {
      if (stratum.events >= kLeastStratum) f(stratum);
    }
  };
  std::vector<double> weights;
  if (rule_.subject.target == Target::seed) {
    std::vector<SeedPasses> passes;
    of_each([&](const Stratum& stratum) {
      const bool is_all = &stratum == &reference.all;
      passes.push_back({is_all ? reference.seeds[rule_.subject.index].emulator
                               : stratum_passes(stratum, *rule_.subject.model, rule_.subject.index),
                        stratum.events});
    });
    weights = bets_.emplace<RateAlternatives>(passes, limits_.reference_risk).weights();
  } else {
    std::vector<const Histogram*> histograms;
    of_each([&](const Stratum& stratum) { histograms.push_back(&word_of(stratum, rule_.subject).histogram); });
    weights = bets_.emplace<ShapeAlternatives>(histograms, limits_.reference_risk).weights();
  }
  evidence_.emplace(std::move(weights), false, limits_.page, true);
}

std::string SequentialDrift::why_not(const ClosedCounts& closed) const {
  const bool is_rate = rule_.subject.target == Target::seed;
  for (const std::string* reason : {&closed.blind, &closed.not_judged, &closed.no_reference}) {
    if (!reason->empty()) return *reason;
  }
  if (is_rate && !closed.no_rates.empty()) return closed.no_rates;
  const auto has_events = [&](const Summary& s) {
    if (s.is_blank()) return false;
    return is_rate ? seed_passes(s, rule_.subject.index).events > 0 : s.all.events > 0;
  };
  if (!has_events(closed.summary)) return "no events in the lumisection";
  if (closed.reference == nullptr || !has_events(*closed.reference)) return "no events in the reference";
  if (is_rate && closed.summary.n_bx_own == 0) return "no crossing inspected in the lumisection";
  if (is_rate && fit_of(closed) != nullptr) return {};
  if (closed.reference->is_divided() && closed.summary.pileup_width != closed.reference->pileup_width) {
    return "not divided by pile-up as the reference is";
  }
  return why_no_strata(closed.summary, *closed.reference);
}

// The fit of the seed's rate where it says what to expect of this lumisection.
const RateFit* SequentialDrift::fit_of(const ClosedCounts& closed) const {
  if (closed.rates == nullptr || rule_.subject.target != Target::seed) return nullptr;
  const auto fit = closed.rates->find(rule_.subject.model->seeds[rule_.subject.index].name);
  const Summary& s = closed.summary;
  if (fit == closed.rates->end() || s.crossings == 0 || s.crossings != s.n_bx_own) return nullptr;
  const double pileup = static_cast<double>(s.crossings_pileup) / static_cast<double>(s.crossings) / 100;
  const bool is_inside = pileup >= fit->second.low && pileup <= fit->second.high;
  return is_inside && expected_passes(fit->second, s).passes > 0 ? &fit->second : nullptr;
}

void SequentialDrift::feed(const ClosedCounts& closed) {
  if (!start_) start_ = closed.ls;
  ++fed_;
  std::vector<double> steps;
  const auto add = [&steps](const std::vector<double>& more) {
    if (steps.empty()) steps.resize(more.size());
    for (std::size_t i = 0; i < more.size(); ++i) steps[i] += more[i];
  };
  const auto* rates = std::get_if<RateAlternatives>(&bets_);
  if (const RateFit* fit = fit_of(closed)) {
    const ExpectedPasses expected = expected_passes(*fit, closed.summary);
    const double off = normal_quantile(limits_.reference_risk / 2) * std::sqrt(expected.variance);
    add(rates->steps_of(closed.summary.seeds[rule_.subject.index].emulator, std::max(0.0, expected.passes - off),
                        expected.passes + off));
  } else {
    for (const Mix::Part& part : mix_of(closed.summary, *closed.reference).parts) {
      const auto at = std::find(strata_.begin(), strata_.end(), part.reference->pileup);
      const std::size_t stratum = strata_.empty() ? 0 : static_cast<std::size_t>(at - strata_.begin());
      if (rates != nullptr) {
        const std::uint64_t passes = strata_.empty()
                                         ? closed.summary.seeds[rule_.subject.index].emulator
                                         : stratum_passes(*part.window, *rule_.subject.model, rule_.subject.index);
        add(rates->steps(passes, part.window->events, stratum));
      } else {
        add(std::get<ShapeAlternatives>(bets_).steps(word_of(*part.window, rule_.subject).histogram, stratum));
      }
    }
  }
  (void)evidence_->feed(steps, closed.ls);
}

// The largest change of those the evidence dates: a small old one does not hide a large new one.
SequentialDrift::Found SequentialDrift::measure(const ClosedCounts& closed) const {
  const bool is_rate = rule_.subject.target == Target::seed;
  const double level = is_rate ? kRateInterval : kAnyShape;
  Found found;
  for (const std::uint64_t at : evidence_->change_points(limits_.warn)) {
    const auto first_ls = static_cast<std::uint32_t>(at);
    const Judged judged{closed.since(first_ls), *closed.reference, level, level, "", "", {}, closed.rates};
    Judgement j = monitors::judge(rule_, judged);
    if (found.first_ls == 0 || j.effect > found.judgement.effect) found = {std::move(j), first_ls};
  }
  return found;
}

// Level and numbers of the verdict; what was measured of the change is returned.
SequentialDrift::Found SequentialDrift::conclude(const ClosedCounts& closed, Verdict& v) {
  const double value = evidence_->value();
  const bool was_bad = level_ == Quality::bad && value > limits_.page / 2;
  const bool was_medium = level_ >= Quality::medium && value > limits_.warn / 2;
  Found found;
  if (value >= limits_.warn || was_bad || was_medium) found = measure(closed);
  const double size = found.judgement.effect;
  const bool is_bad = value >= limits_.page && size >= rule_.bad && found.first_ls != 0;
  const bool is_medium = value >= limits_.warn && size >= rule_.medium && found.first_ls != 0;
  const Quality before = level_;
  level_ = was_bad || is_bad ? Quality::bad : was_medium || is_medium ? Quality::medium : Quality::good;
  if (level_ > std::max(before, Quality::good)) onset_ = found.first_ls;
  if (level_ == Quality::good && fed_ <= kStartLs) {
    v.reason = std::to_string(fed_) + " of " + std::to_string(kStartLs) + " lumisections judged";
    return found;
  }
  v.quality = level_;
  v.value = value;
  v.limit = limits_.page;
  v.effect = value >= limits_.warn ? size : 0;
  // Off in this very lumisection, not merely held bad.
  v.reading = value >= limits_.page / 2 ? std::max(level_, Quality::medium) : Quality::good;
  return found;
}

std::string SequentialDrift::in_words_of(const Found& found) const {
  const std::string evidence = "ln e-value " + in_words(evidence_->value()) + ", bad at " + in_words(limits_.page);
  if (level_ >= Quality::medium) {
    return found.judgement.reason + "; since LS " + std::to_string(onset_) + ", " + evidence;
  }
  if (found.first_ls != 0) {
    return "changed since LS " + std::to_string(found.first_ls) + ", but by little: " + found.judgement.reason + "; " +
           evidence;
  }
  return "follows the reference since LS " + std::to_string(*start_) + ": " + evidence;
}

Verdict SequentialDrift::blank() const {
  Verdict v;
  v.window = kSequentialWindow;
  v.monitor = rule_.monitor;
  v.statistic = statistic_;
  v.subject = verdict_subject(rule_.subject);
  return v;
}

SequentialResult SequentialDrift::judge(const ClosedCounts& closed) {
  Verdict v = blank();
  v.run = closed.run;
  v.last_ls = closed.ls;
  v.reason = why_not(closed);
  Found found;
  if (v.reason.empty()) {
    prepare(*closed.reference, closed.reference_id);
    feed(closed);
    found = conclude(closed, v);
  }
  v.first_ls = level_ >= Quality::medium ? onset_ : start_.value_or(closed.ls);
  const bool printed = !said_ || *said_ != v.quality || closed.ls % 10 == 0;
  said_ = v.quality;
  // Words cost more than all the rest, and nobody reads those of a good rule that is not printed.
  if (v.quality >= Quality::medium || (v.quality == Quality::good && printed)) v.reason = in_words_of(found);
  if (v.quality >= Quality::medium) v.evidence = std::move(found.judgement.evidence);
  return {std::move(v), printed};
}

std::string SequentialDrift::save() const {
  const nlohmann::json out = {{"start", start_ ? nlohmann::json(*start_) : nlohmann::json()},
                              {"fed", fed_},
                              {"level", static_cast<int>(level_)},
                              {"onset", onset_},
                              {"said", said_ ? nlohmann::json(static_cast<int>(*said_)) : nlohmann::json()},
                              {"reference", reference_id_}};
  std::string text = json_text(out);
  text.pop_back();
  if (!evidence_) return text + ",\"evidence\":null}";
  Alternatives brief = *evidence_;
  brief.forget();
  return text + ",\"evidence\":" + brief.save() + "}";
}

void SequentialDrift::load(std::string_view text, const Summary* reference, std::uint64_t reference_id,
                           const std::string& where) {
  SequentialDrift read = *this;
  read.restart();
  try {
    const auto in = nlohmann::json::parse(text);
    if (!in.at("said").is_null()) read.said_ = saved_quality(in.at("said").get<int>(), where);
    const bool goes_on = reference != nullptr && in.at("reference").get<std::uint64_t>() == reference_id;
    if (goes_on && !in.at("evidence").is_null()) {
      read.prepare(*reference, reference_id);
      read.evidence_->load(json_text(in.at("evidence")), where.c_str());
      if (!in.at("start").is_null()) in.at("start").get_to(read.start_.emplace());
      in.at("fed").get_to(read.fed_);
      read.level_ = saved_quality(in.at("level").get<int>(), where);
      in.at("onset").get_to(read.onset_);
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(where, error.what(), "what an earlier vigil saved");
  }
  *this = std::move(read);
}

}  // namespace vigil::monitors
