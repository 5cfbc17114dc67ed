// Limits from good recordings. A pass judges every lumisection as a monitor would and keeps, for each rule, the largest
// effect that was certain and how often it turned bad; the sizes of a first pass make the limits, and what a second
// pass with these limits counts is what they cost. Used by `vigil calibrate`. One owner.
// Tests: tests/monitors/calibration_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitors/limits_file.h"
#include "monitors/rule.h"
#include "monitors/stream_monitor.h"

namespace vigil::monitors {

class CalibrationPass {
 public:
  // `model` must outlive it. `settings` with limits: those are judged by.
  CalibrationPass(const ModelInfo& model, std::string stream, MonitorSettings settings, const References& reference);

  void close(ClosedLumisection&& closed);
  void end();

  std::uint64_t judged_ls() const { return judged_ls_; }
  // Known verdicts of all rules that have an effect size.
  std::uint64_t windows() const;

  // What a change must measure to be bad: twice the largest effect of the pass, from a twentieth of the statistic's
  // default to the default; medium is half of that.
  std::vector<RuleLimit> limits() const;
  // `limits` with what `with_them`, a pass by these limits over the same lumisections, says of their cost, and how soon
  // they see.
  LimitsFile file(const std::vector<RuleLimit>& limits, const CalibrationPass& with_them) const;

 private:
  struct OfRule {
    std::string window;
    Rule rule;
    std::string statistic;  // as verdicts name it
    std::uint64_t windows = 0;
    double largest = 0;
    std::uint64_t pages = 0;
    Quality last = Quality::unknown;
  };
  void take(const JudgedWindow& window);

  const ModelInfo& model_;
  MonitorSettings settings_;
  References reference_;
  std::string stream_;
  StreamMonitor monitor_;
  std::vector<OfRule> rules_;
  std::vector<ReferenceRange> ranges_;
  std::uint64_t judged_ls_ = 0;  // of the runs that ended
  std::uint64_t lumisections_ = 0;
  double events_ = 0, crossings_ = 0;
};

}  // namespace vigil::monitors
