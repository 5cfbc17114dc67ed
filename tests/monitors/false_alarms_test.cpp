// Stationary streams of any size give no bad verdict in a simulated day: the default budget and sizes, measured.
#include <gtest/gtest.h>

#include <cstdio>

#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

struct Tally {
  std::size_t windows = 0, verdicts = 0, medium = 0, bad = 0, bad_readings = 0, unknown = 0;
  std::string first;
};

// A day of a 57-input model: pt-like falling spectra with many zeros, phi- and eta-like flat ones, constants, rare
// words. One seed has a target, which the stream meets; the other follows the reference.
Tally day(std::uint64_t events_per_ls, unsigned seed) {
  ModelInfo m = fixtures::model(57);
  m.seeds[0].target_rate_hz =
      0.0756 * lhc::kCrossingHz / 1000;  // of events with the scores below, one in 1000 crossings
  std::vector<Shape> shapes;
  for (int i = 0; i < 57; ++i) {
    switch (i % 5) {
      case 0:
        shapes.push_back(falling(40 + i, 0.01 * i, 400));
        break;
      case 1:
        shapes.push_back(falling(1e9, 0.1, 144));
        break;  // flat
      case 2:
        shapes.push_back(Shape{{{0, 1.0}}});
        break;  // constant
      case 3:
        shapes.push_back(falling(1e9, 0.999, 300));
        break;  // nearly always 0
      default:
        shapes.push_back(falling(5, 0, 60));
        break;
    }
  }
  const Shape score = falling(40, 0.1, 1000, 1);
  std::mt19937_64 random(seed);
  MonitorSettings settings;
  StreamMonitor monitor(m, "scouting", settings, std::nullopt);
  Tally tally;
  for (std::uint32_t ls = 1; ls <= 3706; ++ls) {
    // What happens in a lumisection varies: a Poisson count of events in a fixed count of crossings.
    std::poisson_distribution<std::uint64_t> count(static_cast<double>(events_per_ls));
    const auto shape_of = [&](bool input, std::size_t i) -> const Shape& { return input ? shapes[i] : score; };
    Summary s = fixtures::drawn(m, count(random), events_per_ls * 1000, shape_of, random);
    for (const JudgedWindow& judged : monitor.close(fixtures::closed(1, ls, std::move(s))).windows) {
      ++tally.windows;
      for (const Verdict& v : judged.verdicts) {
        ++tally.verdicts;
        tally.unknown += v.quality == Quality::unknown;
        tally.medium += v.quality == Quality::medium;
        tally.bad += v.quality == Quality::bad;
        tally.bad_readings += v.reading == Quality::bad;
        if (v.quality >= Quality::medium && tally.first.empty()) tally.first = v.reason;
      }
    }
  }
  return tally;
}

class StationaryDay : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(StationaryDay, HasNoBadVerdict) {
  const Tally t = day(GetParam(), static_cast<unsigned>(GetParam() % 1000));
  std::printf("%10lu events a LS: %zu windows, %zu verdicts, %zu unknown, %zu medium, %zu bad readings, %zu bad %s\n",
              static_cast<unsigned long>(GetParam()), t.windows, t.verdicts, t.unknown, t.medium, t.bad_readings, t.bad,
              t.first.c_str());
  EXPECT_EQ(t.windows, 740u);
  EXPECT_EQ(t.bad, 0u) << t.first;
  // A day of data is 0.3 of the budget's weeks: 3.3 readings that are medium or bad, half of them for windows.
  EXPECT_LE(t.bad_readings, 7u) << t.first;
  EXPECT_LE(t.medium, 7u) << t.first;
  EXPECT_GT(t.verdicts - t.unknown, 40000u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, StationaryDay, ::testing::Values(22, 60, 400, 5000, 300000, 100000000));

}  // namespace
}  // namespace vigil::monitors
