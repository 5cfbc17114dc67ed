// Mean of what was fed, by Welford's update in river's order of operations, to the same bits.
// Used by the detectors of this folder that follow river.
// Tests: tests/monitors/detector_peers_test.cpp.
#pragma once

namespace vigil::monitors {

struct RunningMean {
  double n = 0;
  double mean = 0;
  void update(double x) {
    n += 1;
    mean += (1.0 / n) * (x - mean);
  }

  static void fields(auto& self, auto&& field, const char* count, const char* mean) {
    field(count, self.n);
    field(mean, self.mean);
  }
};

}  // namespace vigil::monitors
