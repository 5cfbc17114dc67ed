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
  const SeedPasses a = seed_passes(window, subject.index);
  const SeedPasses b = seed_passes(reference, subject.index);
  Reading reading;
  reading.value = lhc::rate_hz(static_cast<double>(a.passes), static_cast<double>(window.n_bx_own));
  if (a.events != 0 && b.events != 0) {
    reading.p_value =
        rate_ratio_p_value(a.passes, static_cast<double>(a.events), b.passes, static_cast<double>(b.events));
  }
  return reading;
}

}  // namespace vigil::monitors
