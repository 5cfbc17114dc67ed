#include "monitors/threshold.h"

#include <algorithm>

#include "core/lhc.h"
#include "monitors/intervals.h"
#include "monitors/rate_curve.h"

namespace vigil::monitors {
namespace {

std::array<double, 3> with_interval(std::uint64_t passes, double crossings) {
  const Interval interval = garwood(passes, 0.05);
  return {lhc::rate_hz(interval.low, crossings), lhc::rate_hz(static_cast<double>(passes), crossings),
          lhc::rate_hz(interval.high, crossings)};
}

// The other seeds on this seed's word, by threshold.
std::vector<LadderStep> ladder_of(const Summary& window, const ModelInfo& model, std::size_t index) {
  const Seed& seed = model.seeds[index];
  std::vector<LadderStep> ladder;
  for (std::size_t i = 0; i < model.seeds.size(); ++i) {
    const Seed& other = model.seeds[i];
    if (i == index || other.output != seed.output || other.word != seed.word) continue;
    ladder.push_back(
        {other.name, other.threshold, with_interval(window.seeds[i].emulator, static_cast<double>(window.n_bx_own))});
  }
  std::stable_sort(ladder.begin(), ladder.end(),
                   [](const LadderStep& a, const LadderStep& b) { return a.threshold < b.threshold; });
  return ladder;
}

}  // namespace

ThresholdProposal solve_threshold(const Summary& window, const ModelInfo& model, std::size_t index,
                                  double target_rate_hz) {
  const Seed& seed = model.seeds[index];
  const FixedPoint& type = model.outputs[seed.output].type;
  const WordCounts& words = window.all.outputs[model.seed_column(seed)].words;
  const auto crossings = static_cast<double>(window.n_bx_own);

  ThresholdProposal proposal;
  proposal.seed = seed.name;
  proposal.current_threshold = seed.threshold;
  proposal.target_rate_hz = target_rate_hz;
  proposal.current_rate_hz = lhc::rate_hz(static_cast<double>(window.seeds[index].emulator), crossings);

  // With more events than crossings the scale of the rates is another, and of the target with it: the nearest stays.
  std::uint64_t events = 0;
  for (const auto& [word, count] : words) events += count;
  const std::uint64_t trials = std::max(events, window.n_bx_own);
  const RateCurve curve(words, type, trials);
  const double scale = trials == window.n_bx_own ? 1 : crossings / static_cast<double>(trials);
  const TargetThresholds found = curve.meet(target_rate_hz * scale);
  proposal.proposed_threshold = std::clamp(seed.threshold, found.nearest_from, found.nearest.threshold);
  proposal.expected_rate_hz = with_interval(curve.passes(proposal.proposed_threshold), crossings);
  if (events <= window.n_bx_own) {
    proposal.not_above = found.not_above;
    proposal.compatible = found.compatible;
    proposal.tie = found.tie;
  }
  proposal.lsb = type.to_real(1);
  proposal.ladder = ladder_of(window, model, index);
  return proposal;
}

}  // namespace vigil::monitors
