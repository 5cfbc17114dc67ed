// The pass rate of a seed as a function of pile-up, fitted to the lumisections of a reference. Made when a reference is
// built; used by the rate rules. Pure.
// Tests: tests/monitors/rate_fit_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/summary.h"

namespace vigil::monitors {

// r = a0 + a1 mu + a2 mu^2 passes a crossing, mu the pile-up [interactions a crossing].
struct RateFit {
  std::array<double, 3> coefficients{};
  std::array<std::array<double, 3>, 3> covariance{};
  double low = 0, high = 0;  // pile-up of the lumisections it was fitted to
  bool operator==(const RateFit&) const = default;
};

// One lumisection.
struct RatePoint {
  std::uint64_t passes = 0;
  std::uint64_t crossings = 0;
  double pileup = 0;
};

// The crossings of `lumisection` whose pile-up is known, their mean pile-up, and the passes among their events; none
// where there is no such crossing.
std::optional<RatePoint> rate_point(const Summary& lumisection, const ModelInfo& model, std::size_t seed);

// Poisson maximum likelihood with this mean (iteratively reweighted least squares); the covariance is that of the fit,
// times chi-squared over degrees of freedom where that is above 1. None with fewer than 4 points, a span of pile-up of
// `span` or less, or where the points do not determine it.
std::optional<RateFit> fit_rate(const std::vector<RatePoint>& points, double span);

// What a fit expects of crossings with sums n, n mu, n mu^2: passes and their variance by the fit's uncertainty.
struct ExpectedPasses {
  double passes = 0;
  double variance = 0;
};
ExpectedPasses expected_passes(const RateFit& fit, const Summary& summary);

}  // namespace vigil::monitors
