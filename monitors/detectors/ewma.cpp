// Exponentially weighted moving average with the exact variance of its start (Roberts 1959, Lucas and Saccucci 1990).
// E = lambda z + (1 - lambda) E from 0; the statistic is |E| over L of its standard deviations.
// Tested in tests/monitors/detector_test.cpp.
#include <cmath>

#include "monitors/detectors/episode.h"
#include "monitors/detectors/fields.h"
#include "monitors/detectors/standard.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "ewma";

class Ewma {
 public:
  Ewma(Standard standard, double lambda, double limit, bool latch)
      : standard_(standard),
        lambda_(lambda),
        keep_(1 - lambda),
        of_limit_(limit),
        variance_(lambda / (2 - lambda)),
        episode_(1, latch) {}
  bool feed(const Observed& o, std::uint64_t at) {
    const double before = average_;
    average_ = lambda_ * standard_(o.value) + keep_ * before;
    since_ = (before <= 0) == (average_ <= 0) ? since_ : at;
    if (settling_ > 0) {  // below the rounding of 1 it adds nothing
      settling_ = settling_ * keep_ * keep_;
      if (settling_ < 1e-17) settling_ = 0;
      scale_ = of_limit_ * std::sqrt(variance_ * (1 - settling_));
    }
    return episode_.step(value());
  }
  double value() const { return std::abs(average_) / scale_; }
  double limit() const { return episode_.limit(); }
  // Where the average last changed its sign (Nishina 1992).
  std::uint64_t change_point() const { return since_; }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    Episode::fields(self.episode_, field);
    field("average", self.average_);
    field("settling", self.settling_);
    field("scale", self.scale_);
    field("since", self.since_);
  }
  bool consistent() const { return scale_ > 0; }

 private:
  Standard standard_;
  double lambda_, keep_, of_limit_, variance_;
  Episode episode_;
  double average_ = 0;
  double settling_ = 1;  // (1 - lambda)^(2n)
  double scale_ = 1;
  std::uint64_t since_ = 0;
};

}  // namespace

// L of 4.749 at lambda 0.05: one false alarm in about 1e6 normal values.
Detector make_ewma(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const Standard standard = read_standard(read);
  const double lambda = read.number("lambda", 0.05, {0, 1, false, true});
  const double limit = read.number("L", 4.749, kPositive);
  const bool latch = read.boolean("latch", true);
  read.finish();
  return Detector(Ewma(standard, lambda, limit, latch));
}

}  // namespace vigil::monitors
