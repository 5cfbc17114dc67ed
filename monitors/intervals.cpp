#include "monitors/intervals.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <limits>

namespace vigil::monitors {
namespace {

// No exceptions on odd arguments, and double throughout: long double differs between machines.
using Policy =
    boost::math::policies::policy<boost::math::policies::promote_double<false>,
                                  boost::math::policies::domain_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::pole_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::denorm_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::max_root_iterations<400>>;
constexpr Policy kPolicy{};

double real(std::uint64_t n) { return static_cast<double>(n); }

}  // namespace

Interval garwood(std::uint64_t count, double alpha) {
  const double k = real(count);
  return {count == 0 ? 0.0 : boost::math::gamma_p_inv(k, alpha / 2, kPolicy),
          boost::math::gamma_q_inv(k + 1, alpha / 2, kPolicy)};
}

Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, double alpha) {
  const double k = real(successes);
  const double n = real(trials);
  return {successes == 0 ? 0.0 : boost::math::ibeta_inv(k, n - k + 1, alpha / 2, kPolicy),
          successes == trials ? 1.0 : boost::math::ibetac_inv(k + 1, n - k, alpha / 2, kPolicy)};
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
  const double at_most = b == 0 ? 1.0 : boost::math::ibetac(k + 1, n - k, share, kPolicy);  // P(X <= a)
  const double at_least = a == 0 ? 1.0 : boost::math::ibeta(k, n - k + 1, share, kPolicy);  // P(X >= a)
  return std::min(1.0, 2 * std::min(at_most, at_least));
}

double chi_squared_p_value(double value, double degrees) {
  if (degrees <= 0) return 1;
  return boost::math::gamma_q(degrees / 2, std::max(value, 0.0) / 2, kPolicy);
}

double chi_squared_at(double p_value, double degrees) {
  if (degrees <= 0) return std::numeric_limits<double>::infinity();
  return 2 * boost::math::gamma_q_inv(degrees / 2, p_value, kPolicy);
}

}  // namespace vigil::monitors
