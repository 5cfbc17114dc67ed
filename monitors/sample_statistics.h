// The distribution statistics on two plain samples, without bins unless asked for: what `vigil statistics` prints.
// Agrees with scipy.stats where scipy has the statistic. Used by the command line and tests, not by the pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "monitors/statistics.h"

namespace vigil::monitors {

struct NamedReading : SampleReading {
  NamedReading(std::string of, SampleReading reading) : SampleReading(std::move(reading)), name(std::move(of)) {}
  std::string name;  // of the statistic
};

// In the order of the catalogue. `bins` > 0: both samples are first put into that many equal bins between the smallest
// and largest value of both, and each value is replaced by the middle of its bin. An empty sample or a NaN: no value,
// with the reason. p-values: ks exact up to 10,000 events a sample, else the limit scipy uses; chi2 from its asymptotic
// distribution.
std::vector<NamedReading> compare_samples(std::span<const std::int64_t> reference, std::span<const std::int64_t> sample,
                                          std::size_t bins = 0);
std::vector<NamedReading> compare_samples(std::span<const double> reference, std::span<const double> sample,
                                          std::size_t bins = 0);

}  // namespace vigil::monitors
