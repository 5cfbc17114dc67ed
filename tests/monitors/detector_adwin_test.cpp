// ADWIN against the page's text written out plainly.
#include <gtest/gtest.h>

#include <random>

#include "monitors/detector.h"
#include "tests/monitors/plain_detectors.h"

namespace vigil::monitors {
namespace {

std::vector<double> row(unsigned seed, std::size_t n) {
  std::mt19937 random(seed);
  std::vector<double> values;
  const double offset = seed % 3 == 0 ? 1e9 : seed % 3 == 1 ? -1e-3 : 0, spread = seed % 2 == 0 ? 1 : 1e-3;
  while (values.size() < n) {
    const double mean = static_cast<double>(random() % 5) / 2 * spread;
    for (std::size_t length = 100 + random() % 1500; length > 0; --length) {
      const double x = std::normal_distribution<double>(mean, spread)(random);
      values.push_back(offset + (seed % 5 == 0 ? std::round(x * 4) / 4 : x));
    }
  }
  return values;
}

TEST(Adwin, FollowsThePage) {
  std::size_t alarms = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    AdwinSettings s;
    s.delta = std::vector<double>{0.002, 0.1, 1e-5, 0.9}[random() % 4];
    s.clock = std::vector<int>{32, 1, 7}[random() % 3];
    s.max_buckets = std::vector<int>{5, 1, 2, 10}[random() % 4];
    s.least = std::vector<int>{5, 1, 30}[random() % 3];
    s.grace = std::vector<int>{10, 0, 60}[random() % 3];
    s.rearm = std::vector<std::string>{"keep", "reset", "moa"}[seed % 3];
    PlainAdwin plain(s);
    Detector detector = find_detector("adwin")->make({{"delta", s.delta},
                                                      {"clock", double(s.clock)},
                                                      {"max_buckets", double(s.max_buckets)},
                                                      {"min_window_length", double(s.least)},
                                                      {"grace_period", double(s.grace)},
                                                      {"rearm", s.rearm}});
    std::uint64_t at = 0;
    for (const double x : row(seed, 6000)) {
      const bool alarm = plain.feed(x, at);
      ASSERT_EQ(detector.feed({x}, at), alarm) << "row " << seed << " at " << at;
      ASSERT_EQ(detector.value(), plain.width) << "row " << seed << " at " << at;
      ASSERT_EQ(detector.change_point(), plain.change_point());
      alarms += alarm;
      ++at;
    }
    EXPECT_EQ(detector.facts()[1].second, plain.total);
    EXPECT_EQ(detector.facts()[2].second, plain.variance / plain.width);
  }
  EXPECT_GT(alarms, 100u);
}

}  // namespace
}  // namespace vigil::monitors
