#include "monitors/attribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "monitors/subject.h"
#include "monitors/together.h"

namespace vigil::monitors {
namespace {

using Index = Eigen::Index;

constexpr double kOfLargest = 0.5;

// The first k in the order of `key` ascending, k the largest for which the k-th `fits(key, k)`.
template <class Fits>
std::vector<std::size_t> step_up(std::span<const double> keys, Fits fits) {
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  std::size_t accepted = 0;
  for (std::size_t k = 1; k <= order.size(); ++k) {
    if (fits(keys[order[k - 1]], static_cast<double>(k))) accepted = k;
  }
  order.resize(accepted);
  std::sort(order.begin(), order.end());
  return order;
}

Eigen::MatrixXd correlation(const SampleMoments& sample) {
  const Eigen::VectorXd scale =
      sample.covariance.diagonal().unaryExpr([](double v) { return v > 0 ? 1 / std::sqrt(v) : 0.0; });
  return scale.asDiagonal() * sample.covariance * scale.asDiagonal();
}

}  // namespace

std::vector<std::size_t> accepted_p_values(std::span<const double> p_values, double q) {
  const auto m = static_cast<double>(p_values.size());
  double harmonic = 0;
  for (double i = 1; i <= m; ++i) harmonic += 1 / i;
  return step_up(p_values, [&](double p, double k) { return p <= k * q / (m * harmonic); });
}

std::vector<std::size_t> accepted_e_values(std::span<const double> log_e_values, double q) {
  const auto m = static_cast<double>(log_e_values.size());
  std::vector<double> keys(log_e_values.begin(), log_e_values.end());
  for (double& key : keys) key = -key;
  return step_up(keys, [&](double key, double k) { return -key >= std::log(m / (q * k)); });
}

void sort_moved(std::vector<MovedInput>& moved) {
  std::stable_sort(moved.begin(), moved.end(), [](const MovedInput& a, const MovedInput& b) {
    return a.effect != b.effect ? a.effect > b.effect : a.monitor < b.monitor;
  });
}

std::vector<MovedInput> moved_correlations(const Summary& window, const Summary& reference, const ModelInfo& model) {
  const Together both = together(window, reference, {&model, Target::multivariate, 0});
  if (!both.reason.empty() || both.reference->columns.size() < 2) return {};
  const Eigen::MatrixXd change = correlation(both.window) - both.reference->correlation;
  const Index n = change.rows();
  std::vector<MovedInput> moved;
  double largest = 0;
  for (Index i = 0; i < n; ++i) {
    const double others = change.row(i).squaredNorm() - change(i, i) * change(i, i);
    const double effect = std::sqrt(std::max(others, 0.0) / static_cast<double>(n - 1));
    largest = std::max(largest, effect);
    const auto column = static_cast<std::size_t>(both.reference->columns[static_cast<std::size_t>(i)]);
    moved.push_back({monitor_name({&model, Target::input, column}), effect, {}, {}});
  }
  std::erase_if(moved, [&](const MovedInput& m) { return !(m.effect > kOfLargest * largest); });
  sort_moved(moved);
  return moved;
}

}  // namespace vigil::monitors
