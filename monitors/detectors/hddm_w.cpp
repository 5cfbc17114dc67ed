// Drift by McDiarmid's bound on exponentially weighted means (Frias-Blanco et al. 2015, test W), value for value as
// river 0.19, but a mean is set by its first value, 0 included, which leaves its bound at 1, as in MOA. Starts anew
// with the value after an alarm. Tested in tests/monitors/detector_peers_test.cpp.
#include <cmath>
#include <limits>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/parameters.h"
#include "monitors/detectors/zone.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "hddm_w";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Weighted mean, and the sum of the squared weights that bounds it.
struct Sample {
  double mean = 0;
  double squares = 1;
  bool any = false;
  void update(double x, double lambda) {
    if (!any) {
      any = true;
      mean = x;
      return;
    }
    const double keep = 1 - lambda;
    mean = lambda * x + keep * mean;
    squares = lambda * lambda + keep * keep * squares;
  }
};

// The values up to the cut where the mean was bounded best, and those after it. sign: 1 for a rise, -1 for a fall.
struct Cut {
  double bound = kInfinity;
  Sample before, after;
  bool here = true;  // cut with the last value, or nothing was fed
  std::uint64_t since = 0;

  void update(const Sample& all, double sign, double x, double lambda, double log_confidence, std::uint64_t at) {
    if (here) since = at;
    const double now = sign * all.mean + std::sqrt(all.squares * log_confidence / 2);
    here = now < bound;
    if (here) {
      bound = now;
      before = all;
      after = {};
    } else {
      after.update(x, lambda);
    }
  }
  bool changed(double sign, double log_confidence) const {
    if (!before.any || !after.any) return false;
    return sign * (after.mean - before.mean) > std::sqrt((before.squares + after.squares) * log_confidence / 2);
  }
  static void fields(auto& self, auto&& field, const std::string& name) {
    const auto put = [&](const char* member, auto& value) { field((name + member).c_str(), value); };
    put("bound", self.bound);
    put("here", self.here);
    put("since", self.since);
    put("before_mean", self.before.mean);
    put("before_squares", self.before.squares);
    put("before_any", self.before.any);
    put("after_mean", self.after.mean);
    put("after_squares", self.after.squares);
    put("after_any", self.after.any);
  }
};

class HddmW : public Zone {
 public:
  HddmW(double drift, double warning, bool two_sided, double lambda)
      : log_drift_(std::log(1.0 / drift)),
        log_warning_(std::log(1.0 / warning)),
        two_sided_(two_sided),
        lambda_(lambda) {}

  bool feed(const Observed& o, std::uint64_t at) {
    if (drift_) restart();
    all_.update(o.value, lambda_);
    rise_.update(all_, 1, o.value, lambda_, log_drift_, at);
    fall_.update(all_, -1, o.value, lambda_, log_drift_, at);
    drift_ = rise_.changed(1, log_drift_);
    warned_ = !drift_ && rise_.changed(1, log_warning_);
    if (two_sided_) {
      by_fall_ = !drift_ && fall_.changed(-1, log_drift_);
      if (fall_.changed(-1, log_drift_)) {
        drift_ = true;
      } else if (fall_.changed(-1, log_warning_)) {
        warned_ = true;
      }
    }
    return drift_;
  }
  // The value after the cut.
  std::uint64_t change_point() const { return by_fall_ ? fall_.since : rise_.since; }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    field("mean", self.all_.mean);
    field("squares", self.all_.squares);
    field("any", self.all_.any);
    Cut::fields(self.rise_, field, "rise_");
    Cut::fields(self.fall_, field, "fall_");
    field("by_fall", self.by_fall_);
    zone_fields(self, field);
  }

 private:
  void restart() {
    all_ = {};
    rise_ = fall_ = {};
    by_fall_ = drift_ = warned_ = false;
  }

  double log_drift_, log_warning_;
  bool two_sided_;
  double lambda_;
  Sample all_;
  Cut rise_, fall_;
  bool by_fall_ = false;
};

}  // namespace

Detector make_hddm_w(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const double drift = read.number("drift_confidence", 0.001, kInsideOne);
  const double warning = read.number("warning_confidence", 0.005, kInsideOne);
  const bool two_sided = read.boolean("two_sided", false);
  const double lambda = read.number("lambda", 0.05, {0, 1, true, true});
  read.finish();
  return Detector(HddmW(drift, warning, two_sided, lambda));
}

}  // namespace vigil::monitors
