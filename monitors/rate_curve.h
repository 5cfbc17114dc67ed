// The rate of a seed as a function of its threshold, exact on word counts, and which thresholds meet a target
// (docs/thresholds.md). Used by `vigil rate-curve`, threshold proposals and the server's document. Pure.
// Tests: tests/monitors/rate_curve_test.cpp, tests/monitors/threshold_peers_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/fixed_point.h"
#include "core/histogram.h"
#include "core/verdict.h"

namespace vigil::monitors {

struct CurvePoint {
  std::int64_t threshold = 0;
  double rate_hz = 0, low_hz = 0, high_hz = 0;  // Clopper-Pearson
};

// Thresholds from the lowest to the highest, both included.
struct ThresholdRange {
  std::int64_t lowest = 0, highest = 0;
  bool holds(std::int64_t threshold) const { return lowest <= threshold && threshold <= highest; }
};

struct TargetThresholds {
  CurvePoint nearest;                     // rate closest to the target, of equal distances the highest threshold
  std::int64_t nearest_from;              // the lowest with the rate of `nearest`
  std::optional<std::int64_t> not_above;  // the lowest whose rate is not above the target; none in the range
  std::optional<std::array<std::int64_t, 2>> compatible;  // lowest and highest whose interval holds the target
  std::optional<ThresholdTie> tie;  // where none is compatible, and a threshold below not_above has too much
};

// Counts of words among `crossings` inspected bunch crossings, at least 1 and at least all counts together; of the
// thresholds of a range, not empty, which need not hold every word. `confidence` in (0, 1): of the intervals.
class RateCurve {
 public:
  // Throws Error where that is not so.
  RateCurve(const WordCounts& words, const ThresholdRange& range, std::uint64_t crossings, double confidence = 0.95);
  // Every threshold of the words' type.
  RateCurve(const WordCounts& words, const FixedPoint& type, std::uint64_t crossings, double confidence = 0.95)
      : RateCurve(words, ThresholdRange{type.lowest(), type.highest()}, crossings, confidence) {}

  // Passes: words at or above the threshold.
  std::uint64_t passes(std::int64_t threshold) const;
  CurvePoint at(std::int64_t threshold) const;
  // `target_hz` finite, at least 0.
  TargetThresholds meet(double target_hz) const;
  std::uint64_t events() const { return passes_.empty() ? 0 : passes_.front(); }

  // At every distinct word of the range and at its highest threshold, ascending.
  std::vector<CurvePoint> every_point() const;

  // At most `most` (at least 8) of the distinct words, ascending, evenly spread over their order, the smallest and the
  // largest always; besides, each of `also` that lies in the range.
  std::vector<CurvePoint> points(std::size_t most, const std::vector<std::int64_t>& also) const;

 private:
  CurvePoint of_passes(std::int64_t threshold, std::uint64_t passes) const;

  ThresholdRange range_;
  std::uint64_t crossings_;
  double alpha_;
  std::vector<std::int64_t> words_;    // ascending
  std::vector<std::uint64_t> passes_;  // at words_[i]
};

}  // namespace vigil::monitors
