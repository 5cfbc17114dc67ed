// Every statistic straight from its formula, on pairs of events where that is simplest: slow, and in another type than
// the program's. What the fast ones are compared with.
// Tests: tests/monitors/naive_test.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace vigil::monitors::fixtures {

using Long = long double;

struct Naive {
  std::vector<Long> r, s;  // reference, sample
  std::vector<Long> cells;
  std::vector<Long> c, d;
  Long n, m, l, k;

  Naive(const std::vector<double>& reference, const std::vector<double>& sample)
      : r(reference.begin(), reference.end()), s(sample.begin(), sample.end()) {
    std::set<Long> distinct(r.begin(), r.end());
    distinct.insert(s.begin(), s.end());
    cells.assign(distinct.begin(), distinct.end());
    for (const Long cell : cells) {
      c.push_back(static_cast<Long>(std::count(r.begin(), r.end(), cell)));
      d.push_back(static_cast<Long>(std::count(s.begin(), s.end(), cell)));
    }
    n = static_cast<Long>(r.size());
    m = static_cast<Long>(s.size());
    l = n + m;
    k = static_cast<Long>(cells.size());
  }

  Long fraction(const std::vector<Long>& values, Long at_most) const {
    Long count = 0;
    for (const Long v : values) count += v <= at_most ? 1 : 0;
    return count / static_cast<Long>(values.size());
  }
  // Mean rank of a cell in all events, or in one sample, as midranks count.
  static Long midrank(const std::vector<Long>& values, Long cell) {
    Long sum = 0;
    for (const Long v : values) sum += v < cell ? 1 : v == cell ? 0.5L : 0;
    return sum;
  }
  template <class F>
  Long over_cells(F f) const {
    Long sum = 0;
    for (std::size_t j = 0; j < cells.size(); ++j) sum += f(j);
    return sum;
  }
  static Long part(Long x, Long ratio) { return x > 0 ? x * std::log(ratio) : 0; }

  std::map<std::string, Long> all() const {
    std::map<std::string, Long> v;
    const auto difference = [&](std::size_t j) { return fraction(r, cells[j]) - fraction(s, cells[j]); };
    const auto p = [&](std::size_t j) { return c[j] / n; };
    const auto q = [&](std::size_t j) { return d[j] / m; };
    const auto P = [&](std::size_t j) { return (c[j] + 0.5L) / (n + k / 2); };
    const auto Q = [&](std::size_t j) { return (d[j] + 0.5L) / (m + k / 2); };
    const auto gap = [&](std::size_t j) { return j + 1 < cells.size() ? cells[j + 1] - cells[j] : 0; };
    for (std::size_t j = 0; j < cells.size(); ++j) {
      v["ks"] = std::max(v["ks"], std::abs(difference(j)));
      v["linf"] = std::max(v["linf"], std::abs(p(j) - q(j)));
    }
    v["cvm"] = n * m / (l * l) * over_cells([&](auto j) { return (c[j] + d[j]) * difference(j) * difference(j); });
    v["ad"] = cells.size() == 1 ? 0 : (l - 1) / l * over_cells([&](auto j) {
                                        const Long t = c[j] + d[j], m1 = midrank(r, cells[j]),
                                                   m2 = midrank(s, cells[j]), b = m1 + m2;
                                        const auto square = [&](Long rank, Long size) {
                                          return (l * rank - size * b) * (l * rank - size * b) / size;
                                        };
                                        return t / l * (square(m1, n) + square(m2, m)) / (b * (l - b) - l * t / 4);
                                      });
    for (const Long x : s) {
      for (const Long y : r) v["mann_whitney"] += x > y ? 1 : x == y ? 0.5L : 0;
    }
    v["chi2"] =
        over_cells([&](auto j) { return (c[j] * m - d[j] * n) * (c[j] * m - d[j] * n) / (n * m * (c[j] + d[j])); });
    v["g"] = 2 * over_cells([&](auto j) {
               const Long t = c[j] + d[j];
               return part(c[j], c[j] * l / (t * n)) + part(d[j], d[j] * l / (t * m));
             });
    v["psi"] = over_cells([&](auto j) { return (P(j) - Q(j)) * std::log(P(j) / Q(j)); });
    v["kl"] = over_cells([&](auto j) { return Q(j) * std::log(Q(j) / P(j)); });
    v["js"] = over_cells([&](auto j) {
      const Long middle = (p(j) + q(j)) / 2;
      return (part(p(j), p(j) / middle) + part(q(j), q(j) / middle)) / 2 / std::log(2.0L);
    });
    v["hellinger"] = std::sqrt(over_cells(
        [&](auto j) { return (std::sqrt(p(j)) - std::sqrt(q(j))) * (std::sqrt(p(j)) - std::sqrt(q(j))) / 2; }));
    v["tv"] = over_cells([&](auto j) { return std::abs(p(j) - q(j)) / 2; });
    v["wasserstein"] = over_cells([&](auto j) { return std::abs(difference(j)) * gap(j); });
    // From the distances between events: 2 E|R - S| - E|R - R'| - E|S - S'|.
    const auto mean_distance = [](const std::vector<Long>& x, const std::vector<Long>& y) {
      Long sum = 0;
      for (const Long a : x) {
        for (const Long b : y) sum += std::abs(a - b);
      }
      return sum / static_cast<Long>(x.size()) / static_cast<Long>(y.size());
    };
    v["energy"] = std::sqrt(std::max(0.0L, 2 * mean_distance(r, s) - mean_distance(r, r) - mean_distance(s, s)));
    return v;
  }
};

}  // namespace vigil::monitors::fixtures
