// Generalised likelihood ratio of a mean that changed inside the window (Lorden 1971; window-limited as in Lai 1995):
// max over the last m <= window values of (sum of z)^2 / (2m). Cost of a value: the window.
// Tested in tests/monitors/detector_test.cpp.
#include <algorithm>
#include <array>

#include "monitors/detectors/episode.h"
#include "monitors/detectors/fields.h"
#include "monitors/detectors/standard.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "glr";
constexpr std::size_t kLanes = 8;

class Glr {
 public:
  Glr(Standard standard, std::size_t window, double h, bool latch)
      : standard_(standard), window_(window), episode_(h, latch) {
    for (std::size_t m = window; m > 0; --m) halves_.push_back(1 / (2 * static_cast<double>(m)));
  }
  bool feed(const Observed& o, std::uint64_t at) {
    if (before_.size() >= 2 * window_) rebase();
    before_.push_back(sum_);
    at_.push_back(at);
    sum_ += standard_(o.value);
    value_ = largest();
    return episode_.step(value_);
  }
  double value() const { return value_; }
  double limit() const { return episode_.limit(); }
  // The first of the m values of the maximum; of several the latest.
  std::uint64_t change_point() const {
    const std::size_t m = std::min(window_, before_.size());
    std::uint64_t change = 0;
    for (std::size_t i = before_.size() - m; i < before_.size(); ++i) {
      if (ratio(i, window_ - before_.size() + i) >= value_) change = at_[i];
    }
    return change;
  }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    Episode::fields(self.episode_, field);
    field("sum", self.sum_);
    field("before", self.before_);
    field("at", self.at_);
    field("value", self.value_);
  }
  bool consistent() const { return before_.size() == at_.size() && before_.size() <= 2 * window_; }

 private:
  // Of the values from place i on; `place` is where halves_ holds their number.
  double ratio(std::size_t i, std::size_t place) const {
    const double sum = sum_ - before_[i];
    return sum * sum * halves_[place];
  }
  double largest() const {
    std::array<double, kLanes> best{};
    std::size_t i = before_.size() - std::min(window_, before_.size());
    std::size_t place = window_ - (before_.size() - i);
    for (; i + kLanes <= before_.size(); i += kLanes, place += kLanes) {
      for (std::size_t j = 0; j < kLanes; ++j) {
        const double r = ratio(i + j, place + j);
        best[j] = r > best[j] ? r : best[j];
      }
    }
    for (; i < before_.size(); ++i, ++place) best[0] = std::max(best[0], ratio(i, place));
    return *std::max_element(best.begin(), best.end());
  }
  // Keeps the window, its first sum at 0: sums of a long row would lose digits.
  void rebase() {
    const auto surplus = static_cast<std::ptrdiff_t>(before_.size() - window_);
    before_.erase(before_.begin(), before_.begin() + surplus);
    at_.erase(at_.begin(), at_.begin() + surplus);
    const double base = before_.front();
    for (double& b : before_) b -= base;
    sum_ -= base;
  }

  Standard standard_;
  std::size_t window_;
  std::vector<double> halves_;  // 1/(2m), m from the window down to 1
  Episode episode_;
  double sum_ = 0;
  std::vector<double> before_;  // sum before each of the last values, at most twice the window
  std::vector<std::uint64_t> at_;
  double value_ = 0;
};

}  // namespace

Detector make_glr(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const Standard standard = read_standard(read);
  const auto window = static_cast<std::size_t>(read.whole("window", 1000, 1, 10'000'000));
  const double h = read.number("h", 17, kPositive);
  const bool latch = read.boolean("latch", true);
  read.finish();
  return Detector(Glr(standard, window, h, latch));
}

}  // namespace vigil::monitors
