// Cumulative sum of a rate: counts in exposures against rho_up and rho_down times the rate (Lucas 1985).
// Tested in tests/monitors/detector_test.cpp.
#include "monitors/detectors/likelihood_sums.h"

namespace vigil::monitors {

Detector make_cusum_poisson(const Parameters& parameters) {
  constexpr const char* kName = "cusum_poisson";
  ParameterReader read(kName, parameters);
  const double rate = read.number("rate", {}, kPositive);
  const double up = read.number("rho_up", 1.05, {1});
  const double down = read.number("rho_down", 0.95, kInsideOne);
  const TwoSidedSums sums = read_sums(read, std::log(1e6));
  read.finish();
  return Detector(LikelihoodSums(kName, poisson_step(rate, up), poisson_step(rate, down), sums));
}

}  // namespace vigil::monitors
