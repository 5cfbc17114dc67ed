// E-detector of normal values (Shin, Ramdas, Rinaldo 2022): z = (x - mean)/sd against means lambda, b = lambda z -
// lambda^2/2, and against standard deviations a, b = -ln a - z^2/(2 a^2) + z^2/2.
// Tested in tests/monitors/detector_alternatives_test.cpp.
#include <cmath>

#include "monitors/detectors/e_detector.h"
#include "monitors/detectors/standard.h"

namespace vigil::monitors {
namespace {

// b = constant + of_x z + of_y z^2.
struct GaussianSteps {
  Standard standard;
  std::vector<double> constant{}, of_x{}, of_y{};
  std::size_t size() const { return constant.size(); }
  std::pair<double, double> operator()(const Observed& o) const {
    const double z = standard(o.value);
    return {z, z * z};
  }
  void add(double c, double x, double y) {
    constant.push_back(c);
    of_x.push_back(x);
    of_y.push_back(y);
  }
};

}  // namespace

// Without `lambdas` and `scales`: means +-(.1 .25 .5 1 2) sharing weight 0.9 and scales .7071 1.4142 2 sharing 0.1.
Detector make_e_gaussian(const Parameters& parameters) {
  constexpr const char* kName = "e_gaussian";
  ParameterReader read(kName, parameters);
  GaussianSteps steps{read_standard(read)};
  std::vector<double> lambdas = read.numbers("lambdas", kAnyNumber);
  std::vector<double> scales = read.numbers("scales", kPositive);
  std::vector<double> weights;
  if (lambdas.empty() && scales.empty()) {
    for (const double size : {0.1, 0.25, 0.5, 1.0, 2.0}) lambdas.insert(lambdas.end(), {size, -size});
    scales = {0.7071, 1.4142, 2};
    weights.assign(lambdas.size(), 0.9 / static_cast<double>(lambdas.size()));
    weights.insert(weights.end(), scales.size(), 0.1 / static_cast<double>(scales.size()));
  }
  for (const double lambda : lambdas) steps.add(-lambda * lambda / 2, lambda, 0);
  for (const double a : scales) steps.add(-std::log(a), 0, 0.5 - 0.5 / (a * a));
  return make_e_detector(kName, read, std::move(steps), std::move(weights));
}

}  // namespace vigil::monitors
