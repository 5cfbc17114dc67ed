// The rule of seeds against pile-up: the rate left what the reference's fit expects at this window's pile-up.
// Tests: tests/monitors/rate_fit_test.cpp.
#include <algorithm>
#include <cmath>

#include "core/lhc.h"
#include "monitors/intervals.h"
#include "monitors/rule.h"
#include "monitors/subject.h"
#include "monitors/threshold.h"

namespace vigil::monitors {
namespace {

constexpr double kMostUnknown = 0.1;   // part of the crossings whose pile-up may be unknown
constexpr double kMostCertain = 1e15;  // passes that stand for the fit

// Why the fit cannot be asked; empty where it can.
std::string why_no_fit(const Judged& judged, const RateFit* fit) {
  const Summary& window = judged.window;
  if (!judged.no_rates.empty()) return judged.no_rates;
  if (!judged.no_reference.empty()) return judged.no_reference;
  if (fit == nullptr) return "no fit of the rate against pile-up in the reference";
  if (window.n_bx_own == 0) return "no crossing inspected in the window";
  const double unknown = static_cast<double>(window.n_bx_own - window.crossings);
  if (unknown > kMostUnknown * static_cast<double>(window.n_bx_own)) return "no pile-up sent";
  const double pileup = static_cast<double>(window.crossings_pileup) / static_cast<double>(window.crossings) / 100;
  // Beyond the fit's own range by less than a stratum it is still near its points.
  const double slack = static_cast<double>(judged.reference.pileup_width) / 100;
  if (pileup < fit->low - slack || pileup > fit->high + slack) {
    return "pile-up " + in_words(pileup) + " outside the fit (" + in_words(fit->low) + " to " + in_words(fit->high) +
           ")";
  }
  return {};
}

}  // namespace

Judgement judge_against_fit(const Rule& rule, const Judged& judged) {
  Judgement result;
  const ModelInfo& model = *rule.subject.model;
  const Seed& seed = model.seeds[rule.subject.index];
  const RateFit* fit = nullptr;
  if (judged.rates != nullptr) {
    const auto found = judged.rates->find(seed.name);
    if (found != judged.rates->end()) fit = &found->second;
  }
  result.reason = why_no_fit(judged, fit);
  if (!result.reason.empty()) return result;
  const auto point = rate_point(judged.window, model, rule.subject.index);
  const ExpectedPasses expected = expected_passes(*fit, judged.window);
  if (!point || !(expected.passes > 0)) {
    result.reason = point ? "the fit expects no passes" : "no pile-up sent";
    return result;
  }
  // The fit as a count with its relative variance: as many passes in as many times the exposure.
  const double certain =
      std::min(expected.passes * expected.passes / std::max(expected.variance, 1e-300), kMostCertain);
  const auto passes = static_cast<std::uint64_t>(std::llround(std::max(certain, 1.0)));
  const double exposure = static_cast<double>(passes) / expected.passes;
  result.value = static_cast<double>(point->passes) / expected.passes;
  result.p_value = rate_ratio_p_value(point->passes, 1, passes, exposure);
  const auto size = [&](double p_value) {
    const Interval ratio = rate_ratio(point->passes, 1, passes, exposure, p_value);
    return std::max({0.0, ratio.low - 1, 1 - ratio.high});
  };
  result.effect = size(judged.warn);
  result.level = size(judged.page(1)) > rule.bad ? Quality::bad
                 : result.effect > rule.medium   ? Quality::medium
                                                 : Quality::good;
  const bool high = *result.value >= 1;
  result.limit = high ? 1 + rule.bad : std::max(0.0, 1 - rule.bad);
  const double pileup =
      static_cast<double>(judged.window.crossings_pileup) / static_cast<double>(judged.window.crossings) / 100;
  result.reason = std::to_string(point->passes) + " passes, " + in_words(expected.passes) + " expected at pile-up " +
                  in_words(pileup);
  if (result.level < Quality::medium) return result;
  result.reason =
      rule.monitor + (high ? " rate too high for its pile-up: " : " rate too low for its pile-up: ") + result.reason;
  const double target =
      seed.target_rate_hz.value_or(lhc::rate_hz(expected.passes, static_cast<double>(judged.window.crossings)));
  result.evidence = solve_threshold(judged.window, model, rule.subject.index, target);
  return result;
}

}  // namespace vigil::monitors
