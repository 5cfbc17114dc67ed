// The rule of mismatches: one differing event is worth a look, two are a fault. No reference and no hysteresis are
// needed.
#include <utility>

#include "monitors/intervals.h"
#include "monitors/mismatch_crossings.h"
#include "monitors/mismatch_words.h"
#include "monitors/rule.h"
#include "monitors/subject.h"

namespace vigil::monitors {

Judgement judge_mismatch(const Rule& rule, const Judged& judged) {
  Judgement result;
  const Reading reading = rule.statistic->function(judged.window, judged.reference, rule.subject);
  result.value = reading.value;
  if (!reading.value) {
    result.reason = reading.reason;
    return result;
  }
  const MismatchCounts counts = mismatch_counts(judged.window, rule.subject);
  // Exact lower bound of the mismatch rate: with limit 0 any event is above it, and bad asks for a second one.
  const double lower = clopper_pearson(counts.events, counts.compared, 0.05).low;
  result.limit = rule.bad;
  result.effect = lower;
  result.level = counts.events >= 2 && lower > rule.bad      ? Quality::bad
                 : counts.events >= 1 && lower > rule.medium ? Quality::medium
                                                             : Quality::good;
  if (counts.events == 0) {
    result.reason = "hardware and emulator agree in " + std::to_string(counts.compared) + " events";
    return result;
  }
  result.reason = mismatch_in_words(rule.monitor, rule.subject, counts);
  MismatchEvidence evidence{counts.events, counts.compared, {}};
  if (result.level >= Quality::medium) evidence.crossings = mismatch_crossings(judged.window);
  bool named = false;
  for (const Evidence& lumisection : judged.lumisections) {
    if (mismatch_counts(*lumisection.summary, rule.subject).events == 0) continue;
    merge_kept(evidence.first, events_of(*lumisection.summary, rule.subject));
    if (!std::exchange(named, true)) {
      result.reason += ", first in " + (evidence.first.empty() ? "run " + std::to_string(lumisection.run) + " LS " +
                                                                     std::to_string(lumisection.ls)
                                                               : place_in_words(evidence.first.front()));
    }
    if (evidence.first.size() >= kKeptEvents) break;
  }
  if (result.level >= Quality::medium) result.evidence = std::move(evidence);
  return result;
}

}  // namespace vigil::monitors
