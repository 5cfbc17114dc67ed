// Detectors that follow river: what river 0.19.0 itself gave on rows made here, index by index (hddm_w: with its means
// set by their first value). More, and other peers, in tests/contract/detect_test.py.
#include <gtest/gtest.h>

#include <numeric>

#include "monitors/detector.h"

namespace vigil::monitors {
namespace {

// 3000 values at 0.1, 1500 at 0.3, 1500 at 0.05: 0 or 1 with that probability, or a fraction from it up.
std::vector<double> row(bool binary) {
  std::vector<double> values;
  std::uint64_t state = 12345;
  for (const auto& [p, n] : std::vector<std::pair<double, int>>{{0.1, 3000}, {0.3, 1500}, {0.05, 1500}}) {
    for (int i = 0; i < n; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const double u = static_cast<double>(state >> 11) * 0x1p-53;
      values.push_back(binary ? (u < p ? 1 : 0) : p + 0.5 * u * (1 - p));
    }
  }
  return values;
}

struct River {
  const char* detector;
  Parameters parameters;
  bool binary;
  std::vector<std::uint64_t> alarms;
  std::size_t warnings;
  std::uint64_t sum_of_warnings;
};

TEST(Peers, RiverAlarmsAndWarnsAtTheSameValues) {
  const std::string up = "up";
  for (const River& river :
       std::vector<River>{{"ddm", {}, true, {3101, 3236}, 1116, 2814380},
                          {"ddm",
                           {{"warm_start", 100.0}, {"warning_threshold", 2.5}, {"drift_threshold", 4.0}},
                           true,
                           {3243},
                           263,
                           840679},
                          {"eddm",
                           {},
                           true,
                           {360, 696, 1067, 1454, 2187, 3096, 3216, 3309, 3396, 3744, 3858, 4063, 4201, 4396},
                           581,
                           2009158},
                          {"hddm_a", {}, true, {3298}, 53, 173363},
                          {"hddm_a", {{"two_sided", true}}, false, {3152, 4602}, 61, 227530},
                          {"hddm_w", {{"two_sided", true}}, true, {3246, 4517}, 58, 220762},
                          {"page_hinkley", {{"threshold", 10.0}}, false, {3059, 4550}, 0, 0},
                          {"page_hinkley",
                           {{"mode", up}, {"threshold", 8.0}, {"delta", 0.01}},
                           true,
                           {1513, 2167, 3053, 3245, 3391, 3743, 4073, 4224, 4420},
                           0,
                           0}}) {
    Detector detector = find_detector(river.detector)->make(river.parameters);
    std::vector<std::uint64_t> alarms, warnings;
    std::uint64_t at = 0;
    for (const double x : row(river.binary)) {
      if (detector.feed({x}, at)) {
        alarms.push_back(at);
        EXPECT_LE(detector.change_point(), at);
      }
      if (detector.warned()) warnings.push_back(at);
      ++at;
    }
    EXPECT_EQ(alarms, river.alarms) << river.detector;
    EXPECT_EQ(warnings.size(), river.warnings) << river.detector;
    EXPECT_EQ(std::accumulate(warnings.begin(), warnings.end(), std::uint64_t{0}), river.sum_of_warnings)
        << river.detector;
  }
}

}  // namespace
}  // namespace vigil::monitors
