// Tuning to a false-alarm rate, and delays at it.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "bench/detection/candidates.h"

namespace vigil::bench {

// `values` null values from one seed, on which everything is tuned.
class Null {
 public:
  Null(const Law& law, std::size_t n);
  // The mildest value of the tuned parameter with at most one alarm in `values_an_alarm`, to a percent or so of its
  // range; nullopt where even the strictest has more. The mildest of all where none has more.
  std::optional<double> tune(const Candidate& candidate, double values_an_alarm) const;

 private:
  std::size_t alarms(const Candidate& candidate, double value, std::size_t n, std::size_t enough) const;
  std::vector<double> plain_;
  mutable std::map<std::string, std::vector<double>> traces_;
};

// Over rows without an alarm before the change; others are drawn anew, up to ten a row.
struct Delay {
  std::size_t rows = 0;    // that there are
  double mean = 0;         // values from the change to the alarm, both included
  double error = 0;        // standard error of it
  std::size_t missed = 0;  // rows without alarm, which count with all their values
};

Delay delay(const Scenario& scenario, const Candidate& candidate, double value);

// Row `row` of a scenario, `n` values of it.
std::vector<double> row_of(const Scenario& scenario, const Candidate& candidate, std::size_t row, std::size_t n);

}  // namespace vigil::bench
