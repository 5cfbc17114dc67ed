#include "monitors/trend.h"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <vector>

#include "monitors/boost_policy.h"
#include "monitors/intervals.h"

namespace vigil::monitors {
namespace {

constexpr std::size_t kExactPoints = 33;  // scipy's choice

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}
double median_of(std::span<const double> values) {
  return median_of(std::vector<double>(values.begin(), values.end()));
}

// Sums over groups of k > 1 equal values.
struct Ties {
  double pairs = 0;    // k (k - 1) / 2
  double triples = 0;  // k (k - 1) (k - 2)
  double spread = 0;   // k (k - 1) (2 k + 5)
};

Ties ties_of(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  Ties ties;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t end = i;
    while (end < sorted.size() && sorted[end] == sorted[i]) ++end;
    const auto k = static_cast<double>(end - i);
    ties.pairs += k * (k - 1) / 2;
    ties.triples += k * (k - 1) * (k - 2);
    ties.spread += k * (k - 1) * (2 * k + 5);
    i = end;
  }
  return ties;
}

// Probability, of the orders of n different values, that at most `inversions` pairs are out of order or as many in
// order (Kendall, Rank Correlation Methods, p. 68). The distribution of n - 1 values is shared out over n places.
double exact_p_value(std::size_t n, std::uint64_t inversions) {
  const std::uint64_t pairs = n * (n - 1) / 2, fewer = std::min(inversions, pairs - inversions);
  if (2 * fewer == pairs) return 1;
  std::vector<double> share(fewer + 1, 0);
  share[0] = 1;
  for (std::size_t j = 2; j <= n; ++j) {
    std::partial_sum(share.begin(), share.end(), share.begin());
    for (std::size_t i = fewer + 1; i-- > j;) share[i] -= share[i - j];
    for (double& value : share) value /= static_cast<double>(j);
  }
  return std::min(2 * std::accumulate(share.begin(), share.end(), 0.0), 1.0);
}

double two_sided(double z) { return std::erfc(std::abs(z) / std::numbers::sqrt2); }

int sign(double x) { return (x > 0) - (x < 0); }

}  // namespace

TheilSenLine theil_sen(std::span<const double> times, std::span<const double> values, double confidence) {
  const std::size_t n = times.size();
  std::vector<double> slopes;
  slopes.reserve(n * (n - 1) / 2);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (times[i] > times[j]) slopes.push_back((values[i] - values[j]) / (times[i] - times[j]));
      if (times[i] < times[j]) slopes.push_back((values[j] - values[i]) / (times[j] - times[i]));
    }
  }
  TheilSenLine line;
  line.slope = median_of(slopes);
  line.median_time = median_of(times);
  line.median_value = median_of(values);
  line.intercept = line.median_value - line.slope * line.median_time;

  const auto points = static_cast<double>(n), all = static_cast<double>(slopes.size());
  const double variance =
      (points * (points - 1) * (2 * points + 5) - ties_of(times).spread - ties_of(values).spread) / 18;
  if (!(variance >= 0)) return line;
  const double z = std::numbers::sqrt2 * boost::math::erfc_inv(1 - confidence, kBoostPolicy);
  const double reach = z * std::sqrt(variance);
  const auto at = [&](double rank) {  // nearbyint rounds halves to even, as numpy
    const double last = all - 1;
    const auto k = slopes.begin() + static_cast<std::ptrdiff_t>(std::clamp(std::nearbyint(rank), 0.0, last));
    std::nth_element(slopes.begin(), k, slopes.end());
    return *k;
  };
  line.slope_low = at(std::nearbyint((all - reach) / 2) - 1);
  line.slope_high = at((all + reach) / 2);
  return line;
}

std::optional<KendallTau> kendall_tau(std::span<const double> times, std::span<const double> values) {
  const std::size_t n = times.size();
  std::int64_t in_order = 0, out_of_order = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int order = sign(times[i] - times[j]) * sign(values[i] - values[j]);
      in_order += order > 0;
      out_of_order += order < 0;
    }
  }
  const auto size = static_cast<double>(n), pairs = size * (size - 1) / 2;
  const Ties x = ties_of(times), y = ties_of(values);
  if (x.pairs == pairs || y.pairs == pairs) return {};
  const auto difference = static_cast<double>(in_order - out_of_order);
  KendallTau out;
  out.tau = std::clamp(difference / std::sqrt(pairs - x.pairs) / std::sqrt(pairs - y.pairs), -1.0, 1.0);
  const bool has_ties = x.pairs > 0 || y.pairs > 0;
  if (!has_ties && (n <= kExactPoints || std::min(in_order, out_of_order) <= 1)) {
    out.p_value = exact_p_value(n, static_cast<std::uint64_t>(out_of_order));
    return out;
  }
  const double m = size * (size - 1);
  const double variance = (m * (2 * size + 5) - x.spread - y.spread) / 18 + 2 * x.pairs * y.pairs / m +
                          x.triples * y.triples / (9 * m * (size - 2));
  out.p_value = two_sided(difference / std::sqrt(variance));
  return out;
}

}  // namespace vigil::monitors
