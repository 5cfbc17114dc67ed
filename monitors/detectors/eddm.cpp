// Early drift detection method (Baena-Garcia et al. 2006), value for value as river 0.19: mean plus two standard
// deviations of the distances between errors against the largest seen so far. Starts anew with the value after an
// alarm. Tested in tests/monitors/detector_peers_test.cpp.
#include <cmath>

#include "monitors/detectors/fields.h"
#include "monitors/detectors/parameters.h"
#include "monitors/detectors/running_mean.h"
#include "monitors/detectors/zone.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "eddm";

class Eddm : public Zone {
 public:
  Eddm(double warm_start, double alpha, double beta) : warm_start_(warm_start), alpha_(alpha), beta_(beta) {}

  bool feed(const Observed& o, std::uint64_t at) {
    if (drift_) restart();
    if (largest_here_) {
      since_ = at;
      largest_here_ = false;
    }
    n_ += 1;
    if (o.value != 1) return false;  // river: the warning stands until the next error
    const double distance = n_ - last_error_;
    const double before = distances_.mean;
    distances_.update(distance);
    squares_ += (distance - before) * (distance - distances_.mean);
    last_error_ = n_;
    if (n_ <= warm_start_) return false;
    const double variance = distances_.n > 1 ? squares_ / (distances_.n - 1) : 0;
    const double reach = distances_.mean + 2 * std::sqrt(variance);
    if (reach > largest_) {
      largest_ = reach;
      largest_here_ = true;
    } else if (distances_.n > warm_start_) {
      const double level = reach / largest_;
      drift_ = level < beta_;
      if (!drift_) warned_ = level < alpha_;
    }
    return drift_;
  }
  // The value after the distances were last at their largest.
  std::uint64_t change_point() const { return since_; }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    RunningMean::fields(self.distances_, field, "errors", "distance");
    field("squares", self.squares_);
    field("n", self.n_);
    field("last_error", self.last_error_);
    field("largest", self.largest_);
    field("largest_here", self.largest_here_);
    field("since", self.since_);
    zone_fields(self, field);
  }

 private:
  void restart() { *this = Eddm(warm_start_, alpha_, beta_); }

  double warm_start_, alpha_, beta_;
  RunningMean distances_;
  double squares_ = 0;  // of the distances from their mean
  double n_ = 0, last_error_ = 0;
  double largest_ = -1;
  bool largest_here_ = true;  // with the last value, or nothing was fed
  std::uint64_t since_ = 0;
};

}  // namespace

Detector make_eddm(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const auto warm_start = static_cast<double>(read.whole("warm_start", 30, 0));
  const double alpha = read.number("alpha", 0.95, kPositive);
  const double beta = read.number("beta", 0.9, {0, alpha, false, true});
  if (beta > alpha) read.refuse("beta", "missing, and 0.9 is above alpha", "a number up to alpha");
  read.finish();
  return Detector(Eddm(warm_start, alpha, beta));
}

}  // namespace vigil::monitors
