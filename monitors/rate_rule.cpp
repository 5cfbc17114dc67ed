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

// Where the rate or the fraction stands, relative to what is expected.
struct Deviation {
  Interval interval;
};

// Too low beyond `tolerance`, too high, or neither.
bool below(const Deviation& d, double tolerance) { return d.interval.high < 1 - tolerance; }
bool above(const Deviation& d, double tolerance) { return d.interval.low > 1 + tolerance; }

}  // namespace

Judgement judge_rate(const Rule& rule, const Judged& judged) {
  Judgement result;
  if (!judged.no_rates.empty()) {
    result.reason = judged.no_rates;
    return result;
  }
  const Reading reading = rule.statistic->function(judged.window, judged.reference, rule.subject);
  result.value = reading.value;
  result.p_value = reading.p_value;
  const Seed& seed = rule.subject.model->seeds[rule.subject.index];
  const SeedPasses now = seed_passes(judged.window, rule.subject.index);
  const SeedPasses then = seed_passes(judged.reference, rule.subject.index);
  if (!reading.value || now.events == 0 || then.events == 0) {
    result.value.reset();
    result.reason = !reading.reason.empty() ? reading.reason
                    : now.events == 0       ? "no events in the window"
                                            : "no events in the reference";
    return result;
  }
  const auto crossings = static_cast<double>(judged.window.n_bx_own);
  const auto events = static_cast<double>(now.events);
  const auto reference_events = static_cast<double>(then.events);
  const double reference_fraction = static_cast<double>(then.passes) / reference_events;
  const double followed =
      lhc::rate_hz(reference_fraction * events, crossings);  // the reference's fraction of these events
  const double target = seed.target_rate_hz.value_or(followed);

  Deviation fraction;
  fraction.interval = rate_ratio(now.passes, events, then.passes, reference_events, judged.significance);
  Deviation rate = fraction;
  if (seed.target_rate_hz) {
    const double expected = std::max(target / lhc::kCrossingHz * crossings, 1e-300);
    const Interval passes = garwood(now.passes, judged.significance);
    rate.interval = {passes.low / expected, passes.high / expected};
  }
  // Too high is too high for whatever reason. Too low with an unchanged fraction is the luminosity's doing.
  const auto off = [&](double tolerance) {
    return above(rate, tolerance) || (below(rate, tolerance) && below(fraction, tolerance));
  };
  result.level = off(rule.bad) ? Quality::bad : off(rule.medium) ? Quality::medium : Quality::good;
  const bool high = *reading.value >= target;
  result.limit = high ? target * (1 + rule.bad) : target * std::max(0.0, 1 - rule.bad);
  const double now_fraction = static_cast<double>(now.passes) / events;
  result.reason = in_words(*reading.value) + " Hz, " +
                  (seed.target_rate_hz ? "target " : "reference at these events ") + in_words(target) + " Hz; passes " +
                  percent(now_fraction) + " of events, reference " + percent(reference_fraction);
  if (result.level < Quality::medium) return result;
  result.reason = rule.monitor + (high ? " rate too high: " : " rate too low: ") + result.reason;
  result.evidence = solve_threshold(judged.window, *rule.subject.model, rule.subject.index, target);
  return result;
}

}  // namespace vigil::monitors
