// Tested in tests/monitors/detector_alternatives_test.cpp.
#include "monitors/detectors/alternatives.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "monitors/detectors/fields.h"

namespace vigil::monitors {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr double kLn2 = std::numbers::ln2;
constexpr int kScale = 256;        // exponents are multiples of it
constexpr double kMostLog = 1e15;  // beyond it a double does not hold a logarithm to less than 1
constexpr double kNothing = -40;   // ln of less than 1 + x shows in double precision
constexpr double kLost = 0x1p-54;  // 1 + x is 1 in double precision
constexpr double kUp = 0x1p256, kDown = 0x1p-256;

// ln(1 + e^x).
double log_one_plus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

}  // namespace

Alternatives::Alternatives(std::vector<double> weights, bool cusum, double limit, bool latch)
    : n_(weights.size()),
      weight_(std::move(weights)),
      cusum_(cusum),
      episode_(limit, latch),
      surely_below_(std::exp(limit) * (1 - 1e-9)) {
  const double sum = std::accumulate(weight_.begin(), weight_.end(), 0.0);
  for (double& w : weight_) w /= sum;
  const std::size_t size = (n_ + kStepLanes - 1) / kStepLanes * kStepLanes;
  weight_.resize(size);
  r_.resize(size);
  exponent_.resize(size);
  one_.assign(size, 1);
  sum_.resize(size);
  since_.resize(size);
  steps_.resize(size);
}

double Alternatives::log_r(std::size_t i) const { return r_[i] > 0 ? std::log(r_[i]) + exponent_[i] * kLn2 : kNone; }

void Alternatives::set_log_r(std::size_t i, double log_r) {
  log_r = std::min(log_r, kMostLog);
  exponent_[i] = log_r < -kMostLog ? 0 : kScale * std::round(log_r / (kScale * kLn2));
  r_[i] = std::exp(log_r - exponent_[i] * kLn2);
}

// What follows from r_ and exponent_.
void Alternatives::refresh() {
  scaled_ = false;
  for (std::size_t i = 0; i < n_; ++i) {
    one_[i] = exponent_[i] == 0 ? 1 : std::exp2(-exponent_[i]);
    scaled_ = scaled_ || exponent_[i] != 0;
  }
  total_ = weighted_total(weight_.size(), weight_.data(), r_.data());
}

void Alternatives::keep_in_range() {
  for (std::size_t i = 0; i < n_; ++i) {
    for (; r_[i] > kUp; exponent_[i] += kScale) r_[i] *= kDown;
    for (; exponent_[i] > 0 && r_[i] < kDown; exponent_[i] -= kScale) r_[i] *= kUp;
  }
  refresh();
}

void Alternatives::step_in_logarithms(const StepSource& source, std::uint64_t at) {
  double best = kNone;  // no R becomes less than its step
  for (std::size_t i = 0; i < n_; ++i) {
    const double all = source.of_x == nullptr
                           ? source.constant[i]
                           : source.constant[i] + source.of_x[i] * source.x + source.of_y[i] * source.y;
    steps_[i] = std::min(all, kMostLog);
    best = std::max(best, steps_[i]);
  }
  for (std::size_t i = 0; i < n_; ++i) {
    const double step = steps_[i];
    // What is nothing beside 1 and beside the best needs no logarithm: most alternatives of most steps.
    const double most = r_[i] > 0 ? std::max(0.0, (std::ilogb(r_[i]) + 1 + exponent_[i]) * kLn2) + kLn2 : 0;
    if (most + step < kNothing && most + step < best + kNothing) {
      r_[i] = exponent_[i] = 0;
    } else {
      set_log_r(i, (cusum_ ? std::max(0.0, log_r(i)) : log_one_plus(log_r(i))) + step);
    }
    if (!(sum_[i] > 0)) {
      sum_[i] = 0;
      since_[i] = at;
    }
    sum_[i] += step;
  }
  refresh();
}

void Alternatives::lower(double by) {
  if (!scaled_ && by < 2 * kLargestStep) {
    const double factor = std::exp(-by);
    for (double& r : r_) r *= factor;
  } else {
    for (std::size_t i = 0; i < n_; ++i) set_log_r(i, log_r(i) - by);
  }
  refresh();
}

bool Alternatives::feed(const std::vector<double>& steps, std::uint64_t at) {
  std::copy(steps.begin(), steps.end(), steps_.begin());
  const bool small = std::all_of(steps.begin(), steps.end(), [](double b) { return std::abs(b) <= kLargestStep; });
  return feed_source({steps_.data()}, small, at);
}

void Alternatives::set_terms(std::vector<double> constant, std::vector<double> of_x, std::vector<double> of_y) {
  const auto take = [this](std::vector<double>& into, std::vector<double>& from, double& most) {
    into = std::move(from);
    into.resize(weight_.size());
    most = 0;
    for (const double term : into) most = std::max(most, std::abs(term));
  };
  take(constant_, constant, most_constant_);
  take(of_x_, of_x, most_x_);
  take(of_y_, of_y, most_y_);
}

bool Alternatives::feed(double x, double y, std::uint64_t at) {
  const bool small = most_constant_ + most_x_ * std::abs(x) + most_y_ * std::abs(y) <= kLargestStep;
  return feed_source({constant_.data(), of_x_.data(), of_y_.data(), x, y}, small, at);
}

bool Alternatives::feed_source(const StepSource& source, bool small, std::uint64_t at) {
  if (scaled_) {  // beside 1 what is below 2^-128 is nothing
    bool changed = false;
    for (std::size_t i = 0; i < n_; ++i) {
      if (exponent_[i] >= 0) continue;
      r_[i] = exponent_[i] = 0;
      changed = true;
    }
    if (changed) refresh();
  }
  if (!small) {
    step_in_logarithms(source, at);
  } else {
    const StepResult result = step_all(
        cusum_, {weight_.size(), weight_.data(), one_.data(), r_.data(), sum_.data(), since_.data()}, source, at);
    total_ = result.total;
    if (result.most > kUp || (scaled_ && result.least < kDown)) keep_in_range();
  }
  // The logarithm is taken only where it can matter.
  if (!scaled_ && !episode_.open() && total_ < surely_below_) return false;
  const double now = value();
  const bool alarm = episode_.step(now);
  if (const double excess = now - kCap * limit(); episode_.latch() && excess > 0) lower(excess);
  return alarm;
}

double Alternatives::value() const {
  if (!scaled_ && total_ > 0) return std::log(total_);
  double most = kNone;
  for (std::size_t i = 0; i < n_; ++i) most = std::max(most, std::log(weight_[i]) + log_r(i));
  if (most == kNone) return kNone;
  double sum = 0;
  for (std::size_t i = 0; i < n_; ++i) sum += std::exp(std::log(weight_[i]) + log_r(i) - most);
  return most + std::log(sum);
}

std::uint64_t Alternatives::change_point() const {
  const auto end = sum_.begin() + static_cast<std::ptrdiff_t>(n_);
  return since_[static_cast<std::size_t>(std::max_element(sum_.begin(), end) - sum_.begin())];
}

std::vector<std::uint64_t> Alternatives::change_points(double least) const {
  std::vector<std::uint64_t> points;
  for (std::size_t i = 0; i < n_; ++i) {
    if (sum_[i] > 0 && std::log(weight_[i]) + log_r(i) >= least) points.push_back(since_[i]);
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  if (points.empty()) points.push_back(change_point());
  return points;
}

void Alternatives::forget() {
  for (std::size_t i = 0; i < n_; ++i) {
    const bool is_lost = cusum_ ? r_[i] < one_[i] : r_[i] < kLost * one_[i];
    if (is_lost) r_[i] = exponent_[i] = 0;
    if (sum_[i] > 0) continue;
    sum_[i] = 0;
    since_[i] = 0;
  }
  refresh();
}

std::string Alternatives::save() const { return save_fields(*this); }
void Alternatives::load(std::string_view text, const char* where) { load_fields(*this, text, where); }

// Checks what was read, and derives what was not.
bool Alternatives::consistent() {
  const std::size_t size = weight_.size();
  if (r_.size() != size || exponent_.size() != size || sum_.size() != size || since_.size() != size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    if (!(r_[i] >= 0) || r_[i] > kUp * kUp || std::remainder(exponent_[i], kScale) != 0) return false;
  }
  refresh();
  return true;
}

}  // namespace vigil::monitors
