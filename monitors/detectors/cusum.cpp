// Two-sided cumulative sum of a mean (Page 1954). z = (x - mean)/sd; U = max(0, U + z - k), D = max(0, D - z - k).
// Tested in tests/monitors/detector_test.cpp.
#include "monitors/detectors/fields.h"
#include "monitors/detectors/standard.h"
#include "monitors/detectors/two_sided_sums.h"

namespace vigil::monitors {
namespace {

constexpr const char* kName = "cusum";

class Cusum {
 public:
  Cusum(Standard standard, double k, TwoSidedSums sums) : standard_(standard), k_(k), sums_(sums) {}
  bool feed(const Observed& o, std::uint64_t at) {
    const double z = standard_(o.value);
    return sums_.feed(z - k_, -z - k_, at);
  }
  double value() const { return sums_.value(); }
  double limit() const { return sums_.limit(); }
  std::uint64_t change_point() const { return sums_.change_point(); }
  std::string save() const { return save_fields(*this); }
  void load(std::string_view text) { load_fields(*this, text, kName); }
  static void fields(auto& self, auto&& field) { TwoSidedSums::fields(self.sums_, field); }

 private:
  Standard standard_;
  double k_;
  TwoSidedSums sums_;
};

}  // namespace

// h of 12: one false alarm in more than 1e6 normal values.
Detector make_cusum(const Parameters& parameters) {
  ParameterReader read(kName, parameters);
  const Standard standard = read_standard(read);
  const double k = read.number("k", 0.5, kNotNegative);
  const TwoSidedSums sums = read_sums(read, 12);
  read.finish();
  return Detector(Cusum(standard, k, sums));
}

}  // namespace vigil::monitors
