// E-detector of a rate (Shin, Ramdas, Rinaldo 2022): counts in exposures against rho times the rate.
// b = count ln rho - (rho - 1) rate exposure.
// Tested in tests/monitors/detector_alternatives_test.cpp.
#include "monitors/detectors/e_detector.h"

namespace vigil::monitors {

Detector make_e_poisson(const Parameters& parameters) {
  constexpr const char* kName = "e_poisson";
  ParameterReader read(kName, parameters);
  const double rate = read.number("rate", {}, kPositive);
  std::vector<double> rhos = read.numbers("rho", kPositive);
  if (rhos.empty()) rhos = {.5, .7, .8, .9, .93, .95, .97, .98, 1.02, 1.03, 1.05, 1.07, 1.1, 1.25, 1.5, 2};
  LinearSteps steps;
  for (const double rho : rhos) steps.add(poisson_step(rate, rho));
  return make_e_detector(kName, read, std::move(steps));
}

}  // namespace vigil::monitors
