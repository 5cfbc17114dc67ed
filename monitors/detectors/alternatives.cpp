// Tested in tests/monitors/detector_test.cpp.
#include "monitors/detectors/alternatives.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/error.h"
#include "core/json_text.h"

namespace vigil::monitors {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr double kCap = 1.5;  // of the limit

// ln(1 + e^x).
double log_one_plus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

}  // namespace

Alternatives::Alternatives(std::vector<double> weights, bool cusum, double limit, bool latch)
    : log_weights_(std::move(weights)), cusum_(cusum), limit_(limit), latch_(latch) {
  const double sum = std::accumulate(log_weights_.begin(), log_weights_.end(), 0.0);
  for (double& w : log_weights_) w = std::log(w / sum);
  states_.assign(log_weights_.size(), {kNone, 0, 0});
}

bool Alternatives::feed(const std::vector<double>& steps, std::uint64_t at) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    State& s = states_[i];
    s.log_r = (cusum_ ? std::max(0.0, s.log_r) : log_one_plus(s.log_r)) + steps[i];
    if (s.sum <= 0) {
      s.sum = 0;
      s.since = at;
    }
    s.sum += steps[i];
  }
  const double now = value();
  const bool over = now >= limit_;
  if (!latch_) return over;
  const bool alarm = over && !open_;
  open_ = over || (open_ && now > limit_ / 2);
  if (const double excess = now - kCap * limit_; excess > 0) {
    for (State& s : states_) s.log_r -= excess;
  }
  return alarm;
}

double Alternatives::value() const {
  double most = kNone;
  for (std::size_t i = 0; i < states_.size(); ++i) most = std::max(most, log_weights_[i] + states_[i].log_r);
  if (most == kNone) return kNone;
  double sum = 0;
  for (std::size_t i = 0; i < states_.size(); ++i) sum += std::exp(log_weights_[i] + states_[i].log_r - most);
  return most + std::log(sum);
}

std::uint64_t Alternatives::change_point() const {
  return std::max_element(states_.begin(), states_.end(), [](const State& a, const State& b) { return a.sum < b.sum; })
      ->since;
}

std::string Alternatives::save() const {
  nlohmann::json states = nlohmann::json::array();
  for (const State& s : states_) {
    states.push_back({s.log_r == kNone ? nlohmann::json() : nlohmann::json(s.log_r), s.sum, s.since});
  }
  return json_text(nlohmann::json{{"open", open_}, {"states", std::move(states)}});
}

void Alternatives::load(std::string_view text, const char* where) {
  try {
    const auto json = nlohmann::json::parse(text);
    std::vector<State> states;
    for (const auto& s : json.at("states")) {
      states.push_back(
          {s.at(0).is_null() ? kNone : s.at(0).get<double>(), s.at(1).get<double>(), s.at(2).get<std::uint64_t>()});
    }
    if (states.size() != states_.size()) {
      throw Error(where, std::to_string(states.size()) + " alternatives", std::to_string(states_.size()));
    }
    open_ = json.at("open").get<bool>();
    states_ = std::move(states);
  } catch (const nlohmann::json::exception& error) {
    throw Error(where, error.what(), "what save() wrote");
  }
}

}  // namespace vigil::monitors
