// What all e-detectors share (Shin, Ramdas, Rinaldo 2022, arXiv:2203.03532): a weighted set of alternatives, each with
// its e-process R, started anew at every step (sr) or at the best one (cusum). Held as r 2^k, so that it neither
// overflows nor underflows and no logarithm is taken until somebody looks. Used by the e-detectors of this folder and
// by sequential rules.
// Tests: tests/monitors/detector_alternatives_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "monitors/detectors/episode.h"
#include "monitors/detectors/step_kernel.h"

namespace vigil::monitors {

class Alternatives {
 public:
  // `weights` > 0, one an alternative; scaled to sum 1. `cusum`: the form of that name, else sr. `latch`: one alarm an
  // episode, and the statistic stays at or below 1.5 `limit`, so that the end of a fault shows.
  Alternatives(std::vector<double> weights, bool cusum, double limit, bool latch);

  // `steps`: the log-likelihood ratio of this step under each alternative, -infinity allowed. Returns whether it
  // alarms: with latch only where no alarm is open; one is until the statistic is at or below half the limit.
  bool feed(const std::vector<double>& steps, std::uint64_t at);
  // The same for steps constant + of_x x + of_y y, which are then not written down: faster. Terms given once, one of
  // each an alternative.
  void set_terms(std::vector<double> constant, std::vector<double> of_x, std::vector<double> of_y);
  bool feed(double x, double y, std::uint64_t at);
  // ln sum w R; -infinity before the first step.
  double value() const;
  double limit() const { return episode_.limit(); }
  // Where the log-likelihood ratio of the leading alternative was last at its least.
  std::uint64_t change_point() const;
  // The same of every alternative whose ln w R is at least `least`, each once, ascending; change_point() where none is.
  std::vector<std::uint64_t> change_points(double least) const;
  // Drops what the next step does not see beside 1, so that a saved state is short. The future stays the same to the
  // last bit, value() until the next step does not.
  void forget();

  std::string save() const;
  void load(std::string_view text, const char* where);  // throws Error
  static void fields(auto& self, auto&& field) {
    Episode::fields(self.episode_, field);
    field("r", self.r_);
    field("exponent", self.exponent_);
    field("sum", self.sum_);
    field("since", self.since_);
  }
  bool consistent();

 private:
  double log_r(std::size_t i) const;
  void set_log_r(std::size_t i, double log_r);
  bool feed_source(const StepSource& source, bool small, std::uint64_t at);
  void step_in_logarithms(const StepSource& source, std::uint64_t at);
  void lower(double by);
  void keep_in_range();
  void refresh();

  std::size_t n_;
  std::vector<double> weight_;  // these arrays are filled up to whole vectors, with weight 0
  bool cusum_;
  Episode episode_;
  double surely_below_;                           // sum w R below this is below the limit
  std::vector<double> r_, exponent_, one_, sum_;  // R = r 2^exponent; one = 2^-exponent
  std::vector<std::uint64_t> since_;
  std::vector<double> steps_;
  std::vector<double> constant_, of_x_, of_y_;
  double most_constant_ = 0, most_x_ = 0, most_y_ = 0;  // of each term in size
  double total_ = 0;                                    // sum w r
  bool scaled_ = false;                                 // an exponent is not 0
};

}  // namespace vigil::monitors
