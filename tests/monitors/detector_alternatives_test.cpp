// E-detectors against their recursion written out here in logarithms, far beyond what a double holds.
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include "core/error.h"
#include "monitors/detectors/alternatives.h"
#include "tests/monitors/detector_cases.h"
#include "tests/monitors/plain_detectors.h"

namespace vigil::monitors {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

void expect_close(double value, double expected, std::uint64_t at) {
  if (expected == kNone) {
    ASSERT_EQ(value, kNone) << at;
  } else {
    ASSERT_NEAR(value, expected, 1e-9 * std::max(1.0, std::abs(expected))) << at;
  }
}

TEST(Alternatives, FollowTheirDefinitionForAnyStepsAndLimits) {
  std::mt19937 random(1);
  for (const std::size_t n : {1u, 2u, 7u, 8u, 16u, 33u}) {
    for (const double limit : {2.0, 13.8, 300.0, 5000.0}) {
      for (const bool cusum : {false, true}) {
        for (const bool latch : {false, true}) {
          std::vector<double> weights(n), steps(n);
          for (double& w : weights) w = 0.1 + static_cast<double>(random() % 10);
          Alternatives alternatives(weights, cusum, limit, latch);
          PlainAlternatives plain(weights, cusum, limit, latch);
          EXPECT_EQ(alternatives.value(), kNone);
          std::normal_distribution<double> normal;
          for (std::uint64_t at = 0; at < 3000; ++at) {
            const double drift = at / 500 % 2 == 0 ? -0.1 : 0.3;  // grows and fades, again and again
            const double size = at % 701 == 700 ? 400 : at % 997 == 996 ? 3000 : 1;
            for (std::size_t i = 0; i < n; ++i)
              steps[i] = size * (drift + 0.5 * normal(random)) * (1 + 0.2 * double(i));
            if (at % 803 == 802) steps[0] = kNone;
            ASSERT_EQ(alternatives.feed(steps, at), plain.feed(steps)) << at << ", limit " << limit;
            expect_close(alternatives.value(), plain.value(), at);
            ASSERT_LE(alternatives.change_point(), at);
          }
        }
      }
    }
  }
}

// The same bits whichever vectors the machine has.
TEST(Alternatives, AreTheSameInAllVectors) {
  std::vector<std::string> states;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    Detector detector = find_detector("e_gaussian")->make({{"mean", 0.0}, {"sd", 1.0}});
    std::mt19937 random(5);
    std::normal_distribution<double> normal;
    for (std::uint64_t at = 0; at < 3000; ++at) (void)detector.feed({normal(random)}, at);
    states.push_back(detector.save());
  }
  hwy::SetSupportedTargetsForTest(0);
  ASSERT_FALSE(states.empty());
  for (const std::string& state : states) EXPECT_EQ(state, states.front());
}

TEST(Alternatives, NeverOverflowAndComeBack) {
  for (const bool cusum : {false, true}) {
    Alternatives alternatives({1, 1}, cusum, 10, false);
    PlainAlternatives plain({1, 1}, cusum, 10, false);
    std::uint64_t at = 0;
    const auto run = [&](double a, double b, int times) {
      for (int i = 0; i < times; ++i, ++at) {
        ASSERT_EQ(alternatives.feed({a, b}, at), plain.feed({a, b}));
        expect_close(alternatives.value(), plain.value(), at);
      }
    };
    run(0.7, -0.9, 5000);   // ln R to 3500, the other stays near 0
    run(-0.7, 0.9, 10000);  // and back, past each other
    run(-1000, -1000, 3);   // e^-1000
    run(1e6, -1e6, 2);
    run(-1e6, 1e-3, 5);
  }
}

// ln R = b after the first value.
TEST(EDetectors, BeginWithTheFirstRatio) {
  for (const char* form : {"sr", "cusum"}) {
    const auto first = [&](const char* name, Parameters parameters, const Observed& o) {
      parameters["form"] = std::string(form);
      Detector detector = find_detector(name)->make(parameters);
      (void)detector.feed(o, 0);
      return detector.value();
    };
    EXPECT_NEAR(first("e_gaussian", {{"mean", 1.0}, {"sd", 2.0}, {"lambdas", 0.5}}, {4}), 0.5 * 1.5 - 0.125, 1e-12);
    EXPECT_NEAR(first("e_gaussian", {{"mean", 1.0}, {"sd", 2.0}, {"scales", 2.0}}, {4}),
                -std::log(2) - 1.5 * 1.5 / 8 + 1.5 * 1.5 / 2, 1e-12);
    EXPECT_NEAR(first("e_bernoulli", {{"p0", 0.1}, {"p1", 0.3}}, {2, 9}), 2 * std::log(3) + 7 * std::log(0.7 / 0.9),
                1e-12);
    EXPECT_NEAR(first("e_poisson", {{"rate", 0.5}, {"rho", 1.2}}, {7, 10}), 7 * std::log(1.2) - 0.2 * 5, 1e-12);
    EXPECT_NEAR(first("e_bounded", {{"mean", 3.0}, {"low", 1.0}, {"high", 5.0}, {"lambdas", -0.4}}, {4}),
                std::log(1 - 0.4 * (0.75 / 0.5 - 1)), 1e-12);
    EXPECT_NEAR(first("e_multinomial", needed_parameters(*find_detector("e_multinomial")), {2}),
                std::log(0.5 * (0.4 / 0.2) + 0.5 * (0.6 / 0.2)), 1e-12);
    // The default weights: 0.9 over ten means, 0.1 over three scales.
    double expected = 0;
    const double z = 1.3;
    for (const double l : {.1, .25, .5, 1., 2.})
      expected += 0.09 * (std::exp(l * z - l * l / 2) + std::exp(-l * z - l * l / 2));
    for (const double a : {.7071, 1.4142, 2.})
      expected += 0.1 / 3 * std::exp(-std::log(a) - z * z / (2 * a * a) + z * z / 2);
    EXPECT_NEAR(first("e_gaussian", {{"mean", 0.0}, {"sd", 1.0}}, {z}), std::log(expected), 1e-12);
    // Of e_bernoulli: at 0.3 what is above 0.9 is left out, and both sides keep their shares.
    expected = 0;
    for (const double f : {1.2, 1.5, 2., 3.}) expected += 0.8 / 4 * f + 0.2 / 4 / f;
    EXPECT_NEAR(first("e_bernoulli", {{"p0", 0.3}}, {1}), std::log(expected), 1e-12);
    // At 1e-7 no fall can be seen, and a rise only from 5 times on.
    expected = 0;
    int used = 0;
    for (const double f : {1.2, 1.5, 2., 3., 5., 10., 100., 1e3, 1e4}) {
      const double p = 1e-7 * f;
      const double kl = p * std::log(f) + (1 - p) * (std::log1p(-p) - std::log1p(-1e-7));
      if (kl * 1e6 < 10) continue;
      expected += f;
      ++used;
    }
    ASSERT_LT(used, 9);
    EXPECT_NEAR(first("e_bernoulli", {{"p0", 1e-7}}, {1}), std::log(expected / used), 1e-9);
  }
}

TEST(EDetectors, RefuseValuesTheirParametersRuleOut) {
  Detector bounded = find_detector("e_bounded")->make({{"mean", 0.5}});
  EXPECT_THROW((void)bounded.feed({1.01}, 0), Error);
  EXPECT_THROW(bounded.check({-0.01}), Error);
  EXPECT_NO_THROW(bounded.check({1}));
  const DetectorEntry& entry = *find_detector("e_multinomial");
  Detector multinomial = entry.make(needed_parameters(entry));
  EXPECT_THROW((void)multinomial.feed({3}, 0), Error);
  EXPECT_THROW(multinomial.check({0.5}), Error);
}

// While each E[e^b] given the past is at most 1, the mean run length is e^limit or more.
TEST(EDetectors, KeepTheirRunLengthUnderDependence) {
  const double limit = std::log(500.0);
  const auto stopped = [&](const char* name, const Parameters& parameters, auto&& next) {
    double total = 0;
    for (unsigned seed = 0; seed < 60; ++seed) {
      Parameters p = parameters;
      p["log_threshold"] = limit;
      Detector detector = find_detector(name)->make(p);
      std::mt19937 random(seed);
      double last = 0.3;
      std::uint64_t at = 0;
      while (at < 20000 && !detector.feed({last = next(random, last)}, at)) ++at;
      total += static_cast<double>(at);
    }
    return total / 60;
  };
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  EXPECT_GE(stopped("e_gaussian", {{"mean", 0.0}, {"sd", 1.0}}, [&](auto& r, double) { return normal(r); }), 500);
  // Mean 0.3 whatever came before, but a spread that hangs on the last value.
  EXPECT_GE(stopped("e_bounded", {{"mean", 0.3}},
                    [&](auto& r, double last) {
                      const double spread = last > 0.3 ? 0.29 : 0.05;
                      return 0.3 + (uniform(r) < 0.5 ? spread : -spread);
                    }),
            500);
  EXPECT_GE(stopped("e_bernoulli", {{"p0", 0.1}}, [&](auto& r, double) { return uniform(r) < 0.1 ? 1.0 : 0.0; }), 500);
  // A rate that moves with the past and is never above p0, rises alone looked for.
  EXPECT_GE(stopped("e_bernoulli", {{"p0", 0.1}, {"p1", std::vector<double>{0.12, 0.2, 0.4}}},
                    [&](auto& r, double last) { return uniform(r) < (last > 0 ? 0.1 : 0.07) ? 1.0 : 0.0; }),
            500);
}

}  // namespace
}  // namespace vigil::monitors
