// Cumulative sum of a probability: passes of trials against p_up and p_down (Gan 1993).
// Tested in tests/monitors/detector_test.cpp.
#include "monitors/detectors/likelihood_sums.h"

namespace vigil::monitors {

// A p_up of 1 or more is refused, given or default, unless `side` leaves it out.
Detector make_cusum_binomial(const Parameters& parameters) {
  constexpr const char* kName = "cusum_binomial";
  ParameterReader read(kName, parameters);
  const double p0 = read.number("p0", {}, kInsideOne);
  double up = read.number("p_up", 1.5 * p0, {p0, 1});
  const double down = read.number("p_down", p0 / 1.5, {0, p0});
  const TwoSidedSums sums = read_sums(read, std::log(1e6));
  if (up >= 1) {
    if (read_side(read) != TwoSidedSums::Side::down) {
      read.refuse("p_up", "missing, and 1.5 p0 is not below 1", "a number above p0 and below 1");
    }
    up = (1 + p0) / 2;
  }
  read.finish();
  return Detector(LikelihoodSums(kName, binomial_step(p0, up), binomial_step(p0, down), sums));
}

}  // namespace vigil::monitors
