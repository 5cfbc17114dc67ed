#include "monitors/straightness.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "monitors/boost_policy.h"

namespace vigil::monitors {
namespace {

constexpr std::size_t kSide = 3;             // values on each side of a step or bend
constexpr double kNothing = 1e-9;            // of the values: rounding
constexpr double kCut = 3, kOfMad = 1.4826;  // standard deviations; of a normal in median sizes

double median_size(const std::vector<double>& values) {
  std::vector<double> sizes;
  for (const double value : values) sizes.push_back(std::abs(value));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  return *middle;
}

void subtract_mean(std::vector<double>& values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
}

// Upper tail of F with 1 and `degrees` degrees of freedom.
double f_tail(double f, double degrees) {
  return boost::math::ibeta(degrees / 2, 0.5, degrees / (degrees + f), kBoostPolicy);
}

}  // namespace

double line_p_value(std::span<const double> times, std::span<const double> values, double slope) {
  const std::size_t n = times.size();
  if (n < 2 * kSide + 1) return 1;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return times[a] < times[b]; });
  std::vector<double> t(n), left(n);
  double largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    t[i] = times[order[i]];
    left[i] = values[order[i]];
    largest = std::max(largest, std::abs(left[i]));
  }
  subtract_mean(t);
  for (std::size_t i = 0; i < n; ++i) left[i] -= slope * t[i];
  std::vector<double> sorted = left;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(n / 2), sorted.end());
  const double middle = sorted[n / 2];
  for (double& value : left) value -= middle;
  const double cut = kCut * kOfMad * median_size(left);
  for (double& value : left) {
    if (cut > 0) value = std::clamp(value, -cut, cut);
  }
  subtract_mean(left);
  const double spread = std::inner_product(t.begin(), t.end(), t.begin(), 0.0);
  const double tilt = std::inner_product(t.begin(), t.end(), left.begin(), 0.0) / spread;
  double rest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    left[i] -= tilt * t[i];
    rest += left[i] * left[i];
  }
  const auto points = static_cast<double>(n);
  const double nothing = kNothing * largest;
  if (!(rest > points * nothing * nothing)) return 1;

  // What a column g that is 0 before k adds to the line: (g left)^2 over the square of g beside 1 and t, from sums of
  // the values behind k.
  double smallest = 1, tried = 0;
  const auto take = [&](double product, double square, double sum, double with_t) {
    const double beside = square - sum * sum / points - with_t * with_t / spread;
    if (!(beside > 1e-9 * square)) return;
    ++tried;
    const double gain = std::min(product * product / beside, rest);
    const double degrees = points - 3;
    smallest = std::min(smallest, f_tail(gain / std::max((rest - gain) / degrees, 1e-300), degrees));
  };
  double m = 0, sum_t = 0, sum_tt = 0, sum_left = 0, sum_t_left = 0;
  for (std::size_t k = n - 1; k >= kSide; --k) {
    m += 1;
    sum_t += t[k];
    sum_tt += t[k] * t[k];
    sum_left += left[k];
    sum_t_left += t[k] * left[k];
    if (k > n - kSide || t[k - 1] == t[k]) continue;
    take(sum_left, m, m, sum_t);
    const double at = t[k - 1];  // the bend: t - at from k on
    take(sum_t_left - at * sum_left, sum_tt - 2 * at * sum_t + m * at * at, sum_t - m * at, sum_tt - at * sum_t);
  }
  return std::min(smallest * tried, 1.0);
}

}  // namespace vigil::monitors
