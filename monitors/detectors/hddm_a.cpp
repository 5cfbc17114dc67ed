// Drift by Hoeffding's bound on means (Frias-Blanco et al. 2015, test A), value for value as river 0.19: the mean of
// all values against that up to the cut that bounds it best. Starts anew with the value after an alarm. Tested in
// tests/monitors/detector_peers_test.cpp.
#include <cmath>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/parameters.h"
#include "monitors/detectors/running_mean.h"
#include "monitors/detectors/zone.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "hddm_a";

class HddmA : public Zone {
 public:
  HddmA(double drift, double warning, bool two_sided)
      : log_cut_(std::log(1.0 / drift)),
        log_drift_(std::log(2.0 / drift)),
        log_warning_(std::log(2.0 / warning)),
        two_sided_(two_sided) {}

  bool feed(const Observed& o, std::uint64_t at) {
    if (drift_) restart();
    if (low_here_) low_since_ = at;
    if (high_here_) high_since_ = at;
    all_.update(o.value);
    if (low_.n == 0) low_ = all_;
    if (high_.n == 0) high_ = all_;
    const double bound = cut_bound(all_.n);
    low_here_ = low_.mean + cut_bound(low_.n) >= all_.mean + bound;
    if (low_here_) low_ = all_;
    high_here_ = high_.mean - cut_bound(high_.n) <= all_.mean - bound;
    if (high_here_) high_ = all_;
    drift_ = rose(log_drift_);
    warned_ = !drift_ && rose(log_warning_);
    if (two_sided_) {
      by_fall_ = !drift_ && fell(log_drift_);
      if (fell(log_drift_)) {
        drift_ = true;
      } else if (fell(log_warning_)) {
        warned_ = true;
      }
    }
    return drift_;
  }
  // The value after the cut.
  std::uint64_t change_point() const { return by_fall_ ? high_since_ : low_since_; }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    RunningMean::fields(self.all_, field, "n", "mean");
    RunningMean::fields(self.low_, field, "low_n", "low_mean");
    RunningMean::fields(self.high_, field, "high_n", "high_mean");
    field("low_here", self.low_here_);
    field("high_here", self.high_here_);
    field("low_since", self.low_since_);
    field("high_since", self.high_since_);
    field("by_fall", self.by_fall_);
    zone_fields(self, field);
  }

 private:
  double cut_bound(double n) const { return std::sqrt(1.0 / (2 * n) * log_cut_); }
  double bound(const RunningMean& cut, double log_confidence) const {
    const double m = (all_.n - cut.n) / cut.n * (1.0 / all_.n);
    return std::sqrt(m / 2 * log_confidence);
  }
  bool rose(double log_confidence) const {
    return low_.n != all_.n && all_.mean - low_.mean >= bound(low_, log_confidence);
  }
  bool fell(double log_confidence) const {
    return high_.n != all_.n && high_.mean - all_.mean >= bound(high_, log_confidence);
  }
  void restart() {
    all_ = low_ = high_ = {};
    low_here_ = high_here_ = true;
    by_fall_ = drift_ = warned_ = false;
  }

  double log_cut_, log_drift_, log_warning_;
  bool two_sided_;
  RunningMean all_, low_, high_;             // all values; up to the cut against a rise, a fall
  bool low_here_ = true, high_here_ = true;  // cut with the last value, or nothing was fed
  std::uint64_t low_since_ = 0, high_since_ = 0;
  bool by_fall_ = false;
};

}  // namespace

Detector make_hddm_a(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const double drift = read.number("drift_confidence", 0.001, kInsideOne);
  const double warning = read.number("warning_confidence", 0.005, kInsideOne);
  const bool two_sided = read.boolean("two_sided", false);
  read.finish();
  return Detector(HddmA(drift, warning, two_sided));
}

}  // namespace vigil::monitors
