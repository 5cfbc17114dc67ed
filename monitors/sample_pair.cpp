#include "monitors/sample_pair.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vigil::monitors {
namespace {

bool holds_infinity(const SampleCounts& counts) { return counts.minus_infinity + counts.plus_infinity > 0; }

// Neumaier 1974: the running sum to twice the digits of a double.
class LongSum {
 public:
  void add(double x) {
    const double next = sum_ + x;
    rest_ += std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_;
    sum_ = next;
  }
  double value() const { return sum_ + rest_; }

 private:
  double sum_ = 0, rest_ = 0;
};

template <class T, class Entries>
SampleCounts read_weighted(std::span<const T> values, std::span<const double> weights, Entries& entries) {
  SampleCounts counts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double weight = weights.empty() ? 1.0 : weights[i];
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(values[i])) {
        ++counts.nan;
        continue;
      }
      if (weight != 0 && std::isinf(values[i])) ++(values[i] < 0 ? counts.minus_infinity : counts.plus_infinity);
    }
    if (weight == 0) continue;
    ++counts.n;
    entries.push_back({key_of(values[i]), weight});
  }
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return counts;
}

// Weights and their squares of the entries of `key` from `at` on, which goes behind them.
struct Weight {
  double sum = 0, squares = 0;
};
Weight take(std::span<const WeightedSample::Entry> entries, std::size_t& at, std::uint64_t key) {
  LongSum sum, squares;
  for (; at < entries.size() && entries[at].key == key; ++at) {
    sum.add(entries[at].weight);
    squares.add(entries[at].weight * entries[at].weight);
  }
  return {sum.value(), squares.value()};
}

double total(const std::vector<double>& values) {
  LongSum sum;
  for (const double v : values) sum.add(v);
  return sum.value();
}

}  // namespace

SamplePair::SamplePair(const SortedSample& reference, const SortedSample& sample) {
  assign_ordered(reference, sample);
  table = CellTable(reference, sample);
}

void SamplePair::assign_ordered(const SortedSample& reference, const SortedSample& sample) {
  weights.reset();
  ordered = ordered_sums(reference, sample);
  is_infinite = holds_infinity(reference.counts()) || holds_infinity(sample.counts());
  table =
      CellTable::of_weights({}, {}, static_cast<double>(reference.counts().n), static_cast<double>(sample.counts().n));
}

void SamplePair::assign(const Cells& cells) {
  weights.reset();
  is_infinite = false;
  table.assign(cells);
  ordered = ordered_sums(cells);
}

WeightedSample::WeightedSample(std::span<const std::int64_t> values, std::span<const double> weights)
    : is_integer_(true), counts_(read_weighted(values, weights, entries_)) {}
WeightedSample::WeightedSample(std::span<const double> values, std::span<const double> weights)
    : is_integer_(false), counts_(read_weighted(values, weights, entries_)) {}

SamplePair weighted_pair(const WeightedSample& reference, const WeightedSample& sample, bool of_reference,
                         bool of_sample) {
  const auto r = reference.entries(), s = sample.entries();
  SamplePair pair;
  SquaredWeights& squares = pair.weights.emplace();
  squares.reference = of_reference;
  squares.sample = of_sample;
  std::vector<double> c, d;
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0, j = 0; i < r.size() || j < s.size();) {
    keys.push_back(i == r.size() ? s[j].key : j == s.size() ? r[i].key : std::min(r[i].key, s[j].key));
    const Weight a = take(r, i, keys.back()), b = take(s, j, keys.back());
    c.push_back(a.sum);
    d.push_back(b.sum);
    squares.c.push_back(a.squares);
    squares.d.push_back(b.squares);
  }
  squares.n = total(squares.c);
  squares.m = total(squares.d);
  const double n = total(c), m = total(d);
  pair.table = CellTable::of_weights(std::move(c), std::move(d), n, m);
  pair.is_infinite = holds_infinity(reference.counts()) || holds_infinity(sample.counts());
  const Distances distances(reference.is_integer(), pair.is_infinite ? keys.back() : keys.front(), keys.back());
  LongSum f, g;
  double area = 0, square_area = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    f.add(pair.table.reference()[i] / n);
    g.add(pair.table.sample()[i] / m);
    const double difference = std::abs(f.value() - g.value());
    if (i + 1 == keys.size()) break;  // both are 1
    pair.ordered.supremum = std::max(pair.ordered.supremum, difference);
    const double gap = distances(keys[i], keys[i + 1]);
    area += difference * gap;
    square_area += difference * difference * gap;
  }
  set_areas(pair.ordered, area, square_area, distances.exponent());
  return pair;
}

}  // namespace vigil::monitors
