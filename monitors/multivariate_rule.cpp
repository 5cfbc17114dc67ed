// The rule of all columns together: they moved, significantly and by enough to matter.
#include <cmath>

#include "monitors/rule.h"
#include "monitors/subject.h"

namespace vigil::monitors {

Judgement judge_multivariate(const Rule& rule, const Judged& judged) {
  Judgement result;
  if (!judged.no_reference.empty()) {
    result.reason = judged.no_reference;
    return result;
  }
  const MeasuredTogether found = rule.statistic->together(judged.window, judged.reference, rule.subject, judged.scatter,
                                                          {rule.medium, rule.bad, judged.warn, judged.page});
  const Measured& m = found.measured;
  if (!found.reading.value) {
    result.reason = found.reading.reason;
    return result;
  }
  if (!found.reading.p_value) {
    result.reason = "no scatter over lumisections in the reference";
    return result;
  }
  result.value = found.reading.value;
  result.p_value = found.reading.p_value;
  result.limit = m.bad;
  result.size = m.size;
  result.certainty = m.certainty;
  const bool is_certain = m.certainty <= judged.warn;
  result.level = m.value >= m.bad && m.certainty <= judged.page(m.degrees) ? Quality::bad
                 : m.value >= m.medium && is_certain                       ? Quality::medium
                                                                           : Quality::good;
  result.effect = is_certain ? m.size : 0;
  result.reason = m.symbol + " " + in_words(m.value) + ", bad at " + in_words(m.bad) + "; " + m.effect;
  if (result.level == Quality::good && m.value >= m.medium) result.reason += "; within fluctuations";
  if (result.level >= Quality::medium) result.reason = rule.monitor + " moved: " + result.reason;
  return result;
}

}  // namespace vigil::monitors
