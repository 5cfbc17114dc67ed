// Tested in tests/monitors/detector_alternatives_test.cpp.
#include "monitors/detectors/e_detector.h"

namespace vigil::monitors {

EDetectorParameters::EDetectorParameters(ParameterReader& read)
    : cusum(read.one_of("form", "sr", {"sr", "cusum"}) == "cusum"),
      limit(read.number("log_threshold", std::log(1e6), kPositive)),
      latch(read.boolean("latch", true)) {}

Alternatives read_alternatives(ParameterReader& read, const EDetectorParameters& parameters, std::size_t n,
                               std::vector<double> weights) {
  if (std::vector<double> given = read.numbers("weights", kPositive); !given.empty()) weights = std::move(given);
  if (weights.empty()) weights.assign(n, 1);
  if (weights.size() != n) {
    read.refuse("weights", std::to_string(weights.size()) + " numbers",
                std::to_string(n) + ", as many as alternatives");
  }
  return {std::move(weights), parameters.cusum, parameters.limit, parameters.latch};
}

}  // namespace vigil::monitors
