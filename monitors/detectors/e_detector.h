// The shape all e-detectors of this folder share: what turns a value into log-likelihood ratios, the alternatives that
// gather them, and the parameters that all have.
// Tests: tests/monitors/detector_alternatives_test.cpp.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "monitors/detectors/alternatives.h"
#include "monitors/detectors/likelihood_sums.h"
#include "monitors/detectors/parameters.h"

namespace vigil::monitors {

// Steps: `std::size_t size() const`, the number of alternatives; `void operator()(const Observed&, double* steps)
// const`, or where they are linear in two numbers `std::pair<double, double> operator()(const Observed&) const` and the
// terms of Alternatives::set_terms; where values can be wrong, `void check(const Observed&) const`, which throws Error.
template <class Steps>
class EDetector {
 public:
  EDetector(const char* name, Steps steps, Alternatives alternatives)
      : name_(name), of_(std::move(steps)), alternatives_(std::move(alternatives)) {
    if constexpr (kLinear) {
      alternatives_.set_terms(of_.constant, of_.of_x, of_.of_y);
    } else {
      steps_.resize(of_.size());
    }
  }
  bool feed(const Observed& o, std::uint64_t at) {
    check(o);
    if constexpr (kLinear) {
      const auto [x, y] = of_(o);
      return alternatives_.feed(x, y, at);
    } else {
      of_(o, steps_.data());
      return alternatives_.feed(steps_, at);
    }
  }
  void check(const Observed& o) const {
    if constexpr (requires { of_.check(o); }) of_.check(o);
  }
  double value() const { return alternatives_.value(); }
  double limit() const { return alternatives_.limit(); }
  std::uint64_t change_point() const { return alternatives_.change_point(); }
  std::string save() const { return alternatives_.save(); }
  void load(std::string_view text) { alternatives_.load(text, name_); }

 private:
  static constexpr bool kLinear = requires(const Steps& s, const Observed& o) { s(o); };
  const char* name_;
  Steps of_;
  std::vector<double> steps_;
  Alternatives alternatives_;
};

// Reads what all have: weights (as many as alternatives; `weights` where none are given, equal where that is empty),
// form, log_threshold, latch.
struct EDetectorParameters {
  bool cusum = false;
  double limit = 0;
  bool latch = true;
  explicit EDetectorParameters(ParameterReader& read);
};
Alternatives read_alternatives(ParameterReader& read, const EDetectorParameters& parameters, std::size_t n,
                               std::vector<double> weights = {});

// The last things to do: every parameter was asked for.
template <class Steps>
Detector make_e_detector(const char* name, ParameterReader& read, Steps steps, std::vector<double> weights = {}) {
  const EDetectorParameters parameters(read);
  Alternatives alternatives = read_alternatives(read, parameters, steps.size(), std::move(weights));
  read.finish();
  return Detector(EDetector<Steps>(name, std::move(steps), std::move(alternatives)));
}

// Ratios linear in value and exposure.
struct LinearSteps {
  std::vector<double> constant{}, of_x{}, of_y{};
  std::size_t size() const { return constant.size(); }
  std::pair<double, double> operator()(const Observed& o) const { return {o.value, o.exposure}; }
  void add(const LinearStep& step) {
    constant.push_back(0);
    of_x.push_back(step.of_value);
    of_y.push_back(step.of_exposure);
  }
};

}  // namespace vigil::monitors
