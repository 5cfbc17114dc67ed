// The detectors that are compared, each with the one parameter it is tuned by.
#pragma once

#include <string>
#include <vector>

#include "bench/detection/scenarios.h"
#include "monitors/detector.h"

namespace vigil::bench {

struct Candidate {
  std::string name;  // of the catalogue
  bool river = false;
  monitors::Parameters fixed;
  std::string tuned;  // parameter
  double mild = 0;    // where it alarms soonest
  double strict = 0;  // where it alarms least; between both it is varied by factors
  bool unit = false;  // values are moved into [0, 1]
  bool free = false;  // its statistic does not depend on the tuned parameter, which divides it or is its limit

  monitors::Parameters with(double value) const;
  monitors::Detector make(double value) const;
};

// Those that can be fed values of `null`, with what they need to know of it.
std::vector<Candidate> candidates(const Law& null);

// Values as the candidate is fed them.
void prepare(const Candidate& candidate, std::span<double> values);

}  // namespace vigil::bench
