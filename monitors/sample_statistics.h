// The distribution statistics on two plain samples, without bins unless asked for: what `vigil statistics` prints.
// Agrees with scipy.stats where scipy has the statistic. Used by the command line and tests, not by the pipeline. Pure
// functions; thread-safe. No errors: what cannot be read has no value, and says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "monitors/sorted_sample.h"
#include "monitors/statistics.h"

namespace vigil::monitors {

struct NamedReading : SampleReading {
  NamedReading(std::string_view of, SampleReading reading) : SampleReading(std::move(reading)), name(of) {}
  std::string_view name;  // of the statistic
};

struct SampleComparison {
  SampleCounts reference, sample;
  std::size_t cells = 0;               // distinct values of both
  std::vector<NamedReading> readings;  // in the order of the catalogue
};

// Above it the residuals of the cells are left out.
inline constexpr std::size_t kMostResiduals = 4096;

// `bins` > 0: both samples are first put into that many equal bins between the smallest and largest value of both, and
// each value is replaced by the middle of its bin. NaN is left out and counted, -0 equals +0, infinities are ordinary
// extreme values. No event on a side: no value, with the reason; with an infinity none that measures distances, and
// none with bins. p-values: ks exact up to 10,000 events a sample, else the limit scipy uses; all others from the limit
// distributions of docs/statistics.md.
SampleComparison compare_samples(std::span<const std::int64_t> reference, std::span<const std::int64_t> sample,
                                 std::size_t bins = 0);
SampleComparison compare_samples(std::span<const double> reference, std::span<const double> sample,
                                 std::size_t bins = 0);

// With one weight a value on one side or both, finite, none negative; a side that has none counts events. A value of
// weight 0 is no event. What is not defined for weights has no value, with the reason.
using Weights = std::optional<std::span<const double>>;
SampleComparison compare_weighted(std::span<const std::int64_t> reference, std::span<const std::int64_t> sample,
                                  const Weights& of_reference, const Weights& of_sample);
SampleComparison compare_weighted(std::span<const double> reference, std::span<const double> sample,
                                  const Weights& of_reference, const Weights& of_sample);

}  // namespace vigil::monitors
