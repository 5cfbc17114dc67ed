#include "bench/detection/scenarios.h"

#include <cmath>

namespace vigil::bench {

Moments moments(const Law& law) {
  if (law.kind == Law::Kind::bernoulli) return {law.mean, std::sqrt(law.mean * (1 - law.mean))};
  if (law.kind == Law::Kind::rounded) return {law.mean, std::sqrt(law.sd * law.sd + 1.0 / 12)};
  return {law.mean, law.sd};
}

void Source::fill(const Law& law, std::span<double> values) {
  switch (law.kind) {
    case Law::Kind::normal:
      for (double& x : values) x = law.mean + law.sd * normal_(random_);
      return;
    case Law::Kind::rounded:
      for (double& x : values) x = std::round(law.mean + law.sd * normal_(random_));
      return;
    case Law::Kind::autoregressive:
      for (double& x : values) {
        last_ = 0.5 * last_ + std::sqrt(0.75) * normal_(random_);
        x = law.mean + law.sd * last_;
      }
      return;
    case Law::Kind::bernoulli:
      for (double& x : values) x = static_cast<double>(random_() >> 11) * 0x1p-53 < law.mean ? 1 : 0;
      return;
  }
}

std::vector<Scenario> scenarios() {
  using Kind = Law::Kind;
  std::vector<Scenario> all;
  const auto add = [&](std::string name, Law null, Law changed) { all.push_back({std::move(name), null, changed}); };
  const Law normal{Kind::normal};
  for (const double shift : {0.1, 0.25, 0.5, 1.0}) {
    std::string text = std::to_string(shift);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    add("mean + " + text + " sd", normal, {Kind::normal, shift});
  }
  add("variance x 2", normal, {Kind::normal, 0, std::sqrt(2.0)});
  add("score in whole numbers, mean + 0.25 sd", {Kind::rounded}, {Kind::rounded, 0.25});
  add("AR(1) 0.5, mean + 0.5 sd", {Kind::autoregressive}, {Kind::autoregressive, 0.5});
  for (const double p : {0.1, 0.001}) {
    for (const double factor : {1.2, 2.0, 3.0}) {
      const std::string times = factor == 1.2 ? "1.2" : factor == 2 ? "2" : "3";
      add("rate " + std::string(p == 0.1 ? "0.1" : "0.001") + " x " + times, {Kind::bernoulli, p},
          {Kind::bernoulli, p * factor});
      if (p == 0.001) {
        all.back().history = 100'000;
        all.back().most = 2'000'000;
      }
    }
  }
  add("mismatch 0 to 1e-4", {Kind::bernoulli, 0}, {Kind::bernoulli, 1e-4});
  return all;
}

}  // namespace vigil::bench
