// Page-Hinkley test (Page 1954, Hinkley 1971), value for value as river 0.19: the deviations from the running mean are
// summed with forgetting alpha; the statistic is the distance of the sum from its least (up) or largest (down). Starts
// anew with the value after an alarm.
// Tested in tests/monitors/detector_peers_test.cpp.
#include <algorithm>
#include <limits>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/parameters.h"
#include "monitors/detectors/running_mean.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "page_hinkley";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class PageHinkley {
 public:
  PageHinkley(double min_instances, double delta, double threshold, double alpha, bool up, bool down)
      : min_instances_(min_instances), delta_(delta), threshold_(threshold), alpha_(alpha), up_(up), down_(down) {}

  bool feed(const Observed& o, std::uint64_t at) {
    if (drift_) restart();
    mean_.update(o.value);
    const double deviation = o.value - mean_.mean;
    const bool at_least = increase_ <= least_, at_most = decrease_ >= most_;
    increase_since_ = at_least ? at : increase_since_;
    decrease_since_ = at_most ? at : decrease_since_;
    increase_ = alpha_ * increase_ + deviation - delta_;
    decrease_ = alpha_ * decrease_ + deviation + delta_;
    least_ = increase_ < least_ ? increase_ : least_;
    most_ = decrease_ > most_ ? decrease_ : most_;
    drift_ = mean_.n >= min_instances_ && value() > threshold_;
    return drift_;
  }
  double value() const {
    if (mean_.n == 0) return 0;
    const double up = up_ ? increase_ - least_ : 0, down = down_ ? most_ - decrease_ : 0;
    return up > down ? up : down;
  }
  double limit() const { return threshold_; }
  // The value after the leading sum was last at its extreme.
  std::uint64_t change_point() const {
    return !down_ || (up_ && increase_ - least_ >= most_ - decrease_) ? increase_since_ : decrease_since_;
  }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    RunningMean::fields(self.mean_, field, "n", "mean");
    field("increase", self.increase_);
    field("least", self.least_);
    field("decrease", self.decrease_);
    field("most", self.most_);
    field("increase_since", self.increase_since_);
    field("decrease_since", self.decrease_since_);
    field("drift", self.drift_);
  }

 private:
  void restart() {
    mean_ = {};
    increase_ = decrease_ = 0;
    least_ = kInfinity;
    most_ = -1;
    drift_ = false;
  }

  double min_instances_, delta_, threshold_, alpha_;
  bool up_, down_;
  RunningMean mean_;
  double increase_ = 0, least_ = kInfinity;
  double decrease_ = 0, most_ = -1;  // as river has it: a sum above -1 is a new extreme
  std::uint64_t increase_since_ = 0, decrease_since_ = 0;
  bool drift_ = false;
};

}  // namespace

Detector make_page_hinkley(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const auto min_instances = static_cast<double>(read.whole("min_instances", 30, 0));
  const double delta = read.number("delta", 0.005, kNotNegative);
  const double threshold = read.number("threshold", 50, kNotNegative);
  const double alpha = read.number("alpha", 1 - 0.0001, {0, 1, false, true});
  const std::string mode = read.one_of("mode", "both", {"both", "up", "down"});
  read.finish();
  return Detector(PageHinkley(min_instances, delta, threshold, alpha, mode != "down", mode != "up"));
}

}  // namespace vigil::monitors
