#include "monitors/cell_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "monitors/cell_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

// The loops are plain: the compiler makes vectors of them, once for each instruction set.
HWY_BEFORE_NAMESPACE();
namespace vigil::monitors {
namespace HWY_NAMESPACE {

constexpr double kLn2 = 0x1.62e42fefa39efp-1;

// The parts of ln(1 + x): 2 s + rest + power ln 2, with s = f / (2 + f), 1 + f the mantissa, and rest the odd powers of
// s from the third on (Remez coefficients of fdlibm's log, FreeBSD e_log.c). With power 0, f is x itself.
struct Log1p {
  double s, rest, power, argument;
};
HWY_ATTR HWY_INLINE Log1p log1p_parts(double x) {
  const double y = std::max(1 + x, 0.0);
  std::uint64_t bits;
  __builtin_memcpy(&bits, &y, sizeof bits);
  // The mantissa between sqrt(1/2) and sqrt(2).
  const std::uint64_t shifted = bits + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
  const std::uint64_t mantissa_bits = (shifted & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu;
  const std::uint64_t power_bits = (shifted >> 52) | 0x4330000000000000u;
  double mantissa, power;
  __builtin_memcpy(&mantissa, &mantissa_bits, sizeof mantissa);
  __builtin_memcpy(&power, &power_bits, sizeof power);
  power -= 0x1p52 + 1023;
  const double f = power == 0 ? x : mantissa - 1;
  const double s = f / (2 + f), z = s * s, w = z * z;
  const double odd = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double even =
      z * (6.666666666666735130e-01 +
           w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  return {s, s * (odd + even), power, y};
}

// ln(1 + x) for x > -1.
HWY_ATTR HWY_INLINE double log_1p(double x) {
  const Log1p l = log1p_parts(x);
  return l.power * kLn2 + (2 * l.s + l.rest);
}

// (1 + x) ln(1 + x) - x for x >= -1, without cancelling near 0: there (1 + x) 2 s - x = x s.
HWY_ATTR HWY_INLINE double entropy(double x) {
  const Log1p l = log1p_parts(x);
  const double near = x * l.s + l.argument * l.rest;
  const double far = l.argument * (l.power * kLn2 + (2 * l.s + l.rest)) - x;
  return l.power == 0 ? near : far;
}

// Sum of f(i), i below n.
template <class F>
HWY_ATTR HWY_INLINE double sum_of(std::size_t n, F f) {
  constexpr std::size_t kBlock = 128, kLanes = 8;
  double sums[kLanes] = {};
  double terms[kBlock];
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t rows = std::min(kBlock, n - first);
    for (std::size_t i = 0; i < rows; ++i) terms[i] = f(first + i);
    for (std::size_t i = rows; i % kLanes != 0; ++i) terms[i] = 0;
    for (std::size_t i = 0; i < rows; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += terms[i + lane];
    }
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

HWY_ATTR double chi_squared_sum(const Columns& o) {
  return sum_of(o.size, [o](std::size_t i) HWY_ATTR { return o.difference[i] * o.difference[i] / (o.c[i] + o.d[i]); });
}

// With x = (c M - d N) / (t N) and y = -(c M - d N) / (t M): c L / (t N) = 1 + x, d L / (t M) = 1 + y, N x + M y = 0.
HWY_ATTR double likelihood_sum(const Columns& o) {
  const double of_n = 1 / o.n, of_m = 1 / o.m;  // divisions are most of what it costs
  return sum_of(o.size, [o, of_n, of_m](std::size_t i) HWY_ATTR {
    const double t = o.c[i] + o.d[i], x = o.difference[i] / t;
    return t * (o.n * entropy(std::max(x * of_n, -1.0)) + o.m * entropy(std::max(-x * of_m, -1.0)));
  });
}

// Q / P - 1, all in halves of events.
HWY_ATTR HWY_INLINE double relative_difference(const Columns& o, std::size_t i, double k) {
  const double c = 2 * o.c[i] + 1, other = 2 * o.m + k;
  const double numerator = 2 * (k * (o.d[i] - o.c[i]) - 2 * o.difference[i] + (o.n - o.m));
  return numerator / (c * other);
}
HWY_ATTR double stability_sum(const Columns& o) {
  const auto k = static_cast<double>(o.size);
  return sum_of(o.size,
                [o, k](std::size_t i) HWY_ATTR {
                  const double x = relative_difference(o, i, k);
                  return (2 * o.c[i] + 1) * (x * log_1p(x));
                }) /
         (2 * o.n + k);
}
HWY_ATTR double relative_entropy_sum(const Columns& o) {
  const auto k = static_cast<double>(o.size);
  return sum_of(o.size,
                [o, k](std::size_t i) HWY_ATTR { return (2 * o.c[i] + 1) * entropy(relative_difference(o, i, k)); }) /
         (2 * o.n + k);
}

// With p = m (1 + x), q = m (1 - x).
HWY_ATTR double jensen_shannon_sum(const Columns& o) {
  return sum_of(o.size, [o](std::size_t i) HWY_ATTR {
    const double both = o.c[i] * o.m + o.d[i] * o.n, x = o.difference[i] / both;
    return both * (entropy(x) + entropy(-x));
  });
}

HWY_ATTR double hellinger_sum(const Columns& o) {
  return sum_of(o.size, [o](std::size_t i) HWY_ATTR {
    const double roots = std::sqrt(o.c[i] * o.m) + std::sqrt(o.d[i] * o.n), x = o.difference[i] / roots;
    return x * x;
  });
}

HWY_ATTR double absolute_sum(const Columns& o) {
  return sum_of(o.size, [o](std::size_t i) HWY_ATTR { return std::abs(o.difference[i]); });
}

HWY_ATTR double triangular_sum(const Columns& o) {
  return sum_of(o.size, [o](std::size_t i)
                            HWY_ATTR { return o.difference[i] * o.difference[i] / (o.c[i] * o.m + o.d[i] * o.n); });
}

}  // namespace HWY_NAMESPACE
}  // namespace vigil::monitors
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace vigil::monitors {
namespace {
HWY_EXPORT(chi_squared_sum);
HWY_EXPORT(likelihood_sum);
HWY_EXPORT(stability_sum);
HWY_EXPORT(relative_entropy_sum);
HWY_EXPORT(jensen_shannon_sum);
HWY_EXPORT(hellinger_sum);
HWY_EXPORT(absolute_sum);
HWY_EXPORT(triangular_sum);
}  // namespace

double chi_squared_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(chi_squared_sum)(columns); }
double likelihood_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(likelihood_sum)(columns); }
double stability_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(stability_sum)(columns); }
double relative_entropy_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(relative_entropy_sum)(columns); }
double jensen_shannon_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(jensen_shannon_sum)(columns); }
double hellinger_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(hellinger_sum)(columns); }
double absolute_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(absolute_sum)(columns); }
double triangular_sum(const Columns& columns) { return HWY_DYNAMIC_DISPATCH(triangular_sum)(columns); }

}  // namespace vigil::monitors
#endif
