// Limits from good lumisections, the file they are in, and how soon rules see.
#include "monitors/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "core/error.h"
#include "monitors/time_to_detect.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

class CalibrationTest : public ::testing::Test {
 protected:
  CalibrationTest() : model_(fixtures::model(2)) {
    for (std::uint32_t ls = 1; ls <= 40; ++ls) reference_.add(1, ls, drawn(good_));
    reference_.model = model_.name;
  }
  Summary drawn(const Shape& first, std::uint64_t events = 2000) {
    const auto shape_of = [&](bool input, std::size_t i) -> const Shape& {
      return input ? (i == 0 ? first : other_) : score_;
    };
    return fixtures::drawn(model_, events, events * 1000, shape_of, random_);
  }
  // A pass over two runs of 60 lumisections, of which the first input is of `shape`.
  CalibrationPass pass(const Shape& shape, const std::vector<RuleLimit>& limits = {}) {
    MonitorSettings settings;
    settings.limits = {model_.name, "s", limits};
    CalibrationPass result(model_, "s", settings, reference_);
    random_.seed(99);
    for (std::uint32_t run = 2; run <= 3; ++run) {
      for (std::uint32_t ls = 1; ls <= 60; ++ls) result.close(fixtures::closed(run, ls, drawn(shape)));
    }
    result.end();
    return result;
  }
  static const RuleLimit& of(const std::vector<RuleLimit>& limits, const std::string& window,
                             const std::string& monitor) {
    for (const RuleLimit& limit : limits) {
      if (limit.window == window && limit.monitor == monitor) return limit;
    }
    throw std::runtime_error(monitor);
  }

  const Shape good_ = falling(40, 0.01, 400), moved_ = falling(44, 0.01, 400), other_ = falling(5, 0, 60),
              score_ = falling(40, 0.1, 1000, 1);
  std::mt19937_64 random_{17};
  ModelInfo model_;
  Reference reference_;
};

TEST_F(CalibrationTest, LimitsAreTwiceWhatGoodRunsShowWithinBounds) {
  const CalibrationPass good = pass(good_), shifted = pass(moved_);
  EXPECT_GE(good.judged_ls(), 100u);
  EXPECT_LE(good.judged_ls(), 120u);
  const auto limits = good.limits(), wider = shifted.limits();
  // Nothing is certain in good runs: a twentieth of the default.
  EXPECT_EQ(of(limits, "10ls", "input/x[0]").bad, 0.1 / 20);
  EXPECT_EQ(of(limits, "10ls", "seed/L1_Loose").bad, 0.5 / 20);
  EXPECT_EQ(of(limits, "sequential", "input/x[0]").statistic, "e_multinomial");
  const double bad = of(wider, "10ls", "input/x[0]").bad;
  EXPECT_GT(bad, 0.02);
  EXPECT_LE(bad, 0.1);
  for (const RuleLimit& limit : wider) {
    EXPECT_EQ(limit.medium, limit.bad / 2);
    EXPECT_FALSE(limit.monitor.starts_with("mismatch/")) << "any mismatch counts";
  }
}

TEST_F(CalibrationTest, ASecondPassTellsTheCost) {
  const CalibrationPass sizes = pass(good_);
  const auto limits = sizes.limits();
  const CalibrationPass quiet = pass(good_, limits), loud = pass(moved_, limits);
  const auto rule = [&](const LimitsFile& file) -> const CalibratedRule& {
    for (const CalibratedRule& r : file.rules) {
      if (r.window == "10ls" && r.monitor == "input/x[0]") return r;
    }
    throw std::runtime_error("no rule");
  };
  const LimitsFile file = sizes.file(limits, quiet), costly = sizes.file(limits, loud);
  EXPECT_EQ(rule(file).pages_per_week[0], 0);
  EXPECT_EQ(rule(file).pages_per_week[1], 0);
  EXPECT_GT(rule(file).pages_per_week[2], 0);
  // Two runs, a page each, in about 120 of 12,355 lumisections.
  EXPECT_NEAR(rule(costly).pages_per_week[1], 2.0 / static_cast<double>(loud.judged_ls()) * 12355, 1e-9);
  EXPECT_EQ(file.ranges, (std::vector<ReferenceRange>{{2, 1, 60}, {3, 1, 60}}));

  const LimitsFile read = limits_from_json(to_json(file), "test");
  EXPECT_EQ(to_json(read), to_json(file));
  const CalibratedLimits taken = applied(read, model_, {}, "test");
  EXPECT_EQ(taken.rules.size(), file.rules.size());
  MonitorSettings other;
  other.windows = {{"20ls", 20, 10}};
  EXPECT_THROW((void)applied(read, model_, other, "test"), Error);
}

TEST_F(CalibrationTest, TheFileIsReadStrictly) {
  const CalibrationPass sizes = pass(good_);
  const std::string good = to_json(sizes.file(sizes.limits(), sizes));
  const auto refused = [&](const std::string& text, const std::string& words) {
    try {
      (void)limits_from_json(text, "limits.json");
      ADD_FAILURE() << words;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), ::testing::StartsWith("limits.json"));
      EXPECT_THAT(e.what(), ::testing::HasSubstr(words));
    }
  };
  refused("", "not JSON");
  refused("[]", "limits made by `vigil calibrate`");
  for (const auto& [key, value, words] :
       std::vector<std::tuple<std::string, nlohmann::json, std::string>>{{"format", "vigil-reference", "format"},
                                                                         {"version", 2, "version 2"},
                                                                         {"model", 7, "type"},
                                                                         {"limits", 7, "at()"},
                                                                         {"budget", nullptr, "at()"}}) {
    auto changed = nlohmann::json::parse(good);
    changed[key] = value;
    refused(changed.dump(), words.substr(0, 4) == "at()" ? "" : words);
  }
}

TEST_F(CalibrationTest, TimeToDetectGrowsAsTheChangeShrinks) {
  const TimeToDetect times(reference_.summary, {2000, 2e6});
  const auto rules = make_rules(model_, {});
  for (const Rule& rule : rules) {
    if (rule.subject.target == Target::mismatch || rule.subject.target == Target::output) continue;
    if (rule.monitor == "input/x[1]") continue;
    if (rule.subject.target == Target::multivariate) {  // there is no typical change of all columns
      EXPECT_FALSE(times.in_windows(rule, {"10ls", 10, 5}, 1e-5, Quality::bad, 1));
      EXPECT_FALSE(times.sequential(rule, {15, 12, 1e-6}, Quality::bad, 1));
      continue;
    }
    const double default_bad = rule.bad;
    std::optional<double> before_sequential, before_window;
    for (const double size : {8 * default_bad, 4 * default_bad, 2 * default_bad, default_bad}) {
      if (rule.subject.target == Target::input && size > 0.45) continue;
      const auto sequential = times.sequential(rule, {15, 12, 1e-6}, Quality::bad, size);
      const auto window = times.in_windows(rule, {"10ls", 10, 5}, 1e-5, Quality::bad, size);
      ASSERT_TRUE(sequential) << rule.monitor << ' ' << size;
      ASSERT_TRUE(window) << rule.monitor << ' ' << size;
      EXPECT_GE(*sequential, before_sequential.value_or(1)) << rule.monitor << ' ' << size;
      EXPECT_GE(*window, before_window.value_or(1)) << rule.monitor << ' ' << size;
      EXPECT_LE(*window, 10 + 5 + 5) << "a full window, the phase, and one more for 2 of 3";
      before_sequential = sequential;
      before_window = window;
    }
    EXPECT_FALSE(times.in_windows(rule, {"10ls", 10, 5}, 1e-5, Quality::bad, default_bad / 2));
    EXPECT_FALSE(times.sequential(rule, {1e9, 1e9, 1e-6}, Quality::bad, default_bad));
    if (rule.monitor == "seed/L1_Tight") continue;  // passes once in twelve lumisections
    // A gross change is seen at once.
    EXPECT_LE(*times.sequential(rule, {15, 12, 1e-6}, Quality::bad, 4 * default_bad), 2) << rule.monitor;
  }
}

}  // namespace
}  // namespace vigil::monitors
