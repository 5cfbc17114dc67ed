// The detectors of the catalogue, against recursions written out here.
#include "monitors/detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/error.h"

namespace vigil::monitors {
namespace {

const DetectorEntry& e_bernoulli() { return *find_detector("e_bernoulli"); }

struct Row {
  double passes, trials;
};

std::vector<Row> rows(std::size_t n, double p, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Row> all;
  for (std::size_t i = 0; i < n; ++i) {
    const int trials = 1 + static_cast<int>(random() % 50);
    all.push_back({static_cast<double>(std::binomial_distribution<int>(trials, p)(random)), double(trials)});
  }
  return all;
}

// R in plain numbers: R <- (1 + R) L (sr) or max(1, R) L (cusum), L the likelihood ratio of the row.
TEST(EBernoulli, FollowsTheDefinition) {
  const double p0 = 0.1;
  const std::vector<double> p1{0.12, 0.2, 0.07}, weights{0.5, 0.3, 0.2};
  for (const std::string form : {"sr", "cusum"}) {
    Detector detector = e_bernoulli().make(
        {{"p0", p0}, {"p1", p1}, {"weights", weights}, {"form", form}, {"log_threshold", 1e6}, {"latch", false}});
    EXPECT_EQ(detector.value(), -INFINITY);
    std::vector<long double> r(p1.size(), 0);
    std::uint64_t at = 0;
    for (const Row& row : rows(300, 0.11, 7)) {
      (void)detector.feed({row.passes, row.trials}, at++);
      long double sum = 0;
      for (std::size_t i = 0; i < p1.size(); ++i) {
        const long double ratio =
            std::pow(p1[i] / p0, row.passes) * std::pow((1 - p1[i]) / (1 - p0), row.trials - row.passes);
        r[i] = (form == "sr" ? 1 + r[i] : std::max(1.0L, r[i])) * ratio;
        sum += weights[i] * r[i];
      }
      ASSERT_NEAR(detector.value(), static_cast<double>(std::log(sum)),
                  1e-9 * std::max(1.0, std::abs(detector.value())));
    }
  }
}

TEST(EBernoulli, AlarmsOnceAnEpisodeAndDatesTheChange) {
  Detector detector = e_bernoulli().make({{"p0", 0.1}});
  std::vector<std::uint64_t> alarms;
  std::uint64_t at = 0, change = 0;
  for (const auto& [p, n, seed] : std::vector<std::tuple<double, std::size_t, unsigned>>{
           {0.1, 2000, 1}, {0.25, 300, 2}, {0.1, 2000, 3}, {0.25, 300, 4}}) {
    for (const Row& row : rows(n, p, seed)) {
      if (detector.feed({row.passes, row.trials}, at)) {
        alarms.push_back(at);
        change = detector.change_point();
      }
      EXPECT_LE(detector.value(), 1.5 * detector.limit() + 1e-9);
      ++at;
    }
    if (alarms.size() == 1) {
      EXPECT_NEAR(static_cast<double>(change), 2000, 12);
    }
  }
  ASSERT_EQ(alarms.size(), 2u);
  EXPECT_GE(alarms[0], 2000u);
  EXPECT_LT(alarms[0], 2040u);
  EXPECT_GE(alarms[1], 4300u);
  EXPECT_LT(alarms[1], 4340u);
}

// While p is p0 the mean run length is e^limit at least: hardly ever an alarm in a thousandth of it.
TEST(EBernoulli, IsQuietWhileNothingChanges) {
  int alarms = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    Detector detector = e_bernoulli().make({{"p0", 0.1}, {"log_threshold", std::log(1e4)}});
    std::uint64_t at = 0;
    for (const Row& row : rows(100, 0.1, 100 + seed)) alarms += detector.feed({row.passes, row.trials}, at++);
  }
  EXPECT_LE(alarms, 6);  // 2 expected at most
}

TEST(EveryDetector, GoesOnFromItsSavedState) {
  for (const DetectorEntry& entry : detectors()) {
    ASSERT_EQ(entry.name, "e_bernoulli") << "give this test the parameters of " << entry.name;
    const Parameters parameters{{"p0", 0.05}};
    Detector whole = entry.make(parameters), resumed = entry.make(parameters);
    std::uint64_t at = 0;
    for (const Row& row : rows(400, 0.08, 11)) {
      const bool alarm = whole.feed({row.passes, row.trials}, at);
      ASSERT_EQ(resumed.feed({row.passes, row.trials}, at), alarm);
      ++at;
      const std::string saved = resumed.save();
      resumed = entry.make(parameters);
      resumed.load(saved);
      ASSERT_EQ(resumed.save(), whole.save());
    }
    const Detector copy = whole;
    EXPECT_EQ(copy.save(), whole.save());
    for (const char* text : {"", "{}", "null", "{\"open\":true,\"states\":[[1,2,3]]}"}) {
      EXPECT_THROW(resumed.load(text), Error) << text;
    }
    EXPECT_EQ(resumed.save(), whole.save());
  }
}

TEST(EBernoulli, RefusesWrongParametersByName) {
  const auto refused = [](const Parameters& parameters, const std::string& named) {
    try {
      (void)e_bernoulli().make(parameters);
      ADD_FAILURE() << named;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  refused({}, "'p0': missing");
  refused({{"p0", 0.0}}, "'p0'");
  refused({{"p0", 1.0}}, "'p0'");
  refused({{"p0", std::string("x")}}, "'p0'");
  refused({{"p0", 0.1}, {"p1", std::vector<double>{0.5, 1.5}}}, "'p1'");
  refused({{"p0", 0.1}, {"p1", std::vector<double>{}}}, "'p1'");
  refused({{"p0", 0.1}, {"p1", std::vector<double>{0.2, 0.3}}, {"weights", std::vector<double>{1}}}, "'weights'");
  refused({{"p0", 0.1}, {"form", std::string("sprt")}}, "'form'");
  refused({{"p0", 0.1}, {"rho", 2.0}}, "unknown parameter 'rho'");
  refused({{"p0", 0.85}, {"log_threshold", 0.1}}, "'p1'");
}

}  // namespace
}  // namespace vigil::monitors
