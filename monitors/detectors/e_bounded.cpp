// E-detector of the mean of bounded values, whatever their distribution (Shin, Ramdas, Rinaldo 2022; Waudby-Smith and
// Ramdas 2020): y and m are value and mean scaled to [0, 1]; b = ln(1 + lambda (y/m - 1)).
// Tested in tests/monitors/detector_alternatives_test.cpp.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "monitors/detectors/e_detector.h"
#include "monitors/rule.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "e_bounded";

struct BoundedSteps {
  double low, high, mean;  // the mean scaled
  std::vector<double> lambdas;
  std::size_t size() const { return lambdas.size(); }
  void operator()(const Observed& o, double* steps) const {
    const double gain = (o.value - low) / (high - low) / mean - 1;
    for (const double lambda : lambdas) *steps++ = std::log1p(lambda * gain);
  }
  void check(const Observed& o) const {
    if (o.value >= low && o.value <= high) return;
    throw Error(std::string("detector ") + kName, "value " + in_words(o.value),
                "inside low to high, " + in_words(low) + " to " + in_words(high));
  }
};

}  // namespace

// Default lambdas: (.1 .25 .5 .8) for a rise and -(.1 .25 .5 .8) min(1, m/(1 - m)) for a fall.
Detector make_e_bounded(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const double mean = read.number("mean", {}, kAnyNumber);
  const double low = read.number("low", 0, kAnyNumber);
  const double high = read.number("high", 1, kAnyNumber);
  if (!(low < high)) read.refuse("low", in_words(low), "a number below high, " + in_words(high));
  const double m = (mean - low) / (high - low);
  if (!(m > 0 && m < 1)) read.refuse("mean", in_words(mean), "a number above low and below high");
  std::vector<double> lambdas = read.numbers("lambdas", {-m / (1 - m), 1});
  if (lambdas.empty()) {
    for (const double size : {0.1, 0.25, 0.5, 0.8}) {
      lambdas.insert(lambdas.end(), {size, -size * std::min(1.0, m / (1 - m))});
    }
  }
  return make_e_detector(kName, read, BoundedSteps{low, high, m, std::move(lambdas)});
}

}  // namespace vigil::monitors
