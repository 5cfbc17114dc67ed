#include "monitors/limit_tails.h"

#include <array>
#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

#include "monitors/boost_policy.h"

namespace vigil::monitors {
namespace {

constexpr double kPi = std::numbers::pi;

// A sum of Z_k^2 / y_k with simple y_1 < y_2 < ... is, as Smirnov 1936 found for k^2 pi^2,
//   P(sum >= x) = 1/pi sum_k (-1)^(k+1) int from y_(2k-1) to y_(2k) of exp(-x y / 2) / (y sqrt |D(y)|) dy,
// D(y) = prod (1 - y / y_k). Every integrand is positive, and far out the first alone counts: no cancellation however
// small the tail. With y = y_(2k-1) + w sin^2(a / 2) the square roots at both ends cancel, and the midpoint rule in a
// converges exponentially. Returns the logarithm without its leading -x y_1 / 2.
template <class Form>
double log_by_integrals(double x) {
  const double lowest = Form::pole(1);
  double sum = 0;
  for (int k = 1; k <= 400; ++k) {
    const double from = Form::pole(2 * k - 1), width = Form::pole(2 * k) - from;
    const double first = std::exp(-x * (from - lowest) / 2);
    if (first < 1e-18) break;
    const int points = 32 + static_cast<int>(6 * std::sqrt(x * width));
    double integral = 0;
    for (int i = 0; i < points; ++i) {
      const double s = std::sin(kPi * (i + 0.5) / (2 * points));
      const double above = width * s * s;
      const double decay = x * above / 2;
      if (decay > 50) break;
      const double rest = width * (1 - s) * (1 + s);
      const double y = from + above;
      integral += std::exp(-decay) / (y * std::sqrt(std::abs(Form::product(y)) / (above * rest)));
    }
    sum += (k % 2 == 1 ? first : -first) * integral / points;  // pi / points, over pi
  }
  return std::log(sum);
}

struct CramerVonMises {
  static double pole(int k) { return (kPi * k) * (kPi * k); }
  static double product(double y) {
    const double root = std::sqrt(y);
    return std::sin(root) / root;
  }
  static constexpr double kEssential = 1.0 / 8;  // 1 - p falls as exp(-kEssential / x) towards 0
  static constexpr double kSmallest = 0.0025;    // 1 - p is below 1e-21 there
  static constexpr int kSplit = 10, kPieces = 22;
  // P(sum < x): Anderson, Darling 1952, with Bessel functions of Boost.Math.
  static double below(double x) {
    double sum = 0, factor = 1;  // Gamma(j + 1/2) / (Gamma(1/2) j!)
    for (int j = 0; j < 8; ++j) {
      const double step = 4.0 * j + 1, q = step * step / (16 * x);
      if (q > 340) break;
      const double term = factor * std::sqrt(step) * std::exp(-q) * boost::math::cyl_bessel_k(0.25, q, kBoostPolicy);
      sum += term;
      factor *= (j + 0.5) / (j + 1);
    }
    return sum / (kPi * std::sqrt(x));
  }
};

struct AndersonDarling {
  static double pole(int k) { return static_cast<double>(k) * (k + 1.0); }
  static double product(double y) { return std::cos(kPi / 2 * std::sqrt(1 + 4 * y)) / (kPi * y); }
  static constexpr double kEssential = kPi * kPi / 8;
  static constexpr double kSmallest = 0.03;
  static constexpr int kSplit = 10, kPieces = 20;
  // P(sum < x): Anderson, Darling 1952; the integral by the trapezium rule, which its Gaussian makes exact.
  static double below(double x) {
    double sum = 0, factor = 1;  // binomial(-1/2, j)
    for (int j = 0; j < 6; ++j) {
      const double step = 4.0 * j + 1, exponent = step * step * kPi * kPi / (8 * x);
      if (exponent > 700) break;
      const double scale = 1 / std::sqrt(exponent);
      double integral = 0.5 * std::exp(x / 8);
      constexpr double kStep = 1.0 / 16;
      for (int i = 1; i <= 100; ++i) {
        const double t = i * kStep, w = t * scale;
        integral += std::exp(x / (8 * (w * w + 1)) - t * t);
      }
      sum += factor * step * std::exp(-exponent) * integral * kStep * scale;
      factor *= -(j + 0.5) / (j + 1);
    }
    return std::sqrt(2 * kPi) / x * sum;
  }
};

// Chebyshev interpolation on [low, high].
class Chebyshev {
 public:
  template <class F>
  Chebyshev(double low, double high, F f) : middle_((low + high) / 2), half_((high - low) / 2) {
    std::array<double, kTerms> values{};
    for (std::size_t i = 0; i < kTerms; ++i) values[i] = f(middle_ + half_ * std::cos(angle(i)));
    for (std::size_t k = 0; k < kTerms; ++k) {
      for (std::size_t i = 0; i < kTerms; ++i) terms_[k] += values[i] * std::cos(static_cast<double>(k) * angle(i));
      terms_[k] *= (k == 0 ? 1.0 : 2.0) / kTerms;
    }
  }
  double operator()(double x) const {  // Clenshaw
    const double u = (x - middle_) / half_;
    double next = 0, after = 0;
    for (std::size_t k = kTerms; k-- > 1;) {
      const double now = terms_[k] + 2 * u * next - after;
      after = next;
      next = now;
    }
    return terms_[0] + u * next - after;
  }

 private:
  static constexpr std::size_t kTerms = 16;
  static double angle(std::size_t i) { return kPi * (static_cast<double>(i) + 0.5) / kTerms; }
  double middle_, half_;
  std::array<double, kTerms> terms_{};
};

// The tail of one form from tables of what is smooth of its logarithm: pieces of half an octave from kSmallest on, the
// first kSplit of them of 1 - p, the others of p; above them one in 1 / x.
template <class Form>
class Table {
 public:
  static const Table& get() {
    static const Table table;
    return table;
  }
  Tail tail(double x) const {
    if (!(x > Form::kSmallest)) return {};
    if (x >= edge(Form::kPieces)) return tail_of_log(far_(1 / x) - std::log(x) / 2 - x * Form::pole(1) / 2);
    const auto piece = static_cast<std::size_t>(std::max(0.0, 2 * std::log2(x / Form::kSmallest)));
    const double smooth = near_[std::min(piece, near_.size() - 1)](x);
    return piece < Form::kSplit ? tail_of_complement(std::exp(smooth - Form::kEssential / x))
                                : tail_of_log(smooth - x * Form::pole(1) / 2);
  }

 private:
  static double edge(int piece) { return Form::kSmallest * std::exp2(piece / 2.0); }
  Table() : far_(0, 1 / edge(Form::kPieces), [](double u) { return log_by_integrals<Form>(1 / u) - std::log(u) / 2; }) {
    for (int i = 0; i < Form::kPieces; ++i) {
      near_.emplace_back(edge(i), edge(i + 1), [i](double x) {
        return i < Form::kSplit ? std::log(Form::below(x)) + Form::kEssential / x : log_by_integrals<Form>(x);
      });
    }
  }
  Chebyshev far_;
  std::vector<Chebyshev> near_;
};

// log of the regularised upper gamma function by Legendre's continued fraction (Lentz' algorithm), x > a + 1.
double log_gamma_q(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int i = 1; i < 100000; ++i) {
    const double n = -i * (i - a);
    b += 2;
    d = 1 / (std::abs(n * d + b) < kTiny ? kTiny : n * d + b);
    c = b + n / c;
    if (std::abs(c) < kTiny) c = kTiny;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  int sign = 0;
  return std::log(h) - x + a * std::log(x) - lgamma_r(a, &sign);
}

// Below it a p-value is taken from its logarithm: denormal numbers have few digits.
constexpr double kLeast = 1e-290;

}  // namespace

Tail chi_squared_tail(double value, double degrees) {
  if (!(degrees > 0) || !(value > 0)) return {};
  const double a = degrees / 2, x = value / 2;
  if (x < a) return tail_of_complement(boost::math::gamma_p(a, x, kBoostPolicy));
  const double p = boost::math::gamma_q(a, x, kBoostPolicy);
  return p > kLeast ? tail_of(p) : tail_of_log(log_gamma_q(a, x));
}

Tail normal_two_sided_tail(double z) {
  if (!(z > 0)) return {};
  const double x = z / std::numbers::sqrt2;
  if (x < 0.5) return tail_of_complement(std::erf(x));
  if (x < 25) return tail_of(std::erfc(x));
  const double u = 1 / (2 * x * x);  // asymptotic series
  return tail_of_log(-x * x - std::log(x) - std::log(kPi) / 2 +
                     std::log1p(-u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u)))));
}

Tail cramer_von_mises_tail(double x) { return Table<CramerVonMises>::get().tail(x); }
Tail anderson_darling_tail(double x) { return Table<AndersonDarling>::get().tail(x); }

}  // namespace vigil::monitors
