// The sums behind the distances of cell_table.h, for the vectors of the machine at hand; no order of the cells. Equal
// bits on all machines: eight partial sums in a fixed order, no contraction, no approximate instruction.
// Tests: tests/monitors/naive_test.cpp.
#pragma once

#include <cstddef>

namespace vigil::monitors {

// Cells of two distributions: counts or weights c and d, c M - d N, the totals N and M.
struct Columns {
  const double* c;
  const double* d;
  const double* difference;
  double n, m;
  std::size_t size;
};

// t = c + d, p = c/N, q = d/M; P and Q as in stability_index.
double chi_squared_sum(const Columns& columns);       // sum difference^2 / t
double likelihood_sum(const Columns& columns);        // sum [c ln(c L / (t N)) + d ln(d L / (t M))] L
double stability_sum(const Columns& columns);         // sum (P - Q) ln(P / Q)
double relative_entropy_sum(const Columns& columns);  // sum Q ln(Q / P)
double jensen_shannon_sum(const Columns& columns);    // 2 N M sum [p ln(p / r) + q ln(q / r)], r = (p + q) / 2
double hellinger_sum(const Columns& columns);         // N M sum (sqrt p - sqrt q)^2
double absolute_sum(const Columns& columns);          // N M sum |p - q|
double triangular_sum(const Columns& columns);        // N M sum (p - q)^2 / (p + q)

}  // namespace vigil::monitors
