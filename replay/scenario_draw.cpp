#include "replay/scenario_draw.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "core/lhc.h"
#include "replay/scenario_random.h"

namespace vigil::replay {

namespace {

constexpr double kWeightUnit = 1 << 20;
constexpr double kLargestTilt = 32;
constexpr double kLargestBoost = 1 << 14;

}  // namespace

EventDraw::EventDraw(const Scenario& scenario, const EventPool& pool, const std::vector<PreparedFault>& faults,
                     const ModelInfo& model)
    : scenario_(scenario), pool_(pool), faults_(faults), passes_(faults.size()) {
  for (const BunchTrain& train : scenario.trains) {
    for (std::uint32_t i = 0; i < train.length; ++i) filled_.push_back(train.start + i);
  }
  if (filled_.empty()) throw Error("scenario", "has no filled crossing", "trains");
  for (std::size_t f = 0; f < faults.size(); ++f) {
    if (faults[f].fault.type != FaultType::rate_change) continue;
    const Seed& seed = model.seeds[faults[f].seed];
    const std::size_t column = model.seed_column(seed);
    std::size_t passing = 0;
    for (std::size_t m = 0; m < pool.size(); ++m) {
      const bool pass = pool.outputs(m)[column] >= seed.threshold;
      passes_[f].push_back(pass);
      passing += pass ? 1 : 0;
    }
    const double fraction = static_cast<double>(passing) / static_cast<double>(pool.size());
    if (passing == 0 || fraction >= 1 || fraction * faults[f].fault.factor >= 1) {
      throw Error(faults[f].fault.where,
                  "seed " + seed.name + " passes " + std::to_string(passing) + " of " + std::to_string(pool.size()) +
                      " events of the pool",
                  "a fraction above 0 that stays below 1 after the factor");
    }
  }
}

// Members are equally likely at the initial pile-up; later, weights tilt towards events with fewer vertices.
// rate_change multiplies the weights of passing members by the boost g that turns their fraction p into factor * p: p g
// / (p g + 1 - p) = f p, so g = f (1 - p) / (1 - f p).
std::vector<std::uint64_t> EventDraw::cumulative_weights(std::uint32_t ls) const {
  const double tilt = scenario_.pileup_slope * (relative_luminosity(scenario_, ls) - 1);
  std::vector<std::uint64_t> weights(pool_.size());
  for (std::size_t m = 0; m < weights.size(); ++m) {
    const double weight = std::clamp(1 + tilt * pool_.pileup_excess(m), 1 / kWeightUnit, kLargestTilt);
    weights[m] = static_cast<std::uint64_t>(weight * kWeightUnit + 0.5);
  }
  for (std::size_t f = 0; f < faults_.size(); ++f) {
    if (passes_[f].empty() || !faults_[f].fault.active(ls)) continue;
    std::uint64_t passing = 0, all = 0;
    for (std::size_t m = 0; m < weights.size(); ++m) {
      all += weights[m];
      if (passes_[f][m]) passing += weights[m];
    }
    const double p = static_cast<double>(passing) / static_cast<double>(all), factor = faults_[f].fault.factor;
    const double boost = factor * p < 1 ? std::min(factor * (1 - p) / (1 - factor * p), kLargestBoost) : kLargestBoost;
    for (std::size_t m = 0; m < weights.size(); ++m) {
      if (passes_[f][m]) weights[m] = static_cast<std::uint64_t>(static_cast<double>(weights[m]) * boost + 0.5);
    }
  }
  for (std::size_t m = 1; m < weights.size(); ++m) weights[m] += weights[m - 1];
  return weights;
}

std::vector<DrawnEvent> EventDraw::draw(std::uint32_t ls) const {
  const std::vector<std::uint64_t> cumulative = cumulative_weights(ls);
  const auto member = [&](std::uint64_t word) {
    const std::uint64_t at = scale_to(word, cumulative.back());
    return static_cast<std::uint32_t>(std::upper_bound(cumulative.begin(), cumulative.end(), at) - cumulative.begin());
  };
  Random random(mix({scenario_.seed, scenario_.run, ls}));
  const double mean = scenario_.events_per_ls * relative_luminosity(scenario_, ls);
  std::vector<DrawnEvent> events(random.count(static_cast<std::uint64_t>(mean + 0.5)));
  const std::uint32_t orbits = lhc::kOrbitsPerLumisection - scenario_.heartbeats_per_ls;
  for (DrawnEvent& event : events) {  // a fixed number of draws an event, whatever is drawn
    event.orbit = lhc::first_orbit(ls) + static_cast<std::uint32_t>(random.below(orbits));
    event.bx = filled_[random.below(filled_.size())];
    event.member = member(random.next());
    event.neighbour = member(random.next());
    event.source = static_cast<std::uint32_t>(random.below(scenario_.sources.size()));
    event.chance = random.next();
  }
  const auto when = [](const DrawnEvent& e) { return std::tuple(e.orbit, e.bx); };
  std::stable_sort(events.begin(), events.end(), [&](const auto& a, const auto& b) { return when(a) < when(b); });
  const auto same = [&](const auto& a, const auto& b) { return when(a) == when(b); };
  events.erase(std::unique(events.begin(), events.end(), same), events.end());
  return events;
}

}  // namespace vigil::replay
