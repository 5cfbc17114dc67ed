// Fraction of compared events that mismatch.
#include "monitors/statistics.h"
#include "monitors/subject.h"

namespace vigil::monitors {

Reading mismatch_rate(const Summary& window, const Summary&, const Subject& subject) {
  if (subject.target != Target::mismatch) return {{}, {}, "defined for mismatches only"};
  return mismatch_fraction(window, subject);
}

}  // namespace vigil::monitors
