#include "monitors/sample_statistics.h"

#include <algorithm>
#include <cmath>

#include "monitors/counts.h"

namespace vigil::monitors {
namespace {

template <class T>
Cells count(std::vector<T> reference, std::vector<T> sample) {
  std::sort(reference.begin(), reference.end());
  std::sort(sample.begin(), sample.end());
  Cells cells;
  auto b = reference.begin();
  auto a = sample.begin();
  while (a != sample.end() || b != reference.end()) {
    const T value = b == reference.end() || (a != sample.end() && *a < *b) ? *a : *b;
    const auto next_a = std::find_if(a, sample.end(), [&](T v) { return v > value; });
    const auto next_b = std::find_if(b, reference.end(), [&](T v) { return v > value; });
    cells.add(static_cast<double>(value), static_cast<std::uint64_t>(next_a - a),
              static_cast<std::uint64_t>(next_b - b));
    a = next_a;
    b = next_b;
  }
  return cells;
}

// Each value replaced by the middle of its bin. Halves keep the range of the largest doubles finite.
template <class T>
std::pair<std::vector<double>, std::vector<double>> binned(std::span<const T> reference, std::span<const T> sample,
                                                           std::size_t bins) {
  const auto [low_b, high_b] = std::minmax_element(reference.begin(), reference.end());
  const auto [low_a, high_a] = std::minmax_element(sample.begin(), sample.end());
  const double low = static_cast<double>(std::min(*low_a, *low_b)) / 2;
  const double width = static_cast<double>(std::max(*high_a, *high_b)) / 2 - low;
  const auto n = static_cast<double>(bins);
  const auto middle = [&](T value) {
    if (width <= 0) return static_cast<double>(value);
    const double bin = std::min(std::floor((static_cast<double>(value) / 2 - low) / width * n), n - 1);
    return 2 * (low + (bin + 0.5) * (width / n));
  };
  std::pair<std::vector<double>, std::vector<double>> result;
  for (const T v : reference) result.first.push_back(middle(v));
  for (const T v : sample) result.second.push_back(middle(v));
  return result;
}

// `reading(entry)` of every statistic that is defined for samples.
template <class F>
std::vector<NamedReading> of_each(F reading) {
  std::vector<NamedReading> readings;
  for (const StatisticEntry& entry : statistics()) {
    if (entry.of_samples != nullptr) readings.push_back({std::string(entry.name), reading(entry)});
  }
  return readings;
}

std::vector<NamedReading> undefined(const std::string& reason) {
  return of_each([&](const StatisticEntry&) { return SampleReading{{}, {}, reason}; });
}

std::vector<NamedReading> compare(const Cells& cells) {
  return of_each([&](const StatisticEntry& entry) { return entry.of_samples(cells); });
}

template <class T>
std::vector<NamedReading> compare_any(std::span<const T> reference, std::span<const T> sample, std::size_t bins) {
  if (reference.empty()) return undefined("the reference is empty");
  if (sample.empty()) return undefined("the sample is empty");
  if (bins == 0) {
    return compare(
        count(std::vector<T>(reference.begin(), reference.end()), std::vector<T>(sample.begin(), sample.end())));
  }
  auto [b, a] = binned(reference, sample, bins);
  return compare(count(std::move(b), std::move(a)));
}

}  // namespace

std::vector<NamedReading> compare_samples(std::span<const std::int64_t> reference, std::span<const std::int64_t> sample,
                                          std::size_t bins) {
  return compare_any(reference, sample, bins);
}

std::vector<NamedReading> compare_samples(std::span<const double> reference, std::span<const double> sample,
                                          std::size_t bins) {
  const auto has = [](std::span<const double> values, auto test) {
    return std::any_of(values.begin(), values.end(), test);
  };
  const auto nan = [](double v) { return std::isnan(v); };
  const auto infinite = [](double v) { return std::isinf(v); };
  if (has(reference, nan)) return undefined("NaN in the reference");
  if (has(sample, nan)) return undefined("NaN in the sample");
  if (bins > 0 && (has(reference, infinite) || has(sample, infinite))) return undefined("a value is infinite");
  return compare_any(reference, sample, bins);
}

}  // namespace vigil::monitors
