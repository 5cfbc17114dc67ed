// Parameters and rows for every detector of the catalogue: what the tests of all of them are run on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "monitors/detector.h"

namespace vigil::monitors {

// What a detector needs and has no default for.
inline Parameters needed_parameters(const DetectorEntry& entry) {
  switch (entry.warm_up) {
    case WarmUp::nothing:
      return {};
    case WarmUp::mean_and_sd:
      return {{"mean", 0.0}, {"sd", 1.0}};
    case WarmUp::mean:
      return {{"mean", 0.2}};
    case WarmUp::probability:
      return {{"p0", 0.1}};
    case WarmUp::probabilities:
      return {{"p0", std::vector<double>{0.5, 0.3, 0.2}}, {"q", Table{{0.3, 0.3, 0.4, 0.2, 0.2, 0.6}, 3}}};
    case WarmUp::rate:
      return {{"rate", 0.5}};
  }
  return {};
}

// One value or row of what the detector is for: 0 is what its parameters say, a larger shift a larger change.
inline Observed drawn(const DetectorEntry& entry, double shift, std::mt19937& random) {
  const auto uniform = [&] { return std::uniform_real_distribution<double>()(random); };
  switch (entry.input) {
    case Input::counts:
      return {double(std::poisson_distribution<int>(50 * (1 + 0.2 * shift))(random)), 100};
    case Input::trials:
      return {double(std::binomial_distribution<int>(50, std::min(0.9, 0.1 + 0.1 * shift))(random)), 50};
    case Input::binary:
    case Input::binary_or_trials:
      return {uniform() < std::min(0.9, 0.1 + 0.2 * shift) ? 1.0 : 0.0};
    case Input::fraction:
      return {std::clamp(0.2 + 0.15 * shift + 0.2 * (uniform() - 0.5), 0.0, 1.0)};
    case Input::codes: {
      const double u = uniform(), last = std::min(0.9, 0.2 + 0.2 * shift);
      return {u < last ? 2.0 : u < last + 0.3 ? 1.0 : 0.0};
    }
    case Input::values:
      break;
  }
  if (entry.warm_up == WarmUp::mean) return {uniform() < std::min(0.9, 0.2 + 0.2 * shift) ? 1.0 : 0.0};
  return {std::normal_distribution<double>(shift, 1)(random)};
}

// `n` steps without change, then `changed` with it.
inline std::vector<Observed> series(const DetectorEntry& entry, std::size_t n, std::size_t changed, double shift,
                                    unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Observed> all;
  for (std::size_t i = 0; i < n + changed; ++i) all.push_back(drawn(entry, i < n ? 0 : shift, random));
  return all;
}

}  // namespace vigil::monitors
