#include "monitors/threshold.h"

#include <algorithm>
#include <cmath>

#include "core/lhc.h"
#include "monitors/intervals.h"

namespace vigil::monitors {

ThresholdProposal solve_threshold(const Summary& window, const ModelInfo& model, std::size_t index,
                                  double target_rate_hz) {
  const Seed& seed = model.seeds[index];
  const FixedPoint& type = model.outputs[seed.output].type;
  const WordCounts& words = window.strata[0].outputs[model.seed_column(seed)].words;
  const auto crossings = static_cast<double>(window.n_bx_own);
  const double target = target_rate_hz / lhc::kCrossingHz * crossings;  // passes

  ThresholdProposal proposal;
  proposal.seed = seed.name;
  proposal.current_threshold = seed.threshold;
  proposal.target_rate_hz = target_rate_hz;
  proposal.current_rate_hz = lhc::rate_hz(static_cast<double>(window.seeds[index].emulator), crossings);

  // From the highest word down: thresholds in (next lower word, this word] pass everything from this word up.
  std::uint64_t passes = 0;
  double closest = std::abs(target);  // of no passes at all
  std::uint64_t best = 0;
  std::int64_t low = words.empty() ? type.lowest() : std::min(words.rbegin()->first, type.highest() - 1) + 1;
  std::int64_t high = type.highest();
  if (!words.empty() && words.rbegin()->first == type.highest()) closest = INFINITY;  // no threshold stops that word
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    passes += word->second;
    const double distance = std::abs(static_cast<double>(passes) - target);
    if (distance >= closest) {
      if (static_cast<double>(passes) > target) break;  // and only further away from here
      continue;
    }
    closest = distance;
    best = passes;
    high = word->first;
    const auto next = std::next(word);
    low = next == words.rend() ? type.lowest() : next->first + 1;
  }
  proposal.proposed_threshold = std::clamp(seed.threshold, low, high);
  const Interval interval = garwood(best, 0.05);
  proposal.expected_rate_hz = {lhc::rate_hz(interval.low, crossings),
                               lhc::rate_hz(static_cast<double>(best), crossings),
                               lhc::rate_hz(interval.high, crossings)};
  return proposal;
}

}  // namespace vigil::monitors
