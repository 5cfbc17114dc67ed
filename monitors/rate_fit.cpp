#include "monitors/rate_fit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "monitors/subject.h"

namespace vigil::monitors {
namespace {

constexpr std::size_t kLeastPoints = 4;
constexpr int kSteps = 50;
constexpr double kClose = 1e-12;
constexpr double kHundredth = 0.01;

// a0 + a1 x + a2 x^2 of x = (mu - center) / half, in powers of mu: the matrix that turns the coefficients.
Eigen::Matrix3d in_powers_of_mu(double center, double half) {
  const double c = center / half, s = 1 / half;
  Eigen::Matrix3d m;
  m << 1, -c, c * c,     //
      0, s, -2 * c * s,  //
      0, 0, s * s;
  return m;
}

}  // namespace

std::optional<RatePoint> rate_point(const Summary& lumisection, const ModelInfo& model, std::size_t seed) {
  if (lumisection.is_blank() || lumisection.crossings == 0) return {};
  RatePoint point;
  point.crossings = lumisection.crossings;
  point.pileup = kHundredth * static_cast<double>(lumisection.crossings_pileup) / static_cast<double>(point.crossings);
  if (!lumisection.is_divided()) {
    // Passes are not known apart: all crossings have to be of known pile-up.
    if (lumisection.crossings != lumisection.n_bx_own) return {};
    point.passes = lumisection.seeds[seed].emulator;
    return point;
  }
  for (const Stratum& stratum : lumisection.strata) {
    if (stratum.pileup) point.passes += stratum_passes(stratum, model, seed);
  }
  return point;
}

std::optional<RateFit> fit_rate(const std::vector<RatePoint>& points, double span) {
  if (points.size() < kLeastPoints) return {};
  const auto [low, high] = std::minmax_element(points.begin(), points.end(),
                                               [](const auto& a, const auto& b) { return a.pileup < b.pileup; });
  if (!(high->pileup - low->pileup > span)) return {};
  RateFit fit;
  fit.low = low->pileup;
  fit.high = high->pileup;
  const double center = (fit.low + fit.high) / 2, half = (fit.high - fit.low) / 2;
  double passes = 0, crossings = 0;
  for (const RatePoint& p : points) {
    passes += static_cast<double>(p.passes);
    crossings += static_cast<double>(p.crossings);
  }
  if (passes == 0) return {};
  const double mean = passes / crossings;
  const double least = mean / 1000;  // a mean that is not above 0 has no likelihood
  Eigen::Vector3d a(mean, 0, 0);
  Eigen::Matrix3d information = Eigen::Matrix3d::Zero();
  for (int step = 0; step < kSteps; ++step) {
    information.setZero();
    Eigen::Vector3d right = Eigen::Vector3d::Zero();
    for (const RatePoint& p : points) {
      const double x = (p.pileup - center) / half, n = static_cast<double>(p.crossings);
      const Eigen::Vector3d row(1, x, x * x);
      const double weight = n / std::max(row.dot(a), least);
      information += weight * row * row.transpose();
      right += weight * (static_cast<double>(p.passes) / n) * row;
    }
    const Eigen::LDLT<Eigen::Matrix3d> solver(information);
    const Eigen::Vector3d pivots = solver.vectorD();
    if (!(pivots.minCoeff() > 1e-10 * pivots.maxCoeff())) return {};
    const Eigen::Vector3d next = solver.solve(right);
    const double moved = (next - a).cwiseAbs().maxCoeff();
    a = next;
    if (moved < kClose * mean) break;
  }
  double chi_squared = 0;
  for (const RatePoint& p : points) {
    const double x = (p.pileup - center) / half;
    const double expected = std::max(a[0] + a[1] * x + a[2] * x * x, least) * static_cast<double>(p.crossings);
    const double off = static_cast<double>(p.passes) - expected;
    chi_squared += off * off / expected;
  }
  const double degrees = static_cast<double>(points.size()) - 3;
  const double scatter = std::max(1.0, chi_squared / degrees);
  const Eigen::Matrix3d turn = in_powers_of_mu(center, half);
  const Eigen::Vector3d coefficients = turn * a;
  const Eigen::Matrix3d covariance = turn * (scatter * information.inverse()) * turn.transpose();
  for (int i = 0; i < 3; ++i) {
    fit.coefficients[static_cast<std::size_t>(i)] = coefficients[i];
    for (int j = 0; j < 3; ++j) {
      fit.covariance[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] =
          (covariance(i, j) + covariance(j, i)) / 2;
    }
  }
  return fit;
}

ExpectedPasses expected_passes(const RateFit& fit, const Summary& summary) {
  const std::array<double, 3> sums{static_cast<double>(summary.crossings),
                                   kHundredth * static_cast<double>(summary.crossings_pileup),
                                   kHundredth * kHundredth * static_cast<double>(summary.crossings_pileup_squared)};
  ExpectedPasses expected;
  for (std::size_t i = 0; i < 3; ++i) {
    expected.passes += fit.coefficients[i] * sums[i];
    for (std::size_t j = 0; j < 3; ++j) expected.variance += sums[i] * fit.covariance[i][j] * sums[j];
  }
  return expected;
}

}  // namespace vigil::monitors
