// Pass rate of a seed.
#include "core/lhc.h"
#include "monitors/intervals.h"
#include "monitors/statistics.h"
#include "monitors/subject.h"

namespace vigil::monitors {

Reading rate(const Summary& window, const Summary& reference, const Subject& subject) {
  if (subject.target == Target::mismatch) return mismatch_fraction(window, subject);
  if (subject.target != Target::seed) return {{}, {}, "defined for seeds and mismatches only"};
  if (window.n_bx_own == 0) return {{}, {}, "no crossing inspected in the window"};
  Reading reading;
  reading.value = lhc::rate_hz(static_cast<double>(seed_passes(window, subject.index).passes),
                               static_cast<double>(window.n_bx_own));
  const ComparedPasses both = compared_passes(window, reference, subject);
  if (both.reason.empty() && both.window.events != 0 && both.reference_exposure > 0) {
    reading.p_value = rate_ratio_p_value(both.window.passes, static_cast<double>(both.window.events),
                                         both.reference.passes, both.reference_exposure);
  }
  return reading;
}

}  // namespace vigil::monitors
