// Moments from exact sums against plain loops over the events; shrinkage against scikit-learn's.
#include "monitors/sample_moments.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "monitors/product_sums.h"
#include "vectors.h"

namespace vigil::monitors {
namespace {

namespace fs = std::filesystem;
using Matrix = std::vector<std::vector<double>>;

// [rows][columns] of a two-dimensional little-endian float64 array in C order.
Matrix plain_npy(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  char head[10];
  file.read(head, 10);
  std::uint16_t length;
  std::memcpy(&length, head + 8, 2);
  std::string header(length, ' ');
  file.read(header.data(), length);
  EXPECT_NE(header.find("'<f8'"), std::string::npos);
  EXPECT_NE(header.find("'fortran_order': False"), std::string::npos);
  std::size_t rows = 0, columns = 0;
  const auto at = header.find("'shape': (");
  EXPECT_EQ(std::sscanf(header.c_str() + at, "'shape': (%zu, %zu", &rows, &columns), 2);
  Matrix out(rows, std::vector<double>(columns));
  for (auto& row : out) file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(8 * columns));
  EXPECT_TRUE(file.good());
  return out;
}

SampleMoments plain_moments(const Matrix& x) {
  const std::size_t p = x[0].size();
  const auto size = static_cast<Eigen::Index>(p);
  SampleMoments m;
  m.n = static_cast<double>(x.size());
  std::vector<long double> mean(p);
  for (const auto& row : x) {
    for (std::size_t i = 0; i < p; ++i) mean[i] += row[i] / static_cast<long double>(x.size());
  }
  std::vector<long double> covariance(p * p), third(p);
  long double fourth = 0;
  for (const auto& row : x) {
    long double norm = 0;
    for (std::size_t i = 0; i < p; ++i) norm += (row[i] - mean[i]) * (row[i] - mean[i]);
    fourth += norm * norm;
    for (std::size_t i = 0; i < p; ++i) {
      third[i] += norm * (row[i] - mean[i]);
      for (std::size_t j = 0; j < p; ++j) covariance[i * p + j] += (row[i] - mean[i]) * (row[j] - mean[j]);
    }
  }
  m.mean.resize(size);
  m.third.resize(size);
  m.covariance.resize(size, size);
  for (std::size_t i = 0; i < p; ++i) {
    m.mean[static_cast<Eigen::Index>(i)] = static_cast<double>(mean[i]);
    m.third[static_cast<Eigen::Index>(i)] = static_cast<double>(third[i] / m.n);
    for (std::size_t j = 0; j < p; ++j) {
      m.covariance(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          static_cast<double>(covariance[i * p + j] / m.n);
    }
  }
  m.fourth = static_cast<double>(fourth / m.n);
  return m;
}

void expect_close(const SampleMoments& a, const SampleMoments& b) {
  EXPECT_EQ(a.n, b.n);
  EXPECT_LT((a.mean - b.mean).norm(), 1e-12 * (1 + b.mean.norm()));
  EXPECT_LT((a.covariance - b.covariance).norm(), 1e-10 * b.covariance.norm());
  EXPECT_LT((a.third - b.third).norm(), 1e-10 * std::pow(b.fourth, 0.75));
  EXPECT_NEAR(a.fourth, b.fourth, 1e-10 * b.fourth);
}

Matrix reals(const fixtures::Rows& rows) {
  Matrix out;
  for (const auto& row : rows) out.emplace_back(row.begin(), row.end());
  return out;
}

CrossMoments sums_of(const fixtures::Rows& rows) {
  CrossMoments sums;
  sums.lay_out(rows[0].size());
  for (const auto& row : rows) add_event(row.data(), sums);
  return sums;
}

TEST(SampleMoments, ShrinkageIsThatOfScikitLearn) {
  const fs::path folder = fs::path(VIGIL_SHARED) / "data" / "drift";
  if (!fs::exists(folder / "covariance.json")) GTEST_SKIP() << "no " << folder;
  std::ifstream file(folder / "covariance.json");
  for (const auto& golden : nlohmann::json::parse(file)) {
    const SampleMoments m = plain_moments(plain_npy(folder / golden.at("X").get<std::string>()));
    const double shrinkage = ledoit_wolf(m);
    EXPECT_NEAR(shrinkage, golden.at("lw_shrinkage").get<double>(), 1e-12);
    const Matrix expected = plain_npy(folder / golden.at("shrunk").get<std::string>());
    const Eigen::MatrixXd made = shrunk(m.covariance, shrinkage);
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      for (std::size_t j = 0; j < expected.size(); ++j) {
        worst = std::max(worst,
                         std::abs(made(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) - expected[i][j]));
      }
    }
    EXPECT_LT(worst, 1e-12);
  }
}

TEST(SampleMoments, OfWordsFarFromZeroAreThoseOfPlainLoops) {
  std::mt19937_64 random(4);
  for (const int offset : {0, 130000, -130000}) {
    fixtures::Rows rows;
    for (int e = 0; e < 700; ++e) {
      auto& row = rows.emplace_back();
      const int common = static_cast<int>(random() % 100);
      for (int i = 0; i < 9; ++i)
        row.push_back(offset + i * 7 + common + static_cast<int>(random() % (20u << i)) * (i % 2));
    }
    expect_close(sample_moments(sums_of(rows), 18), plain_moments(reals(rows)));
  }
}

TEST(SampleMoments, OfTypesTooWideForFourthPowersTakeANormalFourthMoment) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  fixtures::Rows rows;
  for (int e = 0; e < 4000; ++e) {
    rows.push_back({std::llround(1e8 * normal(random)), std::llround(3e8 + 2e8 * normal(random))});
  }
  const SampleMoments exact = plain_moments(reals(rows)), made = sample_moments(sums_of(rows), 32);
  EXPECT_FALSE(fit_fourth_powers(32, 4000, 2));
  EXPECT_TRUE(fit_products(32, 4000));
  EXPECT_LT((made.covariance - exact.covariance).norm(), 1e-10 * exact.covariance.norm());
  EXPECT_NEAR(made.fourth / exact.fourth, 1, 0.1);
  EXPECT_FALSE(fit_products(64, 4000));
}

TEST(SampleMoments, AMixtureInProportionIsTheWhole) {
  std::mt19937_64 random(6);
  fixtures::Rows all;
  std::vector<SampleMoments> parts;
  std::vector<double> weights;
  for (const int n : {300, 50, 650}) {
    fixtures::Rows rows;
    for (int e = 0; e < n; ++e) {
      rows.push_back({static_cast<std::int64_t>(random() % 100) + n, static_cast<std::int64_t>(random() % 1000),
                      static_cast<std::int64_t>(random() % 30) * (n % 7)});
    }
    all.insert(all.end(), rows.begin(), rows.end());
    parts.push_back(sample_moments(sums_of(rows), 12));
    weights.push_back(n / 1000.0);
  }
  expect_close(mixture(parts, weights), plain_moments(reals(all)));
  weights = {0.5, 0.25, 0.25};
  EXPECT_NEAR(mixture(parts, weights).n, 1 / (0.25 / 300 + 0.0625 / 50 + 0.0625 / 650), 1e-9);
}

}  // namespace
}  // namespace vigil::monitors
