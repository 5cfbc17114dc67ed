// E-detector of a probability: passes of trials against p0. Steps: the likelihood ratio of the counts.
// Tested in tests/monitors/detector_test.cpp.
#include <cmath>

#include "monitors/detectors/alternatives.h"
#include "monitors/detectors/parameters.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "e_bernoulli";
constexpr double kHighest = 0.9;       // of the default alternatives
constexpr double kLeastEvidence = 10;  // e^limit times the divergence: fewer only count time

class EBernoulli {
 public:
  EBernoulli(double p0, const std::vector<double>& p1, Alternatives alternatives)
      : alternatives_(std::move(alternatives)) {
    for (const double p : p1) {
      pass_.push_back(std::log(p / p0));
      fail_.push_back(std::log1p(-p) - std::log1p(-p0));
    }
  }
  bool feed(const Observed& o, std::uint64_t at) {
    std::vector<double> steps(pass_.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps[i] = o.value * pass_[i] + (o.exposure - o.value) * fail_[i];
    }
    return alternatives_.feed(steps, at);
  }
  double value() const { return alternatives_.value(); }
  double limit() const { return alternatives_.limit(); }
  std::uint64_t change_point() const { return alternatives_.change_point(); }
  std::string save() const { return alternatives_.save(); }
  void load(std::string_view text) { alternatives_.load(text, kName); }

 private:
  std::vector<double> pass_, fail_;  // of one trial, by alternative
  Alternatives alternatives_;
};

double divergence(double p, double q) { return p * std::log(p / q) + (1 - p) * (std::log1p(-p) - std::log1p(-q)); }

}  // namespace

// Default alternatives: p0 times (1.2 1.5 2 3 5 10 100 1e3 1e4) sharing 0.8, p0 over (1.2 1.5 2 3) sharing 0.2, without
// those above 0.9 or without evidence enough; a side left empty gives its share to the other.
Detector make_e_bernoulli(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const double p0 = read.number("p0", {}, 0, 1);
  std::vector<double> p1 = read.numbers("p1", 0, 1);
  std::vector<double> weights = read.numbers("weights", 0, 1e300);
  const bool cusum = read.one_of("form", "sr", {"sr", "cusum"}) == "cusum";
  const double limit = read.number("log_threshold", std::log(1e6), 0, 1e300);
  const bool latch = read.boolean("latch", true);
  const std::string side = read.one_of("side", "both", {"both", "up", "down"});  // of the default alternatives
  read.finish();
  if (p1.empty()) {
    if (!weights.empty()) read.refuse("weights", "given without p1", "p1 too");
    const auto usable = [&](double p) {
      return p <= kHighest && divergence(p, p0) * std::exp(limit) >= kLeastEvidence;
    };
    std::vector<double> up, down;
    for (const double factor : {1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0, 1e3, 1e4}) {
      if (side != "down" && usable(p0 * factor)) up.push_back(p0 * factor);
    }
    for (const double factor : {1.2, 1.5, 2.0, 3.0}) {
      if (side != "up" && usable(p0 / factor)) down.push_back(p0 / factor);
    }
    if (up.empty() && down.empty()) read.refuse("p1", "no default has evidence enough at this p0", "a list");
    for (const double p : up) {
      p1.push_back(p);
      weights.push_back((down.empty() ? 1.0 : 0.8) / static_cast<double>(up.size()));
    }
    for (const double p : down) {
      p1.push_back(p);
      weights.push_back((up.empty() ? 1.0 : 0.2) / static_cast<double>(down.size()));
    }
  }
  if (weights.empty()) weights.assign(p1.size(), 1);
  if (weights.size() != p1.size()) {
    read.refuse("weights", std::to_string(weights.size()), std::to_string(p1.size()) + ", as many as p1");
  }
  return Detector(EBernoulli(p0, p1, Alternatives(std::move(weights), cusum, limit, latch)));
}

}  // namespace vigil::monitors
