// Cumulative sums whose steps are log-likelihood ratios linear in count and exposure, one ratio for each direction of a
// change. Used by the detectors of this folder that are fed rows of two.
// Tests: tests/monitors/detector_test.cpp.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/two_sided_sums.h"

namespace vigil::monitors {

// A step: value * `of_value` + exposure * `of_exposure`.
struct LinearStep {
  double of_value = 0;
  double of_exposure = 0;
  double operator()(const Observed& o) const { return o.value * of_value + o.exposure * of_exposure; }
};

// count ln rho - (rho - 1) rate exposure.
inline LinearStep poisson_step(double rate, double rho) { return {std::log(rho), -(rho - 1) * rate}; }
// passes ln(p1/p0) + (trials - passes) ln((1 - p1)/(1 - p0)).
inline LinearStep binomial_step(double p0, double p1) {
  const double fail = std::log1p(-p1) - std::log1p(-p0);
  return {std::log(p1 / p0) - fail, fail};
}

class LikelihoodSums {
 public:
  LikelihoodSums(const char* name, LinearStep up, LinearStep down, TwoSidedSums sums)
      : name_(name), up_(up), down_(down), sums_(sums) {}
  bool feed(const Observed& o, std::uint64_t at) { return sums_.feed(up_(o), down_(o), at); }
  double value() const { return sums_.value(); }
  double limit() const { return sums_.limit(); }
  std::uint64_t change_point() const { return sums_.change_point(); }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, name_); }
  static void fields(auto& self, auto&& field) { TwoSidedSums::fields(self.sums_, field); }

 private:
  const char* name_;
  LinearStep up_, down_;
  TwoSidedSums sums_;
};

}  // namespace vigil::monitors
