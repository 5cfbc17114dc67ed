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

// Without a reference only a rate above its target says something: one below may be the luminosity's doing.
Judgement judge_rate(const Rule& rule, const Judged& judged) {
  Judgement result;
  const Seed& seed = rule.subject.model->seeds[rule.subject.index];
  const bool compares = judged.no_reference.empty();
  if (!judged.no_rates.empty() || (!compares && !seed.target_rate_hz)) {
    result.reason = !judged.no_rates.empty() ? judged.no_rates : judged.no_reference;
    return result;
  }
  const Reading reading = rule.statistic->function(judged.window, judged.reference, rule.subject);
  const SeedPasses now = seed_passes(judged.window, rule.subject.index);
  const SeedPasses then = compares ? seed_passes(judged.reference, rule.subject.index) : SeedPasses{};
  if (!reading.value || now.events == 0 || (compares && then.events == 0)) {
    result.reason = !reading.reason.empty() ? reading.reason
                    : now.events == 0       ? "no events in the window"
                                            : "no events in the reference";
    return result;
  }
  const auto crossings = static_cast<double>(judged.window.n_bx_own);
  const auto events = static_cast<double>(now.events);
  const double now_fraction = static_cast<double>(now.passes) / events;
  Deviation fraction;
  double target = seed.target_rate_hz.value_or(0);
  std::string expected_fraction;
  if (compares) {
    const auto reference_events = static_cast<double>(then.events);
    const double reference_fraction = static_cast<double>(then.passes) / reference_events;
    // The reference's fraction of these events.
    if (!seed.target_rate_hz) target = lhc::rate_hz(reference_fraction * events, crossings);
    fraction.interval = rate_ratio(now.passes, events, then.passes, reference_events, judged.significance);
    expected_fraction = ", reference " + percent(reference_fraction);
  }
  Deviation rate = fraction;
  if (seed.target_rate_hz) {
    const double expected = std::max(target / lhc::kCrossingHz * crossings, 1e-300);
    const Interval passes = garwood(now.passes, judged.significance);
    rate.interval = {passes.low / expected, passes.high / expected};
  }
  // Too high is too high for whatever reason. Too low with an unchanged fraction is the luminosity's doing.
  const auto off = [&](double tolerance) {
    return above(rate, tolerance) || (compares && below(rate, tolerance) && below(fraction, tolerance));
  };
  result.level = off(rule.bad) ? Quality::bad : off(rule.medium) ? Quality::medium : Quality::good;
  if (!compares && result.level == Quality::good) {  // "good" is said once there is a reference
    result.level = Quality::unknown;
    result.reason = judged.no_reference;
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
