// Drift detection method (Gama, Medas, Castillo, Rodrigues 2004), value for value as river 0.19: the error rate with
// its standard deviation against the least seen so far. Starts anew with the value after an alarm. Tested in
// tests/monitors/detector_peers_test.cpp.
#include <cmath>
#include <limits>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/parameters.h"
#include "monitors/detectors/running_mean.h"
#include "monitors/detectors/zone.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "ddm";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Ddm : public Zone {
 public:
  Ddm(double warm_start, double warning, double drift) : warm_start_(warm_start), warning_(warning), limit_(drift) {}

  bool feed(const Observed& o, std::uint64_t at) {
    if (drift_) restart();
    if (least_here_) since_ = at;
    rate_.update(o.value);
    const double p = rate_.mean;
    const double s = std::sqrt(p * (1 - p) / rate_.n);
    least_here_ = rate_.n > warm_start_ && p + s <= least_sum_;
    if (rate_.n <= warm_start_) return false;
    if (least_here_) {
      least_p_ = p;
      least_s_ = s;
      least_sum_ = p + s;
    }
    drift_ = p + s > least_p_ + limit_ * least_s_;
    warned_ = !drift_ && p + s > least_p_ + warning_ * least_s_;
    return drift_;
  }
  // The value after the rate was last at its least.
  std::uint64_t change_point() const { return since_; }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    RunningMean::fields(self.rate_, field, "n", "rate");
    field("least_p", self.least_p_);
    field("least_s", self.least_s_);
    field("least_sum", self.least_sum_);
    field("least_here", self.least_here_);
    field("since", self.since_);
    zone_fields(self, field);
  }

 private:
  void restart() {
    rate_ = {};
    least_p_ = least_s_ = 0;
    least_sum_ = kInfinity;
    least_here_ = true;
    drift_ = warned_ = false;
  }

  double warm_start_, warning_, limit_;
  RunningMean rate_;
  double least_p_ = 0, least_s_ = 0, least_sum_ = kInfinity;
  bool least_here_ = true;  // with the last value, or nothing was fed
  std::uint64_t since_ = 0;
};

}  // namespace

Detector make_ddm(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const auto warm_start = static_cast<double>(read.whole("warm_start", 30, 0));
  const double warning = read.number("warning_threshold", 2, kNotNegative);
  const double drift = read.number("drift_threshold", 3, kNotNegative);
  read.finish();
  return Detector(Ddm(warm_start, warning, drift));
}

}  // namespace vigil::monitors
