// Two plain samples as the statistics read them: everything they share is worked out once. Used by compare_samples and
// the benchmark. Not synchronised; read by any number of threads once made.
// Tests: tests/monitors/sample_statistics_test.cpp, weighted_test.cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "monitors/cell_table.h"
#include "monitors/ordered_sums.h"
#include "monitors/sorted_sample.h"

namespace vigil::monitors {

// Sums of squared weights, of the cells and in all; of a side without weights they are its counts.
struct SquaredWeights {
  bool reference = false, sample = false;  // has weights
  std::vector<double> c, d;
  double n = 0, m = 0;
};

// Both sides hold events.
struct SamplePair {
  CellTable table;
  OrderedSums ordered;  // with weights: supremum and the areas alone
  std::optional<SquaredWeights> weights;
  bool is_infinite = false;     // a value is: the areas are none
  bool with_residuals = false;  // are wanted

  SamplePair() = default;
  explicit SamplePair(const Cells& cells) { assign(cells); }
  SamplePair(const SortedSample& reference, const SortedSample& sample);
  // As constructed anew, in the memory it has.
  void assign(const Cells& cells);
  // What the statistics of ordered values read, and no table but its totals.
  void assign_ordered(const SortedSample& reference, const SortedSample& sample);
};

// A sample with a weight a value, all finite and none negative. NaN takes its weight along, a value of weight 0 is
// none.
class WeightedSample {
 public:
  // `weights` empty: 1 each.
  WeightedSample(std::span<const std::int64_t> values, std::span<const double> weights);
  WeightedSample(std::span<const double> values, std::span<const double> weights);

  struct Entry {
    std::uint64_t key;
    double weight;
  };
  std::span<const Entry> entries() const { return entries_; }  // by key, equal keys in the order they came
  bool is_integer() const { return is_integer_; }
  const SampleCounts& counts() const { return counts_; }

 private:
  bool is_integer_;
  std::vector<Entry> entries_;
  SampleCounts counts_;
};

// Which of the sides has weights is said by `weights.reference` and `weights.sample`. Both hold events.
SamplePair weighted_pair(const WeightedSample& reference, const WeightedSample& sample, bool of_reference,
                         bool of_sample);

}  // namespace vigil::monitors
