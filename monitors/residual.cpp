#include "monitors/residual.h"

namespace vigil::monitors {
namespace {
constexpr double kLeastResidual = 1e-9;  // of a column's variance: below is rounding
}

std::optional<double> residual_ratio(const SampleMoments& reference, const Spectrum& spectrum,
                                     const SampleMoments& sample) {
  const Eigen::VectorXd scale = reference.covariance.diagonal().cwiseSqrt().cwiseInverse();
  const Eigen::Index outside = outside_components(spectrum.values);
  const double expected = spectrum.values.head(outside).sum();
  if (outside == 0 || !(expected > kLeastResidual * static_cast<double>(spectrum.values.size()))) return {};
  const auto directions = spectrum.vectors.leftCols(outside);
  const Eigen::VectorXd shift = scale.cwiseProduct(sample.mean - reference.mean);
  const Eigen::MatrixXd spread = scale.asDiagonal() * sample.covariance * scale.asDiagonal();
  const double residual =
      (spread * directions).cwiseProduct(directions).sum() + (directions.transpose() * shift).squaredNorm();
  return residual / expected;
}

}  // namespace vigil::monitors
