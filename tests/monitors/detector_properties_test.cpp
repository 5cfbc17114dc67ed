// What holds for every detector of the catalogue.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "core/error.h"
#include "tests/monitors/detector_cases.h"

namespace vigil::monitors {
namespace {

std::vector<Alarm> feed(Detector& detector, const std::vector<Observed>& steps, std::uint64_t at = 0) {
  std::vector<Alarm> alarms;
  for (const Observed& o : steps) {
    if (detector.feed(o, at)) alarms.push_back({at, detector.change_point()});
    ++at;
  }
  return alarms;
}

// All ways a parameter changes what is done.
std::vector<Parameters> variants(const DetectorEntry& entry) {
  std::vector<Parameters> all{needed_parameters(entry)};
  const auto add = [&](const char* name, Parameter value) {
    if ((" " + std::string(entry.parameters)).find(" " + std::string(name) + "(") == std::string::npos) return;
    all.push_back(needed_parameters(entry));
    all.back()[name] = std::move(value);
  };
  add("latch", false);
  add("form", std::string("cusum"));
  add("log_threshold", 400.0);
  add("rearm", std::string("reset"));
  add("rearm", std::string("moa"));
  add("two_sided", true);
  add("side", std::string("down"));
  add("mode", std::string("up"));
  return all;
}

TEST(EveryDetector, GoesOnFromItsSavedState) {
  for (const DetectorEntry& entry : detectors()) {
    for (const Parameters& parameters : variants(entry)) {
      std::mt19937 random(3);
      Detector whole = entry.make(parameters), resumed = entry.make(parameters);
      std::uint64_t at = 0;
      std::size_t alarms = 0;
      for (const double shift : {0.0, 3.0, 0.0}) {
        for (const Observed& o : series(entry, 0, 600, shift, 7)) {
          if (random() % 8 == 0) {
            const std::string saved = resumed.save();
            resumed = entry.make(parameters);
            resumed.load(saved);
            ASSERT_EQ(resumed.save(), saved) << entry.name;
          }
          const bool alarm = whole.feed(o, at);
          alarms += alarm;
          ASSERT_EQ(resumed.feed(o, at), alarm) << entry.name << " at " << at;
          ASSERT_EQ(resumed.value(), whole.value()) << entry.name << " at " << at;
          ASSERT_EQ(resumed.change_point(), whole.change_point()) << entry.name;
          ASSERT_EQ(resumed.warned(), whole.warned()) << entry.name;
          ++at;
        }
      }
      ASSERT_EQ(resumed.save(), whole.save()) << entry.name;
      if (parameters.contains("mean") || parameters.contains("p0")) {
        EXPECT_EQ(parameters.contains("side") || alarms > 0, true) << entry.name;
      }
      const Detector copy = whole;
      EXPECT_EQ(copy.save(), whole.save());
    }
  }
}

TEST(EveryDetector, RefusesAStateItDidNotWriteAndStaysAsItWas) {
  for (const DetectorEntry& entry : detectors()) {
    Detector detector = entry.make(needed_parameters(entry));
    (void)feed(detector, series(entry, 50, 50, 1, 1));
    const std::string before = detector.save();
    for (const std::string& text :
         {std::string(), std::string("{}"), std::string("null"), std::string("[]"),
          std::string("{\"open\":true,\"states\":[[1,2,3]]}"), before + "}", before.substr(0, before.size() / 2)}) {
      EXPECT_THROW(detector.load(text), Error) << entry.name << ": " << text;
    }
    EXPECT_EQ(detector.save(), before) << entry.name;
  }
}

// A column is the same values fed singly, to the last bit, wherever it is cut.
TEST(EveryDetector, FeedsAColumnAsSingleValues) {
  for (const DetectorEntry& entry : detectors()) {
    if (entry.input == Input::counts || entry.input == Input::trials) continue;
    for (const Parameters& parameters : variants(entry)) {
      Detector singly = entry.make(parameters), column = entry.make(parameters);
      std::vector<double> values;
      for (unsigned seed = 0; seed < 4; ++seed) {
        for (const Observed& o : series(entry, 700, 300, 2, seed)) values.push_back(o.value);
      }
      std::vector<Alarm> alarms, expected;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (singly.feed({values[i]}, i)) expected.push_back({i, singly.change_point()});
      }
      for (std::size_t first = 0; first < values.size();) {
        const std::size_t n = std::min<std::size_t>(first % 700 + 1, values.size() - first);
        column.feed_column(std::span(values).subspan(first, n), first, alarms);
        first += n;
      }
      EXPECT_EQ(alarms, expected) << entry.name;
      EXPECT_EQ(column.save(), singly.save()) << entry.name;
    }
  }
}

TEST(EveryDetector, DatesTheChangeNotAfterTheAlarm) {
  for (const DetectorEntry& entry : detectors()) {
    for (const Parameters& parameters : variants(entry)) {
      Detector detector = entry.make(parameters);
      for (const Alarm& alarm : feed(detector, series(entry, 1000, 1000, 2, 5), 17)) {
        EXPECT_LE(alarm.change_point, alarm.at) << entry.name;
        EXPECT_GE(alarm.change_point, 17u) << entry.name;
      }
    }
  }
}

// Constant, huge, tiny and alternating rows: whatever comes out, nothing breaks and the next value is taken.
TEST(EveryDetector, TakesAnyFiniteRow) {
  constexpr double kHuge = std::numeric_limits<double>::max(), kTiny = std::numeric_limits<double>::denorm_min();
  for (const DetectorEntry& entry : detectors()) {
    std::vector<Observed> extremes;
    switch (entry.input) {
      case Input::values:
        extremes = {{0}, {-0.0}, {kHuge}, {-kHuge}, {kTiny}, {1e150}, {-1e-300}, {1e9}};
        break;
      case Input::fraction:
        extremes = {{0}, {1}, {kTiny}, {0.5}};
        break;
      case Input::codes:
        extremes = {{0}, {1}, {2}};
        break;
      case Input::counts:
        extremes = {{0, 0}, {0, 1e300}, {1e300, 1}, {kTiny, kTiny}};
        break;
      case Input::trials:
        extremes = {{0, 0}, {0, 1e300}, {1e300, 1e300}, {kTiny, 1}};
        break;
      case Input::binary:
      case Input::binary_or_trials:
        extremes = {{0}, {1}};
        break;
    }
    if (entry.warm_up == WarmUp::mean) extremes = {{0}, {1}, {0.2}, {kTiny}};
    for (const Parameters& parameters : variants(entry)) {
      for (const Observed& constant : extremes) {
        Detector detector = entry.make(parameters);
        (void)feed(detector, std::vector<Observed>(300, constant));
        (void)feed(detector, extremes, 300);
        (void)feed(detector, series(entry, 100, 0, 0, 1), 400);
        if (entry.warm_up == WarmUp::nothing) continue;  // running means of such values are not numbers
        EXPECT_TRUE(std::isfinite(detector.value())) << entry.name;
        Detector resumed = entry.make(parameters);
        resumed.load(detector.save());
        EXPECT_EQ(resumed.save(), detector.save()) << entry.name;
      }
    }
  }
}

// No change, no alarm: a constant row at the parameters is silent.
TEST(EveryDetector, IsSilentOnAConstantRow) {
  for (const DetectorEntry& entry : detectors()) {
    const Observed usual = entry.input == Input::counts     ? Observed{50, 100}
                           : entry.input == Input::trials   ? Observed{5, 50}
                           : entry.warm_up == WarmUp::mean  ? Observed{0.2}
                           : entry.input == Input::fraction ? Observed{0.3}
                           : entry.input == Input::codes    ? Observed{1}
                                                            : Observed{0};
    const bool judges_spread = entry.parameters.find("scales") != std::string_view::npos;
    if (entry.input == Input::codes || entry.input == Input::binary_or_trials || judges_spread) continue;  // a change
    Detector detector = entry.make(needed_parameters(entry));
    EXPECT_TRUE(feed(detector, std::vector<Observed>(500, usual)).empty()) << entry.name;
  }
}

// The larger the change, the sooner the alarm: mean delay over rows of equal random numbers.
TEST(EveryDetector, SeesALargerChangeNotLater) {
  for (const DetectorEntry& entry : detectors()) {
    double before = std::numeric_limits<double>::infinity();
    for (const double shift : {1.0, 2.0, 4.0}) {
      double delay = 0;
      for (unsigned seed = 0; seed < 40; ++seed) {
        Detector detector = entry.make(needed_parameters(entry));
        (void)feed(detector, series(entry, 300, 0, 0, seed));
        const auto alarms = feed(detector, series(entry, 0, 2000, shift, 1000 + seed), 300);
        delay += alarms.empty() ? 2000.0 : static_cast<double>(alarms.front().at - 299);
      }
      delay /= 40;
      EXPECT_LE(delay, 1.05 * before + 1) << entry.name << ", shift " << shift;
      before = delay;
    }
    EXPECT_LT(before, 500) << entry.name;
  }
}

TEST(Detectors, OfRiverWaitForTheirFirstValues) {
  for (const auto& [name, first] : std::vector<std::pair<std::string, std::uint64_t>>{
           {"page_hinkley", 29}, {"ddm", 30}, {"eddm", 30}, {"adwin", 31}}) {
    const DetectorEntry& entry = *find_detector(name);
    for (unsigned seed = 0; seed < 20; ++seed) {
      Detector detector = entry.make({});
      for (const Alarm& alarm : feed(detector, series(entry, 10, 200, 4, seed))) EXPECT_GE(alarm.at, first) << name;
    }
  }
}

}  // namespace
}  // namespace vigil::monitors
