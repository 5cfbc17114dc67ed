// What the detectors that follow river and take rates of errors say of a value: the statistic is 1 at an alarm, else 0;
// below an alarm lies a zone of warnings.
// Used by the detectors of this folder that have one.
// Tests: tests/monitors/detector_peers_test.cpp.
#pragma once

namespace vigil::monitors {

class Zone {
 public:
  double value() const { return drift_ ? 1 : 0; }
  double limit() const { return 1; }
  bool warned() const { return warned_; }

 protected:
  static void zone_fields(auto& self, auto&& field) {
    field("drift", self.drift_);
    field("warned", self.warned_);
  }
  bool drift_ = false, warned_ = false;
};

}  // namespace vigil::monitors
