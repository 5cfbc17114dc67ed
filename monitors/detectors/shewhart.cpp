// Single values beyond L standard deviations of the mean (Shewhart 1931).
// Tested in tests/monitors/detector_test.cpp.
#include <cmath>

#include "monitors/detectors/episode.h"
#include "monitors/detectors/fields.h"
#include "monitors/detectors/standard.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "shewhart";

class Shewhart {
 public:
  Shewhart(Standard standard, double limit, bool latch) : standard_(standard), episode_(limit, latch) {}
  bool feed(const Observed& o, std::uint64_t at) {
    value_ = std::abs(standard_(o.value));
    at_ = at;
    return episode_.step(value_);
  }
  double value() const { return value_; }
  double limit() const { return episode_.limit(); }
  std::uint64_t change_point() const { return at_; }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) {
    Episode::fields(self.episode_, field);
    field("value", self.value_);
    field("at", self.at_);
  }

 private:
  Standard standard_;
  Episode episode_;
  double value_ = 0;
  std::uint64_t at_ = 0;
};

}  // namespace

// L of 4.892: one false alarm in 1e6 normal values.
Detector make_shewhart(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const Standard standard = read_standard(read);
  const double limit = read.number("L", 4.892, kPositive);
  const bool latch = read.boolean("latch", true);
  read.finish();
  return Detector(Shewhart(standard, limit, latch));
}

}  // namespace vigil::monitors
