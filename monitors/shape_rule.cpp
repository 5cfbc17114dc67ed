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
                                             {rule.medium, rule.bad, judged.warn, judged.page});
  if (std::isfinite(m.bad)) result.limit = m.bad;
  const bool is_certain = m.certainty <= judged.warn;
  result.level = m.value >= m.bad && m.certainty <= judged.page(m.degrees) ? Quality::bad
                 : m.value >= m.medium && is_certain                       ? Quality::medium
                                                                           : Quality::good;
  result.effect = is_certain ? m.size : 0;
  result.size = m.size;
  result.certainty = m.certainty;
  result.reason = m.symbol + " " + in_words(m.value) + (result.limit ? ", bad at " + in_words(m.bad) : "");
  if (!m.effect.empty()) result.reason += "; " + m.effect;
  if (result.level == Quality::good && m.value >= m.medium) result.reason += "; within fluctuations";
  if (result.level < Quality::medium) return result;
  const FixedPoint& type = word_type(rule.subject);
  const WordSummary& window = word_summary(judged.window, rule.subject);
  const WordMoments reference = reference_moments(judged.window, judged.reference, rule.subject);
  result.reason += "; mean " + in_words(mean(window, type)) + ", reference " + in_words(reference.mean);
  if (rule.subject.target == Target::input) {
    const ClassifiedInput input =
        classify_input(window.histogram, reference_histogram(judged.window, judged.reference, rule.subject), type);
    result.evidence = input.change;
    result.reason = rule.monitor + " " + input.words + "; " + result.reason;
  } else {
    result.reason = rule.monitor + " drifted: " + result.reason;
  }
  return result;
}

}  // namespace vigil::monitors
