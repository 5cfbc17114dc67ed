// What may become of the part of events a seed passes, as bets against a reference of finite size. Used by the
// sequential rule of seeds. Immutable.
// Tests: tests/monitors/shape_alternatives_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "monitors/subject.h"

namespace vigil::monitors {

// Ratios rho of the mean: e_poisson's defaults, 3 and 5. The mean of each bet is at most 1 while the part is inside its
// Garwood interval of the reference, which holds but for `risk`; for passes of a fixed number of events too, which
// scatter less than Poisson's.
class RateAlternatives {
 public:
  // `passes` of `events` > 0 in the reference; `risk` in (0, 1).
  RateAlternatives(std::uint64_t passes, std::uint64_t events, double risk)
      : RateAlternatives({{passes, events}}, risk) {}
  // Of a reference in strata, each with its part; one without passes is not bet on to fall.
  RateAlternatives(const std::vector<SeedPasses>& strata, double risk);

  const std::vector<double>& weights() const { return weights_; }
  // ln of each bet on `passes` of `events` of a stratum.
  std::vector<double> steps(std::uint64_t passes, std::uint64_t events, std::size_t stratum = 0) const;
  // The same of passes of which between `low` and `high` are expected.
  std::vector<double> steps_of(std::uint64_t passes, double low, double high) const;

 private:
  struct Bet {
    double log_ratio = 0;
    double cost = 0;  // of an event: (rho - 1) times the part
  };
  std::vector<double> ratios_;
  std::vector<std::vector<Bet>> bets_;  // [stratum][alternative]
  std::vector<double> weights_;
};

}  // namespace vigil::monitors
