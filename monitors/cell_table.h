// Two distributions over the same cells as columns of numbers, and the distances between them that know no order. Sums
// run eight side by side in a fixed order, so that every machine gives the same bits. Pure functions; thread-safe.
// Tests: tests/monitors/naive_test.cpp.
#pragma once

#include <cstddef>
#include <vector>

#include "monitors/counts.h"
#include "monitors/sorted_sample.h"

namespace vigil::monitors {

// c events, or their weights, of the reference, d of the sample; totals N and M; no cell empty on both sides.
class CellTable {
 public:
  CellTable() = default;
  // A weighted reference stands with the events that scatter as much.
  explicit CellTable(const Cells& cells) { assign(cells); }
  CellTable(const SortedSample& reference, const SortedSample& sample);
  // As constructed anew, in the memory it has.
  void assign(const Cells& cells);
  // Weights and their totals.
  static CellTable of_weights(std::vector<double> c, std::vector<double> d, double n, double m);

  std::size_t size() const { return c_.size(); }
  const double* reference() const { return c_.data(); }
  const double* sample() const { return d_.data(); }
  const double* difference() const { return difference_.data(); }  // c M - d N, rounded once
  double reference_total() const { return n_; }
  double sample_total() const { return m_; }
  double degrees() const { return static_cast<double>(size()) - 1; }

 private:
  void resize(std::size_t cells);
  void count(double n, double m);
  std::vector<double> c_, d_, difference_;
  double n_ = 0, m_ = 0;
};

// All need N, M > 0. With p = c/N, q = d/M; every term of a sum is non-negative and accurate by itself.
double chi_squared(const CellTable& table);       // sum (c M - d N)^2 / (N M t)
double likelihood_ratio(const CellTable& table);  // 2 sum [c ln(c L / (t N)) + d ln(d L / (t M))]
// With half an event more in every cell: P = (c + 1/2) / (N + K/2), Q likewise.
double stability_index(const CellTable& table);   // sum (P - Q) ln(P / Q)
double relative_entropy(const CellTable& table);  // sum Q ln(Q / P), nats
double jensen_shannon(const CellTable& table);    // bits, 0 to 1
double hellinger_distance(const CellTable& table);
double total_variation(const CellTable& table);     // 1/2 sum |p - q|
double largest_difference(const CellTable& table);  // max |p - q|
double triangular(const CellTable& table);          // 1/2 sum (p - q)^2 / (p + q), 0 to 1

}  // namespace vigil::monitors
