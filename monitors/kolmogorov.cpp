#include "monitors/kolmogorov.h"

#include <algorithm>
#include <array>
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "monitors/boost_policy.h"

namespace vigil::monitors {
namespace {

constexpr std::uint64_t kMostExact = 10000;
constexpr double kPi = std::numbers::pi;

// Below it the tails are computed anew in logarithms: denormal numbers have few digits.
constexpr double kLeast = 1e-290;

// log of C(2n, n - h) / C(2n, n), from the product of its h ratios.
double log_first_term(std::int64_t n, std::int64_t h) {
  double term = 1, log_term = 0;
  for (std::int64_t j = 0; j < h; ++j) {
    term *= static_cast<double>(n - j) / static_cast<double>(n + j + 1);
    if (term > 1e-250) continue;
    log_term += std::log(term);
    term = 1;
  }
  return log_term + std::log(term);
}

// Equal sizes: twice the alternating sum of C(2n, n - jh) / C(2n, n), by Horner from the last term (Gnedenko, Korolyuk
// 1951).
Tail outside_square(std::int64_t n, std::int64_t h) {
  double p = 0, inner = 0;
  for (std::int64_t k = n / h; k >= 0; --k) {
    double term = 1;
    for (std::int64_t j = 0; j < h; ++j) {
      term = static_cast<double>(n - k * h - j) * term / static_cast<double>(n + k * h + j + 1);
    }
    inner = p;
    p = term * (1 - p);
  }
  if (p > kLeast) return tail_of(2 * p);
  return tail_of_log(std::numbers::ln2 + log_first_term(n, h) + std::log1p(-inner));
}

// Any sizes. B(x, y) = probability that a path to (x, y), all paths equally likely, has touched |x / m - y / n| >= h /
// lcm. Its last step came from (x - 1, y) with probability x / (x + y), so B(x, y) = x / (x + y) B(x - 1, y) + y / (x +
// y) B(x, y - 1), and B = `unit` outside. Only sums of non-negative terms: the smallest tails keep their relative
// precision.
template <class Real>
Real outside_paths(std::int64_t m, std::int64_t n, std::int64_t g, std::int64_t h, Real unit) {
  if (m < n) std::swap(m, n);
  const std::int64_t mg = m / g;
  const std::int64_t ng = n / g;
  const auto outside = [&](std::int64_t x, std::int64_t y) { return std::abs(x * ng - y * mg) >= h; };
  std::vector<Real> column(static_cast<std::size_t>(n) + 1);
  for (std::int64_t y = 0; y <= n; ++y) column[static_cast<std::size_t>(y)] = outside(0, y) ? unit : Real{0};
  for (std::int64_t x = 1; x <= m; ++x) {
    // Inside: ng x - h < mg y < ng x + h. The band only moves up: above it every cell still holds its first value.
    const std::int64_t low = std::max<std::int64_t>(0, (ng * x - h) < 0 ? 0 : (ng * x - h) / mg + 1);
    const std::int64_t high = std::min(n, (ng * x + h - 1) / mg);
    if (low > high) return unit;
    Real below = low == 0 ? Real{0} : unit;
    for (std::int64_t y = low; y <= high; ++y) {
      Real& b = column[static_cast<std::size_t>(y)];
      const auto xd = static_cast<Real>(x);
      const auto yd = static_cast<Real>(y);
      b = (xd * b + yd * below) / (xd + yd);
      below = b;
    }
  }
  return column[static_cast<std::size_t>(n)];
}

Tail outside_paths_tail(std::int64_t m, std::int64_t n, std::int64_t g, std::int64_t h) {
  // Exact tails are smaller still than those of the limit.
  const auto a = static_cast<double>(m), b = static_cast<double>(n);
  const double d = static_cast<double>(h) / (a / static_cast<double>(g) * b);
  if (d * d * a * b / (a + b) < -std::log(kLeast) / 2 + 10) {
    const double p = outside_paths<double>(m, n, g, h, 1);
    if (p > kLeast) return tail_of(p);
  }
  // The least tail of two samples of 10,000 is 1e-6017: from 2^16000 down there is room for it. log p needs 7 digits,
  // so that a wider type may differ from machine to machine in the others.
  using Wide = long double;
  const Wide unit = std::ldexp(Wide{1}, std::numeric_limits<Wide>::max_exponent - 384);
  return tail_of_log(static_cast<double>(std::log(outside_paths<Wide>(m, n, g, h, unit)) - std::log(unit)));
}

// log of Smirnov's one-sided tail: sum over v of C(n, v) x (x + v/n)^(v-1) (1 - x - v/n)^(n-v), all terms positive.
double log_smirnov(double n, double x) {
  if (n > 1e6) {  // as scipy: Maag, Dicaire 1971
    const double t = 6 * n * x + 1;
    return -t * t / 18 / n;
  }
  using Long = long double;  // the logarithms of the terms reach 1e6
  const auto log_factorial = [](Long k) {
    int sign = 0;
    return lgammal_r(k + 1, &sign);
  };
  const Long nl = n;
  const Long xl = x;
  const Long fixed = log_factorial(nl) + std::log(xl);
  const auto last = static_cast<std::int64_t>(std::floor(n * (1 - x)));
  const auto log_term = [&](std::int64_t v) -> Long {
    const Long vl = static_cast<Long>(v);
    const Long rest = 1 - xl - vl / nl;
    if (rest <= 0 && nl - vl > 0) return -std::numeric_limits<Long>::infinity();
    const Long tail = nl - vl > 0 ? (nl - vl) * std::log(rest) : 0;
    return fixed - log_factorial(vl) - log_factorial(nl - vl) + (vl - 1) * std::log(xl + vl / nl) + tail;
  };
  std::int64_t low = 0, high = last;
  while (high - low > 3) {  // to the largest term: they rise, then fall
    const std::int64_t third = (high - low) / 3;
    if (log_term(low + third) < log_term(high - third)) {
      low += third;
    } else {
      high -= third;
    }
  }
  const std::int64_t top = (low + high) / 2;
  const Long largest = log_term(top);
  // The terms are a smooth function of v that vanishes at both ends, so that a sum of every `step`-th times `step` is
  // as exact as the sum of all while the step is small against the width of the peak.
  std::int64_t step = 1;
  if (last > 1024) {
    const std::int64_t apart = std::max<std::int64_t>(1, std::min({top, last - top, last / 512}));
    const Long curvature =
        (2 * largest - log_term(top - apart) - log_term(top + apart)) / static_cast<Long>(apart * apart);
    const Long width = curvature > 0 ? 1 / std::sqrt(curvature) : 1;
    step = std::clamp<std::int64_t>(static_cast<std::int64_t>(width / 8), 1, last / 256);
  }
  Long sum = 0;
  const auto add = [&](std::int64_t v) {
    const Long term = std::exp(log_term(v) - largest);
    sum += term;
    return term > sum * 1e-18L;
  };
  for (std::int64_t v = top; v <= last && add(v); v += step) continue;
  for (std::int64_t v = top - step; v >= 0 && add(v); v -= step) continue;
  return static_cast<double>(largest + std::log(sum * static_cast<Long>(step)));
}

// Durbin's matrix in the form of Marsaglia, Tsang, Wang 2003: P(D_n < d).
double cdf_matrix(std::int64_t n, double d) {
  const double nd = static_cast<double>(n) * d;
  const auto k = static_cast<std::size_t>(nd) + 1;
  const std::size_t m = 2 * k - 1;
  const double h = static_cast<double>(k) - nd;
  using Matrix = std::vector<double>;
  Matrix one(m * m);
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j) one[i * m + j] = i + 1 >= j ? 1 : 0;
  }
  for (std::size_t i = 0; i < m; ++i) {
    one[i * m] -= std::pow(h, static_cast<double>(i + 1));
    one[(m - 1) * m + i] -= std::pow(h, static_cast<double>(m - i));
  }
  one[(m - 1) * m] += 2 * h - 1 > 0 ? std::pow(2 * h - 1, static_cast<double>(m)) : 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m && j <= i; ++j) {
      for (std::size_t g = 1; g <= i - j + 1; ++g) one[i * m + j] /= static_cast<double>(g);
    }
  }
  const auto multiply = [m](const Matrix& a, const Matrix& b) {
    Matrix c(m * m);
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t l = 0; l < m; ++l) {
        for (std::size_t j = 0; j < m; ++j) c[i * m + j] += a[i * m + l] * b[l * m + j];
      }
    }
    return c;
  };
  Matrix power(m * m);
  for (std::size_t i = 0; i < m; ++i) power[i * m + i] = 1;
  Matrix square = one;
  int exponent = 0, square_exponent = 0;
  const auto tame = [&](Matrix& a, int& e) {
    if (a[(k - 1) * m + (k - 1)] < 0x1p460) return;
    for (double& v : a) v *= 0x1p-460;
    e += 460;
  };
  for (std::int64_t rest = n;;) {
    if ((rest & 1) != 0) {
      power = multiply(power, square);
      exponent += square_exponent;
      tame(power, exponent);
    }
    if ((rest >>= 1) == 0) break;
    square = multiply(square, square);
    square_exponent *= 2;
    tame(square, square_exponent);
  }
  double s = power[(k - 1) * m + (k - 1)];
  for (std::int64_t i = 1; i <= n; ++i) {
    s = s * static_cast<double>(i) / static_cast<double>(n);
    if (s < 0x1p-460) {
      s *= 0x1p460;
      exponent -= 460;
    }
  }
  return std::ldexp(s, exponent);
}

// Pelz, Good 1976 (J. R. Stat. Soc. B 38, 152): P(D_n <= x) = K0(z) + K1(z) / sqrt(n) + K2(z) / n + K3(z) / n^1.5, z =
// x sqrt(n).
double cdf_pelz_good(double n, double x) {
  const double z = std::sqrt(n) * x;
  const double z2 = z * z, z3 = z2 * z, z4 = z2 * z2, z6 = z4 * z2, z8 = z4 * z4;
  const double pi2 = kPi * kPi, pi4 = pi2 * pi2, pi6 = pi4 * pi2;
  const double log_q = -pi2 / 8 / z2;
  if (log_q < -708) return 0;
  const double q = std::exp(log_q);
  const double root = std::sqrt(2 * kPi);
  std::array<double, 4> sums{};
  const int last = static_cast<int>(std::ceil(16 * z / kPi));
  for (int k = last; k > 0; --k) {  // over odd integers m, by Horner in q^(8k)
    const double m2 = (2.0 * k - 1) * (2.0 * k - 1), m4 = m2 * m2, m6 = m4 * m2;
    const double power = std::pow(q, 8.0 * k);
    const std::array<double, 4> terms = {
        1.0, -z2 + pi2 / 4 * m2, 6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * m2 + pi4 * (1 - 2 * z2) / 16 * m4,
        -30 * z6 - 90 * z8 + pi2 * (135 * z4 - 96 * z6) / 4 * m2 + pi4 * (-60 * z2 + 212 * z4) / 16 * m4 +
            pi6 * (5 - 30 * z2) / 64 * m6};
    for (std::size_t i = 0; i < 4; ++i) sums[i] = sums[i] * power + terms[i];
  }
  const std::array<double, 4> scales = {z, 6 * z4, 72 * z6 * z, 6480 * z8 * z2};
  for (std::size_t i = 0; i < 4; ++i) sums[i] = sums[i] * q * root / scales[i];
  double second = 0, third = 0;
  for (int k = last; k > 0; --k) {
    const double k2 = static_cast<double>(k) * k;
    const double power = std::exp(-pi2 / 2 / z2 * k2);
    second += k2 * power;
    third += (3 * z2 - pi2 * k2) * k2 * power;
  }
  sums[2] += second * pi2 * root / (-36 * z3);
  sums[3] += third * pi2 * root / (216 * z6);
  return sums[0] + sums[1] / std::sqrt(n) + sums[2] / n + sums[3] / (n * std::sqrt(n));
}

}  // namespace

Tail ks_one_sample_tail(double n, double d) {
  if (d >= 1) return {0, -std::numeric_limits<double>::infinity()};
  const double t = n * d;
  if (d <= 0 || t <= 0.5) return {};
  if (t <= 1) {  // Ruben, Gambino 1982
    int sign = 0;
    return tail_of_complement(std::exp(lgamma_r(n + 1, &sign) - n * std::log(n) + n * std::log(2 * t - 1)));
  }
  if (t >= n - 1) return tail_of_log(std::numbers::ln2 + n * std::log1p(-d));
  const double nd2 = t * d;
  if (d >= 0.5 || (n <= 140 && nd2 > 4) || (n > 140 && nd2 >= 2.2)) {
    return tail_of_log(std::numbers::ln2 + log_smirnov(n, d));
  }
  if (n <= 140 || (n <= 100000 && n * std::pow(d, 1.5) <= 1.4))
    return tail_of_complement(cdf_matrix(static_cast<std::int64_t>(n), d));
  return tail_of_complement(cdf_pelz_good(n, d));
}

Tail ks_two_sample_tail(std::uint64_t n1, std::uint64_t n2, std::uint64_t numerator) {
  if (numerator == 0) return {};
  const std::uint64_t g = std::gcd(n1, n2);
  if (std::max(n1, n2) <= kMostExact) {
    const auto m = static_cast<std::int64_t>(n1), n = static_cast<std::int64_t>(n2);
    const auto h = static_cast<std::int64_t>(numerator);
    return n1 == n2 ? outside_square(m, h) : outside_paths_tail(m, n, static_cast<std::int64_t>(g), h);
  }
  const double a = static_cast<double>(std::max(n1, n2)), b = static_cast<double>(std::min(n1, n2));
  const double d = static_cast<double>(numerator) / (a / static_cast<double>(g) * b);
  if (d >= 1) {  // exact, as the one-sample distribution has no such tail: the two orders of all
    int sign = 0;
    return {0, std::numbers::ln2 + lgamma_r(a + 1, &sign) + lgamma_r(b + 1, &sign) - lgamma_r(a + b + 1, &sign)};
  }
  return ks_one_sample_tail(std::max(1.0, std::nearbyint(a * b / (a + b))), d);
}

Tail kolmogorov_tail(double x) {
  if (x <= 0) return {};
  if (x < 1) {  // the other form of the theta function converges fast here
    double cdf = 0;
    for (int k = 1; k <= 5; ++k) cdf += std::exp(-(2.0 * k - 1) * (2.0 * k - 1) * kPi * kPi / (8 * x * x));
    return tail_of_complement(cdf * std::sqrt(2 * kPi) / x);
  }
  double p = 0;
  for (int k = 6; k >= 1; --k) p += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return p > kLeast ? tail_of(p) : tail_of_log(std::numbers::ln2 - 2 * x * x);
}

double kolmogorov_p_value(double x) { return kolmogorov_tail(x).p; }

double kolmogorov_at(double p) {
  const double log_p = std::log(p);
  const auto excess = [log_p](double x) { return kolmogorov_tail(x).log_p - log_p; };
  constexpr double kLow = 0.02, kHigh = 40;  // p is 1 there, and e^-3200 is no p-value
  if (!(excess(kLow) > 0)) return 0;
  if (!(excess(kHigh) < 0)) return kHigh;
  std::uintmax_t iterations = 100;
  return boost::math::tools::toms748_solve(excess, kLow, kHigh, boost::math::tools::eps_tolerance<double>(50),
                                           iterations, kBoostPolicy)
      .second;
}

}  // namespace vigil::monitors
