#include "monitors/sample_moments.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace vigil::monitors {
namespace {

int width_of(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }

using Unsigned = unsigned __int128;
using Index = Eigen::Index;

constexpr int kSumBits = 126;  // of a signed sum

Unsigned raw(Wide value) { return static_cast<Unsigned>(value); }
double real(Unsigned value) { return static_cast<double>(static_cast<Wide>(value)); }

// Of a normal distribution of this covariance, where the sums of fourth powers are not exact.
double normal_fourth(const Eigen::MatrixXd& covariance) {
  return covariance.trace() * covariance.trace() + 2 * covariance.squaredNorm();
}

}  // namespace

bool fit_products(int bits, std::uint64_t n) { return 2 * (bits + 1) + width_of(n) <= kSumBits; }

bool fit_fourth_powers(int bits, std::uint64_t n, std::size_t columns) {
  return 2 * (2 * (bits + 1) + width_of(columns)) + width_of(n) <= kSumBits;
}

// About c, the integers nearest the means, everything modulo 2^128: only the centred sums, which fit, have to.
SampleMoments sample_moments(const CrossMoments& sums, int bits) {
  const std::size_t p = sums.columns();
  const auto size = static_cast<Index>(p);
  SampleMoments out;
  out.n = static_cast<double>(sums.n);
  const auto n = static_cast<Wide>(sums.n);
  std::vector<Unsigned> centre(p), centred(p);  // c, sum of (x - c)
  Eigen::VectorXd rest(size);                   // mean - c
  out.mean.resize(size);
  for (std::size_t i = 0; i < p; ++i) {
    Wide c = sums.sums[i] / n;
    const Wide left = sums.sums[i] - n * c;
    if (2 * left >= n) ++c;
    if (2 * left < -n) --c;
    centre[i] = raw(c);
    centred[i] = raw(sums.sums[i]) - raw(n) * centre[i];
    const auto at = static_cast<Index>(i);
    rest[at] = real(centred[i]) / out.n;
    out.mean[at] = static_cast<double>(c) + rest[at];
  }
  const auto product = [&](std::size_t i, std::size_t j) {
    const std::size_t low = std::min(i, j), high = std::max(i, j);
    return raw(sums.products[low * p - low * (low + 1) / 2 + high]);
  };
  Eigen::MatrixXd about(size, size);  // mean of (x - c)(x - c)'
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = i; j < p; ++j) {
      const Unsigned sum = product(i, j) - centre[i] * raw(sums.sums[j]) - centre[j] * centred[i];
      const auto a = static_cast<Index>(i), b = static_cast<Index>(j);
      about(a, b) = about(b, a) = real(sum) / out.n;
    }
  }
  out.covariance = about - rest * rest.transpose();
  out.third = Eigen::VectorXd::Zero(size);
  if (!fit_fourth_powers(bits, sums.n, p)) {
    out.fourth = normal_fourth(out.covariance);
    return out;
  }
  // |x - c|^2 = q - 2 c x + C.
  Unsigned squares = 0, big = 0, along = 0, quadratic = 0, norms_along = 0;  // sum q, C, c sum x, c P c, c sum q x
  std::vector<Unsigned> row(p);                                              // P c
  for (std::size_t i = 0; i < p; ++i) {
    squares += product(i, i);
    big += centre[i] * centre[i];
    along += centre[i] * raw(sums.sums[i]);
    norms_along += centre[i] * raw(sums.norm_products[i]);
    for (std::size_t j = 0; j < p; ++j) row[i] += product(i, j) * centre[j];
    quadratic += centre[i] * row[i];
  }
  const Unsigned fourth =
      sums.norm_squares + 4 * quadratic + raw(n) * big * big - 4 * norms_along + 2 * big * squares - 4 * big * along;
  Eigen::VectorXd third(size);  // mean of |x - c|^2 (x - c)
  for (std::size_t i = 0; i < p; ++i) {
    const Unsigned sum = raw(sums.norm_products[i]) - centre[i] * squares - 2 * row[i] + 2 * centre[i] * along +
                         big * raw(sums.sums[i]) - raw(n) * big * centre[i];
    third[static_cast<Index>(i)] = real(sum) / out.n;
  }
  // From c to the mean, y = x - c, r = mean - c.
  const double r2 = rest.squaredNorm(), y2 = about.trace();
  out.fourth = real(fourth) / out.n + 4 * rest.dot(about * rest) - 4 * rest.dot(third) + 2 * r2 * y2 - 3 * r2 * r2;
  out.third = third - y2 * rest - 2 * (about * rest) + 2 * r2 * rest;
  return out;
}

SampleMoments mixture(const std::vector<SampleMoments>& samples, const std::vector<double>& weights) {
  if (samples.size() == 1) return samples.front();
  SampleMoments out;
  out.mean = Eigen::VectorXd::Zero(samples.front().mean.size());
  double variance = 0;
  for (std::size_t s = 0; s < samples.size(); ++s) {
    out.mean += weights[s] * samples[s].mean;
    variance += weights[s] * weights[s] / samples[s].n;
  }
  out.n = 1 / variance;
  const Index p = out.mean.size();
  out.covariance = Eigen::MatrixXd::Zero(p, p);
  out.third = Eigen::VectorXd::Zero(p);
  for (std::size_t s = 0; s < samples.size(); ++s) {
    const SampleMoments& m = samples[s];
    const Eigen::VectorXd a = m.mean - out.mean;
    const Eigen::VectorXd along = m.covariance * a;
    const double a2 = a.squaredNorm(), spread = m.covariance.trace();
    out.covariance += weights[s] * (m.covariance + a * a.transpose());
    out.third += weights[s] * (m.third + 2 * along + (spread + a2) * a);
    out.fourth += weights[s] * (m.fourth + 4 * a.dot(along) + a2 * a2 + 4 * a.dot(m.third) + 2 * a2 * spread);
  }
  return out;
}

SampleMoments only(const SampleMoments& sample, const std::vector<Index>& columns) {
  SampleMoments out = sample;
  const auto p = static_cast<Index>(columns.size());
  out.mean.resize(p);
  out.third.resize(p);
  out.covariance.resize(p, p);
  for (Index i = 0; i < p; ++i) {
    const Index from = columns[static_cast<std::size_t>(i)];
    out.mean[i] = sample.mean[from];
    out.third[i] = sample.third[from];
    for (Index j = 0; j < p; ++j) out.covariance(i, j) = sample.covariance(from, columns[static_cast<std::size_t>(j)]);
  }
  return out;
}

double ledoit_wolf(const SampleMoments& sample) {
  const auto p = static_cast<double>(sample.mean.size());
  const double norm = sample.covariance.squaredNorm(), mean = sample.covariance.trace() / p;
  const double distance = norm / p - mean * mean;
  const double error = std::min((sample.fourth - norm) / (sample.n * p), distance);
  return error <= 0 || distance <= 0 ? 0 : error / distance;
}

Eigen::MatrixXd shrunk(const Eigen::MatrixXd& covariance, double shrinkage) {
  Eigen::MatrixXd out = (1 - shrinkage) * covariance;
  out.diagonal().array() += shrinkage * covariance.trace() / static_cast<double>(covariance.rows());
  return out;
}

}  // namespace vigil::monitors
