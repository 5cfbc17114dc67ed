// The rule of inputs and outputs: the distribution moved, significantly and by enough to matter.
#include <cmath>

#include "monitors/input_change.h"
#include "monitors/rule.h"
#include "monitors/subject.h"

namespace vigil::monitors {

Judgement judge_shape(const Rule& rule, const Judged& judged) {
  Judgement result;
  if (!judged.no_reference.empty()) {
    result.reason = judged.no_reference;
    return result;
  }
  const Reading reading = rule.statistic->function(judged.window, judged.reference, rule.subject);
  result.value = reading.value;
  result.p_value = reading.p_value;
  if (!reading.value) {
    result.reason = reading.reason;
    return result;
  }
  const Measured m = rule.statistic->measure(judged.window, judged.reference, rule.subject,
                                             {rule.medium, rule.bad, judged.significance});
  if (std::isfinite(m.bad)) result.limit = m.bad;
  result.level = !m.significant || m.value < m.medium ? Quality::good
                 : m.value < m.bad                    ? Quality::medium
                                                      : Quality::bad;
  result.reason = m.symbol + " " + in_words(m.value) + (result.limit ? ", bad at " + in_words(m.bad) : "");
  if (!m.effect.empty()) result.reason += "; " + m.effect;
  if (!m.significant && m.value >= m.medium) result.reason += "; within fluctuations";
  if (result.level < Quality::medium) return result;
  const FixedPoint& type = word_type(rule.subject);
  const WordSummary& window = word_summary(judged.window, rule.subject);
  const WordSummary& reference = word_summary(judged.reference, rule.subject);
  result.reason += "; mean " + in_words(mean(window, type)) + ", reference " + in_words(mean(reference, type));
  if (rule.subject.target == Target::input) {
    const ClassifiedInput input = classify_input(window.histogram, reference.histogram, type);
    result.evidence = input.change;
    result.reason = rule.monitor + " " + input.words + "; " + result.reason;
  } else {
    result.reason = rule.monitor + " drifted: " + result.reason;
  }
  return result;
}

}  // namespace vigil::monitors
