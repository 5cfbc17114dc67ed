// What all e-detectors share (Shin, Ramdas, Rinaldo 2022, arXiv:2203.03532): a weighted set of alternatives, each with
// its e-process R, started anew at every step (sr) or at the best one (cusum); all in logarithms, without overflow.
// Used by the e-detectors of this folder.
// Tests: tests/monitors/detector_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vigil::monitors {

class Alternatives {
 public:
  // `weights` > 0, one an alternative; scaled to sum 1. `capped`: the statistic stays at or below 1.5 `limit`, so that
  // the end of a fault shows.
  Alternatives(std::vector<double> weights, bool cusum, double limit, bool latch);

  // `steps`: the log-likelihood ratio of this step under each alternative. Returns whether it alarms: with latch only
  // where no alarm is open; one is until the statistic is at or below half the limit.
  bool feed(const std::vector<double>& steps, std::uint64_t at);
  double value() const;  // ln sum w R
  double limit() const { return limit_; }
  // Where the log-likelihood ratio of the leading alternative was last at its least.
  std::uint64_t change_point() const;

  std::string save() const;
  void load(std::string_view text, const char* where);  // throws Error

 private:
  struct State {
    double log_r = 0;  // ln R; -infinity is written as null
    double sum = 0;    // log-likelihood ratio since `since`, which moves on once it is not above 0
    std::uint64_t since = 0;
  };
  std::vector<double> log_weights_;
  bool cusum_;
  double limit_;
  bool latch_;
  std::vector<State> states_;
  bool open_ = false;
};

}  // namespace vigil::monitors
