#include "monitors/rate_alternatives.h"

#include <array>
#include <cmath>

#include "monitors/intervals.h"

namespace vigil::monitors {
namespace {

constexpr std::array kRatios{0.5,  0.7,  0.8,  0.9, 0.93, 0.95, 0.97, 0.98, 1.02,
                             1.03, 1.05, 1.07, 1.1, 1.25, 1.5,  2.0,  3.0,  5.0};

}  // namespace

RateAlternatives::RateAlternatives(const std::vector<SeedPasses>& strata, double risk) {
  const double each = risk / static_cast<double>(strata.size());
  std::vector<Interval> means;
  for (const SeedPasses& stratum : strata) means.push_back(garwood(stratum.passes, each));
  for (const double rho : kRatios) {
    const auto part = [&](std::size_t s) {
      return (rho > 1 ? means[s].high : means[s].low) / static_cast<double>(strata[s].events);
    };
    bool any = false;
    for (std::size_t s = 0; s < strata.size(); ++s) any = any || part(s) > 0;
    if (!any) continue;
    ratios_.push_back(rho);
    bets_.resize(strata.size());
    for (std::size_t s = 0; s < strata.size(); ++s) {
      bets_[s].push_back(part(s) > 0 ? Bet{std::log(rho), (rho - 1) * part(s)} : Bet{});
    }
  }
  weights_.assign(ratios_.size(), 1);
}

std::vector<double> RateAlternatives::steps(std::uint64_t passes, std::uint64_t events, std::size_t stratum) const {
  std::vector<double> steps;
  for (const Bet& bet : bets_[stratum]) {
    steps.push_back(static_cast<double>(passes) * bet.log_ratio - bet.cost * static_cast<double>(events));
  }
  return steps;
}

std::vector<double> RateAlternatives::steps_of(std::uint64_t passes, double low, double high) const {
  std::vector<double> steps;
  for (const double rho : ratios_) {
    const double expected = rho > 1 ? high : low;
    steps.push_back(expected > 0 ? static_cast<double>(passes) * std::log(rho) - (rho - 1) * expected : 0);
  }
  return steps;
}

}  // namespace vigil::monitors
