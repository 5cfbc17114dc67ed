// The rule of seeds: the pass rate left its target, and not merely because there were fewer or more events per
// crossing.
#include <algorithm>
#include <cmath>

#include "core/lhc.h"
#include "monitors/intervals.h"
#include "monitors/rule.h"
#include "monitors/subject.h"
#include "monitors/threshold.h"

namespace vigil::monitors {
namespace {

// Where rate and pass fraction stand relative to what is expected of them.
struct Deviations {
  Interval rate, fraction;
  bool compares = false;  // there is a fraction to compare with

  // How far off they are, at the nearer end: 0 where that cannot be said. Too high is too high for whatever reason. Too
  // low with an unchanged fraction is the luminosity's doing.
  double size() const {
    if (rate.low > 1) return rate.low - 1;
    return compares ? std::max(0.0, 1 - std::max(rate.high, fraction.high)) : 0;
  }
};

}  // namespace

// Without a reference only a rate above its target says something: one below may be the luminosity's doing.
Judgement judge_rate(const Rule& rule, const Judged& judged) {
  Judgement result;
  const Seed& seed = rule.subject.model->seeds[rule.subject.index];
  const ComparedPasses both = compared_passes(judged.window, judged.reference, rule.subject);
  const std::string& why_not = judged.no_reference.empty() ? both.reason : judged.no_reference;
  const bool compares = why_not.empty();
  if (!judged.no_rates.empty() || (!compares && !seed.target_rate_hz)) {
    result.reason = !judged.no_rates.empty() ? judged.no_rates : why_not;
    return result;
  }
  const Reading reading = rule.statistic->function(judged.window, judged.reference, rule.subject);
  const SeedPasses now = compares ? both.window : seed_passes(judged.window, rule.subject.index);
  const SeedPasses then = both.reference;
  if (!reading.value || now.events == 0 || (compares && !(both.reference_exposure > 0))) {
    result.reason = !reading.reason.empty() ? reading.reason
                    : now.events == 0       ? "no events in the window"
                                            : "no events in the reference";
    return result;
  }
  const auto crossings = static_cast<double>(judged.window.n_bx_own);
  const auto events = static_cast<double>(now.events);
  const double now_fraction = static_cast<double>(now.passes) / events;
  double target = seed.target_rate_hz.value_or(0);
  std::string expected_fraction;
  if (compares) {
    const double reference_fraction = both.fraction();
    // The reference's fraction of these events.
    const auto all = static_cast<double>(judged.window.all.events);
    if (!seed.target_rate_hz) target = lhc::rate_hz(reference_fraction * all, crossings);
    expected_fraction = ", reference " + percent(reference_fraction);
  }
  const auto deviations = [&](double p_value) {
    Deviations d;
    d.compares = compares;
    if (compares) d.fraction = rate_ratio(now.passes, events, then.passes, both.reference_exposure, p_value);
    d.rate = d.fraction;
    if (seed.target_rate_hz) {
      const double expected = std::max(target / lhc::kCrossingHz * crossings, 1e-300);
      const Interval passes = garwood(seed_passes(judged.window, rule.subject.index).passes, p_value);
      d.rate = {passes.low / expected, passes.high / expected};
    }
    return d;
  };
  result.effect = deviations(judged.warn).size();
  result.level = deviations(judged.page(1)).size() > rule.bad ? Quality::bad
                 : result.effect > rule.medium                ? Quality::medium
                                                              : Quality::good;
  if (!compares && result.level == Quality::good) {  // "good" is said once there is a reference
    result.level = Quality::unknown;
    result.reason = why_not;
    return result;
  }
  result.value = reading.value;
  result.p_value = compares ? reading.p_value : std::nullopt;
  const bool high = *reading.value >= target;
  result.limit = high ? target * (1 + rule.bad) : target * std::max(0.0, 1 - rule.bad);
  result.reason = in_words(*reading.value) + " Hz, " +
                  (seed.target_rate_hz ? "target " : "reference at these events ") + in_words(target) + " Hz; passes " +
                  percent(now_fraction) + " of events" + expected_fraction;
  if (result.level < Quality::medium) return result;
  result.reason = rule.monitor + (high ? " rate too high: " : " rate too low: ") + result.reason;
  result.evidence = solve_threshold(judged.window, *rule.subject.model, rule.subject.index, target);
  return result;
}

}  // namespace vigil::monitors
