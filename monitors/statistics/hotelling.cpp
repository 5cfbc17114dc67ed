#include "monitors/rule.h"
#include "monitors/statistics.h"
#include "monitors/subject.h"
#include "monitors/together.h"

namespace vigil::monitors {
namespace {
constexpr const char* kIrregular = "no column differs in enough events for a mean to be normal";
}

MeasuredTogether measure_hotelling(const Summary& window, const Summary& reference, const Subject& subject,
                                   const LumisectionScatter*, const Limits& limits) {
  MeasuredTogether out;
  if (subject.target != Target::multivariate) {
    out.reading.reason = kOfAllColumns;
    return out;
  }
  const Together both = together(window, reference, subject);
  out.reading.reason = both.reason;
  if (!both.reason.empty()) return out;
  const MeanShift shift = mean_shift(both);
  if (shift.directions == 0) {
    out.reading.reason = kIrregular;
    return out;
  }
  out.reading.value = shift.t2;
  out.reading.p_value = shift.p_value;
  const auto t2_of = [&](double effect) { return shift.events * effect * effect + shift.columns; };
  out.measured = {shift.t2,
                  t2_of(limits.medium),
                  t2_of(limits.bad),
                  shift.p_value,
                  shift.effect,
                  "T2",
                  "means moved by " + in_words(shift.effect) + " sd",
                  shift.directions};
  return out;
}

Reading hotelling(const Summary& window, const Summary& reference, const Subject& subject) {
  return measure_hotelling(window, reference, subject, nullptr, {}).reading;
}

}  // namespace vigil::monitors
