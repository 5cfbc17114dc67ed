#include "monitors/intervals.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "monitors/boost_policy.h"
#include "monitors/limit_tails.h"

namespace vigil::monitors {
namespace {

double real(std::uint64_t n) { return static_cast<double>(n); }

// Newton's steps from Boost's inverse, which for a million events is off by some 1e-10.
template <class F>
double polished(double a, double x, F above_wanted) {
  for (int i = 0; i < 20; ++i) {
    const double step = above_wanted(x) / boost::math::gamma_p_derivative(a, x, kBoostPolicy);
    if (!std::isfinite(step) || !(std::abs(step) < x / 2)) break;
    x -= step;
    if (std::abs(step) < 4e-16 * x) break;
  }
  return x;
}

// The quantile of the gamma distribution of shape a >= 1e9 at z standard deviations of a normal, to 1e-16 (Cornish,
// Fisher 1938): Boost's own function of so many events is off by up to a percent.
double large_gamma_at(double a, double z) {
  const double root = std::sqrt(a);
  return a + (z * root + (z * z - 1) / 3 + (z * z * z - 7 * z) / (36 * root));
}
constexpr double kLarge = 1e9;

}  // namespace

Interval garwood(std::uint64_t count, double alpha) {
  const double k = real(count), half = alpha / 2;
  if (k >= kLarge) {
    const double z = std::numbers::sqrt2 * boost::math::erfc_inv(alpha, kBoostPolicy);
    return {large_gamma_at(k, -z), large_gamma_at(k + 1, z)};
  }
  const auto low = [&](double x) { return boost::math::gamma_p(k, x, kBoostPolicy) - half; };
  const auto high = [&](double x) { return half - boost::math::gamma_q(k + 1, x, kBoostPolicy); };
  return {count == 0 ? 0.0 : polished(k, boost::math::gamma_p_inv(k, half, kBoostPolicy), low),
          polished(k + 1, boost::math::gamma_q_inv(k + 1, half, kBoostPolicy), high)};
}

Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, double alpha) {
  const double k = real(successes);
  const double n = real(trials);
  return {successes == 0 ? 0.0 : boost::math::ibeta_inv(k, n - k + 1, alpha / 2, kBoostPolicy),
          successes == trials ? 1.0 : boost::math::ibetac_inv(k + 1, n - k, alpha / 2, kBoostPolicy)};
}

Interval wilson(std::uint64_t successes, std::uint64_t trials, double alpha) {
  const double n = real(trials), p = real(successes) / n;
  const double z = std::numbers::sqrt2 * boost::math::erfc_inv(alpha, kBoostPolicy), z2 = z * z / n;
  const double middle = (p + z2 / 2) / (1 + z2);
  const double half = std::sqrt(p * (1 - p) * z2 + z2 * z2 / 4) / (1 + z2);
  return {successes == 0 ? 0.0 : middle - half, successes == trials ? 1.0 : middle + half};
}

Interval rate_ratio(std::uint64_t a, double exposure_a, std::uint64_t b, double exposure_b, double alpha) {
  const Interval share = clopper_pearson(a, a + b, alpha);
  const auto ratio = [&](double p) {
    return p >= 1 ? std::numeric_limits<double>::infinity() : p / (1 - p) * (exposure_b / exposure_a);
  };
  return {ratio(share.low), ratio(share.high)};
}

double rate_ratio_p_value(std::uint64_t a, double exposure_a, std::uint64_t b, double exposure_b) {
  const double share = exposure_a / (exposure_a + exposure_b);
  const double k = real(a);
  const double n = real(a) + real(b);
  const double at_most = b == 0 ? 1.0 : boost::math::ibetac(k + 1, n - k, share, kBoostPolicy);  // P(X <= a)
  const double at_least = a == 0 ? 1.0 : boost::math::ibeta(k, n - k + 1, share, kBoostPolicy);  // P(X >= a)
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

double chi_squared_p_value(double value, double degrees) { return chi_squared_tail(value, degrees).p; }

double chi_squared_at(double p_value, double degrees) {
  if (degrees <= 0) return std::numeric_limits<double>::infinity();
  return 2 * boost::math::gamma_q_inv(degrees / 2, p_value, kBoostPolicy);
}

}  // namespace vigil::monitors
