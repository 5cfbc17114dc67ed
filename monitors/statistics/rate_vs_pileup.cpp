// Passes of a seed over those a fit against pile-up expects.
#include "monitors/statistics.h"

namespace vigil::monitors {

// The fit is the reference's, not in its summary: monitors/pileup_rule.cpp judges with it.
Reading rate_vs_pileup(const Summary&, const Summary&, const Subject& subject) {
  if (subject.target != Target::seed) return {{}, {}, "defined for seeds only"};
  return {{}, {}, "no fit of the rate against pile-up in the reference"};
}

}  // namespace vigil::monitors
