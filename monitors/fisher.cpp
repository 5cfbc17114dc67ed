#include "monitors/fisher.h"

#include <algorithm>
#include <cmath>

namespace vigil::monitors {
namespace {

// Tables count as equally likely to this relative difference, which the rounding of their ratios stays below.
constexpr double kEqual = 1e-11;

}  // namespace

double fisher_p_value(std::uint64_t k1, std::uint64_t n1, std::uint64_t k2, std::uint64_t n2) {
  const double a = static_cast<double>(n1), b = static_cast<double>(n2);
  const double k = static_cast<double>(k1) + static_cast<double>(k2), observed = static_cast<double>(k1);
  const double low = std::max(0.0, k - b), high = std::min(a, k);
  if (a == 0 || b == 0 || low >= high) return 1;
  // Probability of x + 1 successes among the first over that of x.
  const auto ratio = [&](double x) { return (a - x) * (k - x) / ((x + 1) * (b - k + x + 1)); };
  const double mode = std::clamp(std::floor((k + 1) * (a + 1) / (a + b + 2)), low, high);
  // Likelihoods relative to that of the mode. Of the observed table:
  double of_observed = 1;
  for (double x = mode; x < observed && of_observed > 0; ++x) of_observed *= ratio(x);
  for (double x = mode; x > observed && of_observed > 0; --x) of_observed /= ratio(x - 1);
  const double limit = of_observed * (1 + kEqual);
  double all = 0, tail = 0;
  const auto add = [&](double likelihood) {
    all += likelihood;
    if (likelihood <= limit) tail += likelihood;
    return likelihood > 0 && (likelihood > limit || likelihood > tail * 1e-18);
  };
  add(1);
  double likelihood = 1;
  for (double x = mode; x < high && add(likelihood *= ratio(x)); ++x) continue;
  likelihood = 1;
  for (double x = mode; x > low && add(likelihood /= ratio(x - 1)); --x) continue;
  return std::min(tail / all, 1.0);
}

}  // namespace vigil::monitors
