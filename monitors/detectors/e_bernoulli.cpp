// E-detector of a probability (Shin, Ramdas, Rinaldo 2022): passes of trials against p0. Steps: the likelihood ratio of
// the counts.
// Tested in tests/monitors/detector_test.cpp.
#include <cmath>

#include "monitors/detectors/e_detector.h"

namespace vigil::monitors {
namespace {

constexpr double kHighest = 0.9;       // of the default alternatives
constexpr double kLeastEvidence = 10;  // e^limit times the divergence: fewer only count time

double divergence(double p, double q) { return p * std::log(p / q) + (1 - p) * (std::log1p(-p) - std::log1p(-q)); }

}  // namespace

// Default alternatives: p0 times (1.2 1.5 2 3 5 10 100 1e3 1e4) sharing 0.8, p0 over (1.2 1.5 2 3) sharing 0.2, without
// those above 0.9 or without evidence enough; a side left empty gives its share to the other. `side` leaves out a side
// of the defaults.
Detector make_e_bernoulli(const Parameters& parameters) {
  constexpr const char* kName = "e_bernoulli";
  ParameterReader read(kName, parameters);
  const double p0 = read.number("p0", {}, kInsideOne);
  std::vector<double> p1 = read.numbers("p1", kInsideOne);
  const std::string side = read.one_of("side", "both", {"both", "up", "down"});
  std::vector<double> weights;
  if (p1.empty()) {
    const double limit = EDetectorParameters(read).limit;
    const auto usable = [&](double p) {
      return p <= kHighest && divergence(p, p0) * std::exp(limit) >= kLeastEvidence;
    };
    std::vector<double> up, down;
    for (const double factor : {1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0, 1e3, 1e4}) {
      if (side != "down" && usable(p0 * factor)) up.push_back(p0 * factor);
    }
    for (const double factor : {1.2, 1.5, 2.0, 3.0}) {
      if (side != "up" && usable(p0 / factor)) down.push_back(p0 / factor);
    }
    if (up.empty() && down.empty()) read.refuse("p1", "no default has evidence enough at this p0", "a list");
    for (const double p : up) {
      p1.push_back(p);
      weights.push_back((down.empty() ? 1.0 : 0.8) / static_cast<double>(up.size()));
    }
    for (const double p : down) {
      p1.push_back(p);
      weights.push_back((up.empty() ? 1.0 : 0.2) / static_cast<double>(down.size()));
    }
  }
  LinearSteps steps;
  for (const double p : p1) steps.add(binomial_step(p0, p));
  return make_e_detector(kName, read, std::move(steps), std::move(weights));
}

}  // namespace vigil::monitors
