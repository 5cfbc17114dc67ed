// Means, covariances and the fourth moment of words, from exact sums; and the shrinkage of a covariance. Used by the
// statistics of all columns together. Pure.
// Tests: tests/monitors/sample_moments_test.cpp.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "core/summary.h"

namespace vigil::monitors {

// Of events with p words each; in words (LSB), over the events (n-normalised).
struct SampleMoments {
  double n = 0;
  Eigen::VectorXd mean;        // [p]
  Eigen::MatrixXd covariance;  // [p, p]
  Eigen::VectorXd third;       // [p]: mean of |x - mean|^2 (x - mean)
  double fourth = 0;           // mean of |x - mean|^4
};

// Words of up to `bits` bits of magnitude. n > 0. Cancellation is done in integers about the integer nearest the mean,
// so the result is good to some 1e-15 of the squared spread, wherever the words lie.
SampleMoments sample_moments(const CrossMoments& sums, int bits);

// Whether sums over n events of words of so many bits, of p columns, are exact: of products, and of fourth powers.
bool fit_products(int bits, std::uint64_t n);
bool fit_fourth_powers(int bits, std::uint64_t n, std::size_t columns);

// Of samples mixed with `weights` (sum 1); `n` is that of equal weights, 1 / sum (w^2 / n).
SampleMoments mixture(const std::vector<SampleMoments>& samples, const std::vector<double>& weights);

// Only these columns; what the fourth moment needs of the others is gone, so they have to be constant.
SampleMoments only(const SampleMoments& sample, const std::vector<Eigen::Index>& columns);

// Ledoit, Wolf 2004 (as scikit-learn's LedoitWolf): the part, 0 to 1, of the mean variance on the diagonal that has the
// least expected squared error. p >= 1.
double ledoit_wolf(const SampleMoments& sample);
// (1 - shrinkage) covariance + shrinkage * mean variance * identity.
Eigen::MatrixXd shrunk(const Eigen::MatrixXd& covariance, double shrinkage);

}  // namespace vigil::monitors
