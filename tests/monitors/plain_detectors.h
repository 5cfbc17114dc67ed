// Detectors as the page defines them, one value at a time and nothing spared: what tests compare with and benchmarks
// measure against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace vigil::monitors {

// Every cut at every tick.
struct AdwinSettings {
  double delta = 0.002;
  int clock = 32, max_buckets = 5, least = 5, grace = 10;
  std::string rearm = "keep";
};

class PlainAdwin {
 public:
  explicit PlainAdwin(AdwinSettings settings) : s_(std::move(settings)) {}

  bool feed(double x, std::uint64_t at) {
    if (drop_) *this = PlainAdwin(s_);
    rows_[0].push_back({x, 0, at});
    width += 1;
    if (width > 1) variance += (width - 1) * (x - total / (width - 1)) * (x - total / (width - 1)) / width;
    total += x;
    for (std::size_t r = 0; rows_[r].size() == static_cast<std::size_t>(s_.max_buckets) + 1; ++r) {
      if (r + 1 == rows_.size()) rows_.emplace_back();
      const double n = std::pow(2, static_cast<double>(r));
      const Bucket a = rows_[r][0], b = rows_[r][1];
      const double apart = a.total / n - b.total / n;
      rows_[r + 1].push_back({a.total + b.total, a.variance + b.variance + n * n * apart * apart / (n + n), a.at});
      rows_[r].erase(rows_[r].begin(), rows_[r].begin() + 2);
    }
    if (open_ && ++since_cut_ >= kept_) open_ = false;
    if (++tick_ % s_.clock != 0 || width <= s_.grace) return false;
    bool cut = false;
    for (; differs(); cut = true) drop_oldest();
    if (!cut) return false;
    if (s_.rearm == "reset") return drop_ = true;
    const bool alarm = !open_ || s_.rearm == "moa";
    open_ = true;
    kept_ = width;
    since_cut_ = 0;
    return alarm;
  }
  std::uint64_t change_point() const { return rows_.back().front().at; }

  double width = 0, total = 0, variance = 0;

 private:
  struct Bucket {
    double total, variance;
    std::uint64_t at;
  };
  void drop_oldest() {
    const double n = std::pow(2, static_cast<double>(rows_.size() - 1));
    const Bucket b = rows_.back().front();
    rows_.back().pop_front();
    width -= n;
    total -= b.total;
    const double apart = b.total / n - total / width;
    variance -= b.variance + n * width * apart * apart / (n + width);
    while (rows_.back().empty()) rows_.pop_back();
  }
  bool differs() const {
    if (width < 2) return false;
    const double least = s_.rearm == "moa" ? s_.least + 2 : s_.least, d = std::log(2 * std::log(width) / s_.delta);
    double n0 = 0, n1 = width, u0 = 0, u1 = total;
    for (std::size_t r = rows_.size(); r-- > 0;) {
      for (const Bucket& b : rows_[r]) {
        n0 += std::pow(2, static_cast<double>(r));
        n1 -= std::pow(2, static_cast<double>(r));
        u0 += b.total;
        u1 -= b.total;
        if (n1 <= 0 || n0 < least || n1 < least) continue;
        const double m = 1 / (n0 - s_.least + 1) + 1 / (n1 - s_.least + 1);
        if (std::abs(u0 / n0 - u1 / n1) > std::sqrt(2 * m * (variance / width) * d) + 2.0 / 3.0 * d * m) return true;
      }
    }
    return false;
  }
  AdwinSettings s_;
  std::deque<std::deque<Bucket>> rows_{1};
  int tick_ = 0;
  bool open_ = false, drop_ = false;
  double kept_ = 0, since_cut_ = 0;
};

// An e-detector's recursion in logarithms.
class PlainAlternatives {
 public:
  PlainAlternatives(std::vector<double> weights, bool cusum, double limit, bool latch)
      : weights_(std::move(weights)),
        cusum_(cusum),
        limit_(limit),
        latch_(latch),
        log_r_(weights_.size(), -std::numeric_limits<double>::infinity()) {
    double sum = 0;
    for (const double w : weights_) sum += w;
    for (double& w : weights_) w /= sum;
  }
  bool feed(const std::vector<double>& steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const double r = log_r_[i];
      const double start = cusum_ ? std::max(0.0, r) : r > 0 ? r + std::log1p(std::exp(-r)) : std::log1p(std::exp(r));
      log_r_[i] = start + steps[i];
    }
    const double now = value();
    const bool over = now >= limit_, alarm = over && (!latch_ || !open_);
    open_ = over || (open_ && now > limit_ / 2);
    if (latch_ && now > 1.5 * limit_) {
      for (double& r : log_r_) r -= now - 1.5 * limit_;
    }
    return alarm;
  }
  double value() const {
    double most = -std::numeric_limits<double>::infinity(), sum = 0;
    for (std::size_t i = 0; i < log_r_.size(); ++i) most = std::max(most, std::log(weights_[i]) + log_r_[i]);
    if (most == -std::numeric_limits<double>::infinity()) return -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < log_r_.size(); ++i) sum += std::exp(std::log(weights_[i]) + log_r_[i] - most);
    return most + std::log(sum);
  }

 private:
  std::vector<double> weights_;
  bool cusum_;
  double limit_;
  bool latch_;
  std::vector<double> log_r_;
  bool open_ = false;
};

}  // namespace vigil::monitors
