#include "monitors/sample_statistics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

namespace vigil::monitors {
namespace {

// n numbers of a 64-bit congruential generator, modulo `modulus`, times `step`, plus `shift`.
struct Generated {
  std::uint64_t seed;
  std::size_t n;
  std::uint64_t modulus;
  std::int64_t shift;
  std::int64_t step;
  std::vector<std::int64_t> numbers() const {
    std::vector<std::int64_t> out;
    std::uint64_t s = seed;
    for (std::size_t i = 0; i < n; ++i) {
      s = s * 6364136223846793005u + 1442695040888963407u;
      out.push_back(static_cast<std::int64_t>((s >> 33) % modulus) * step + shift);
    }
    return out;
  }
};

struct Golden {
  const char* name;
  Generated reference, sample;
  double ks, ks_p, chi2, chi2_p;
  int dof;
  double js_distance, wasserstein;
};

// scipy 1.10.1: ks_2samp, chi2_contingency of the table of distinct values without correction, jensenshannon(base=2),
// wasserstein_distance.
const Golden kGolden[] = {
    // clang-format off
    {"small unequal", {1, 13, 50, 0, 1}, {2, 29, 50, 5, 1}, 0.3076923076923077, 0.28574521475975195, 29.52254641909814, 0.2878611120807932, 26, 0.8534198880710436, 7.347480106100797},
    {"equal sizes", {3, 200, 1000, 0, 1}, {4, 200, 1000, 60, 1}, 0.13, 0.06801920461119272, 330.66666666666663, 0.5412497720739922, 334, 0.9086054733617648, 74.95500000000001},
    {"common divisor", {5, 120, 40, 0, 1}, {6, 90, 40, 3, 1}, 0.1111111111111111, 0.5185404567311725, 48.82190656565657, 0.18757620408584608, 41, 0.4493881359333703, 1.9472222222222222},
    {"multiple", {7, 1000, 5000, 0, 1}, {8, 250, 5000, 400, 1}, 0.121, 0.00540288249124186, 1096.6666666666667, 0.4209038246392628, 1088, 0.9541638771231281, 378.235},
    {"large exact", {9, 9000, 100000, 0, 1}, {10, 7001, 100000, 1500, 1}, 0.02071510419146471, 0.06690528203525978, 14793.48716378348, 0.4950045910865317, 14792, 0.9618347249194753, 1160.251410052532},
    {"far apart", {11, 300, 100, 0, 1}, {12, 500, 100, 90, 1}, 0.918, 1.1743318767925743e-171, 726.0601443001442, 2.4050144820509985e-66, 181, 0.9524696150970022, 90.52600000000001},
    {"limit kstwo smirnov", {13, 20000, 1000000, 0, 1}, {14, 12000, 1000000, 20000, 1}, 0.02571666666666661, 9.655775730859968e-05, 31479.466666666667, 0.4934283839663234, 31476, 0.9921946557060728, 16773.131433333336},
    {"limit pelz good", {15, 40000, 1000000, 0, 1}, {16, 30000, 1000000, 1000, 1}, 0.00799166666666673, 0.2223951767428064, 67547.27777777778, 0.48161417431279124, 67531, 0.9825618060752721, 2445.1323749999997},
    {"limit few", {17, 20000, 1000000, 0, 1}, {18, 37, 1000000, 100000, 1}, 0.23794324324324323, 0.025075513712698005, 20036.99999999999, 0.15887860993501557, 19838, 0.9999999999999998, 109629.68115135134},
    {"limit few far", {19, 20000, 1000000, 0, 1}, {20, 37, 1000000, 500000, 1}, 0.5770945945945947, 3.274325616281386e-12, 20036.999999999996, 0.19385396195463142, 19865, 0.9999999999999998, 492240.76100675674},
    {"limit matrix", {21, 12000, 1000000, 0, 1}, {22, 400, 1000000, 2000, 1}, 0.04975000000000007, 0.2840659624563737, 12303.899999999998, 0.5543238634808361, 12326, 0.9992030114353967, 15017.325},
    {"negative few values", {23, 400, 4, -2, 3}, {24, 350, 5, -2, 3}, 0.18571428571428572, 4.192597938741543e-06, 82.99117675168266, 4.046120305281436e-17, 4, 0.3184141746070844, 1.5107142857142857},
    // clang-format on
};

const NamedReading& named(const SampleComparison& comparison, const std::string& name) {
  for (const NamedReading& r : comparison.readings) {
    if (r.name == name) return r;
  }
  throw std::runtime_error(name);
}

void expect_close(double value, double expected) {
  EXPECT_NEAR(value, expected, 1e-9 * std::max(1e-3, std::abs(expected)));
}
void expect_relative(double value, double expected) { EXPECT_NEAR(value, expected, 1e-9 * std::abs(expected)); }

TEST(SampleStatistics, AgreeWithScipy) {
  for (const Golden& g : kGolden) {
    SCOPED_TRACE(g.name);
    const auto readings = compare_samples(g.reference.numbers(), g.sample.numbers());
    ASSERT_EQ(readings.readings.size(), 14u);
    expect_close(*named(readings, "ks").value, g.ks);
    expect_relative(*named(readings, "ks").p_value, g.ks_p);
    expect_relative(*named(readings, "chi2").value, g.chi2);
    expect_relative(*named(readings, "chi2").p_value, g.chi2_p);
    EXPECT_EQ(named(readings, "chi2").extra.value, g.dof);
    expect_close(named(readings, "js").extra.value, g.js_distance);
    expect_close(*named(readings, "js").value, g.js_distance * g.js_distance);
    expect_relative(*named(readings, "wasserstein").value, g.wasserstein);
    EXPECT_TRUE(std::isfinite(*named(readings, "psi").value));
  }
}

TEST(SampleStatistics, RealsAndIntegersOfTheSameValuesAgree) {
  for (const Golden& g : kGolden) {
    const auto a = g.reference.numbers(), b = g.sample.numbers();
    const std::vector<double> x(a.begin(), a.end()), y(b.begin(), b.end());
    const auto integers = compare_samples(a, b), reals = compare_samples(x, y);
    for (std::size_t i = 0; i < integers.readings.size(); ++i)
      EXPECT_EQ(integers.readings[i].value, reals.readings[i].value);
  }
}

TEST(SampleStatistics, EqualSamplesAreNull) {
  const auto a = Generated{1, 1000, 77, -30, 1}.numbers();
  for (const NamedReading& r : compare_samples(a, a).readings) {
    EXPECT_NEAR(*r.value, r.name == "mann_whitney" ? 1000.0 * 1000 / 2 : 0, 1e-12) << r.name;
    EXPECT_EQ(r.p_value.value_or(1), 1) << r.name;
  }
  for (const NamedReading& r : compare_samples(std::vector<std::int64_t>{5}, std::vector<std::int64_t>{5}).readings) {
    EXPECT_EQ(*r.value, r.name == "mann_whitney" ? 0.5 : 0) << r.name;
  }
}

TEST(SampleStatistics, UndefinedCasesSayWhy) {
  const std::vector<std::int64_t> none, some{1, 2, 3};
  for (const NamedReading& r : compare_samples(none, some).readings) {
    EXPECT_FALSE(r.value);
    EXPECT_EQ(r.reason, "the reference is empty");
  }
  for (const NamedReading& r : compare_samples(some, none).readings) EXPECT_EQ(r.reason, "the sample is empty");
  const std::vector<double> reals{1, 2}, nan{1, NAN}, infinite{1, INFINITY};
  EXPECT_EQ(compare_samples(reals, nan).sample.nan, 1u);
  EXPECT_TRUE(named(compare_samples(reals, infinite), "ks").value);
  EXPECT_FALSE(named(compare_samples(reals, infinite), "wasserstein").value);
  for (const NamedReading& r : compare_samples(reals, infinite, 10).readings) EXPECT_FALSE(r.value);
}

TEST(SampleStatistics, BinsReplaceValuesByTheirMiddles) {
  std::vector<double> a, b;
  for (int i = 0; i <= 100; ++i) a.push_back(i);
  for (int i = 0; i <= 100; ++i) b.push_back(i < 50 ? 12 : 97);
  const auto readings = compare_samples(a, b, 10);  // bins of 10, the last one closed
  EXPECT_EQ(named(readings, "chi2").extra.value, 9);
  EXPECT_NEAR(*named(readings, "ks").value, 40.0 / 101, 1e-12);
  const std::vector<double> wide{-1e308, 1e308};
  for (const NamedReading& r : compare_samples(wide, wide, 4).readings)
    EXPECT_EQ(*r.value, r.name == "mann_whitney" ? 2 : 0) << r.name;
  const std::vector<std::int64_t> extremes{INT64_MIN, INT64_MAX};
  for (const NamedReading& r : compare_samples(extremes, extremes, 4).readings) {
    EXPECT_EQ(*r.value, r.name == "mann_whitney" ? 2 : 0) << r.name;
  }
}

// The exact p-value of the largest samples it is computed for, with no common divisor.
TEST(SampleStatistics, LargestExactCaseTakesSeconds) {
  const auto a = Generated{41, 10000, 1u << 30, 0, 1}.numbers(), b = Generated{42, 9999, 1u << 30, 0, 1}.numbers();
  const auto start = std::chrono::steady_clock::now();
  const auto readings = compare_samples(a, b);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_GT(*named(readings, "ks").p_value, 0);
}

}  // namespace
}  // namespace vigil::monitors
