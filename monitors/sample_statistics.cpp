#include "monitors/sample_statistics.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "monitors/sample_pair.h"

namespace vigil::monitors {
namespace {

// Each value replaced by the middle of its bin, NaN by itself. Halves keep the range of the largest doubles finite.
template <class T>
std::pair<std::vector<double>, std::vector<double>> binned(std::span<const T> reference, std::span<const T> sample,
                                                           std::size_t bins) {
  T smallest{}, largest{};
  bool is_first = true;
  for (const std::span<const T> values : {reference, sample}) {
    for (const T v : values) {
      if (v != v) continue;
      smallest = is_first ? v : std::min(smallest, v);
      largest = is_first ? v : std::max(largest, v);
      is_first = false;
    }
  }
  const double low = static_cast<double>(smallest) / 2;
  const double width = static_cast<double>(largest) / 2 - low;
  const auto n = static_cast<double>(bins);
  const auto middle = [&](T value) {
    if (!(width > 0) || value != value) return static_cast<double>(value);
    const double bin = std::min(std::floor((static_cast<double>(value) / 2 - low) / width * n), n - 1);
    return 2 * (low + (bin + 0.5) * (width / n));
  };
  std::pair<std::vector<double>, std::vector<double>> result;
  result.first.reserve(reference.size());
  result.second.reserve(sample.size());
  for (const T v : reference) result.first.push_back(middle(v));
  for (const T v : sample) result.second.push_back(middle(v));
  return result;
}

// `reading(entry)` of every statistic that is defined for samples.
template <class F>
void read_each(SampleComparison& comparison, F reading) {
  for (const StatisticEntry& entry : statistics()) {
    if (entry.of_samples != nullptr) comparison.readings.emplace_back(entry.name, reading(entry));
  }
}

void read_nothing(SampleComparison& comparison, std::string_view reason) {
  read_each(comparison, [&](const StatisticEntry&) { return SampleReading{{}, {}, {}, reason}; });
}

void read_pair(SampleComparison& comparison, SamplePair&& pair) {
  comparison.cells = pair.table.size();
  pair.with_residuals = comparison.cells <= kMostResiduals;
  read_each(comparison, [&](const StatisticEntry& entry) { return entry.of_samples(pair); });
}

// Why two samples cannot be compared; empty where they can.
std::string_view missing(const SampleComparison& comparison) {
  return comparison.reference.n == 0 ? "the reference is empty" : comparison.sample.n == 0 ? "the sample is empty" : "";
}

SampleComparison compare_sorted(const SortedSample& reference, const SortedSample& sample) {
  SampleComparison comparison{reference.counts(), sample.counts(), 0, {}};
  if (const std::string_view reason = missing(comparison); !reason.empty()) {
    for_each_cell(reference.keys(), sample.keys(),
                  [&](std::uint64_t, std::int64_t, std::int64_t) { ++comparison.cells; });
    read_nothing(comparison, reason);
  } else {
    read_pair(comparison, SamplePair(reference, sample));
  }
  return comparison;
}

template <class T>
SampleComparison compare_any(std::span<const T> reference, std::span<const T> sample, std::size_t bins) {
  if (bins == 0) return compare_sorted(SortedSample(reference), SortedSample(sample));
  const auto is_infinite = [](T v) {
    if constexpr (std::is_floating_point_v<T>) return std::isinf(v);
    return false;
  };
  if (std::any_of(reference.begin(), reference.end(), is_infinite) ||
      std::any_of(sample.begin(), sample.end(), is_infinite)) {
    const SortedSample r(reference), s(sample);
    SampleComparison comparison{r.counts(), s.counts(), 0, {}};
    read_nothing(comparison, "a value is infinite");
    return comparison;
  }
  const auto [r, s] = binned(reference, sample, bins);
  return compare_sorted(SortedSample(std::span<const double>(r)), SortedSample(std::span<const double>(s)));
}

template <class T>
SampleComparison compare_any_weighted(std::span<const T> reference, std::span<const T> sample,
                                      const Weights& of_reference, const Weights& of_sample) {
  const WeightedSample r(reference, of_reference.value_or(std::span<const double>{}));
  const WeightedSample s(sample, of_sample.value_or(std::span<const double>{}));
  SampleComparison comparison{r.counts(), s.counts(), 0, {}};
  if (const std::string_view reason = missing(comparison); !reason.empty()) {
    read_nothing(comparison, reason);
  } else {
    read_pair(comparison, weighted_pair(r, s, of_reference.has_value(), of_sample.has_value()));
  }
  return comparison;
}

}  // namespace

SampleComparison compare_samples(std::span<const std::int64_t> reference, std::span<const std::int64_t> sample,
                                 std::size_t bins) {
  return compare_any(reference, sample, bins);
}

SampleComparison compare_samples(std::span<const double> reference, std::span<const double> sample, std::size_t bins) {
  return compare_any(reference, sample, bins);
}

SampleComparison compare_weighted(std::span<const std::int64_t> reference, std::span<const std::int64_t> sample,
                                  const Weights& of_reference, const Weights& of_sample) {
  return compare_any_weighted(reference, sample, of_reference, of_sample);
}

SampleComparison compare_weighted(std::span<const double> reference, std::span<const double> sample,
                                  const Weights& of_reference, const Weights& of_sample) {
  return compare_any_weighted(reference, sample, of_reference, of_sample);
}

}  // namespace vigil::monitors
