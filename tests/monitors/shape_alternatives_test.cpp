// Bets against a reference of finite size: fair under the reference, quick where something happened.
#include "monitors/shape_alternatives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "monitors/rate_alternatives.h"
#include "streams.h"

namespace vigil::monitors {
namespace {

using fixtures::falling;
using fixtures::Shape;

const FixedPoint kType = fixtures::fixed(18, 13);

template <class Random>
Histogram drawn(const Shape& shape, std::uint64_t n, Random& random) {
  WordSummary column{Histogram(kType), {}, {}};
  fixtures::draw(column, shape, n, false, random);
  return column.histogram;
}

std::vector<Shape> shapes() {
  return {falling(40, 0.01, 400), falling(1e9, 0.1, 144), falling(1e9, 0.999, 300), falling(5, 0, 60),
          Shape{{{0, 1.0}}}};
}

// The mean factor of each alternative for one event of `truth`.
std::vector<double> means(const ShapeAlternatives& alternatives, const Shape& truth) {
  std::vector<double> sum(alternatives.weights().size());
  for (const auto& [word, p] : truth.weights) {
    Histogram one(kType);
    one.fill(word);
    const auto steps = alternatives.steps(one);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += p * std::exp(steps[i]);
  }
  return sum;
}

TEST(ShapeAlternatives, AreFairWhateverReferenceWasDrawn) {
  std::mt19937_64 random(3);
  constexpr double kRisk = 1e-3;
  std::size_t misled = 0, tried = 0;
  for (const Shape& truth : shapes()) {
    for (const std::uint64_t n : {30, 300, 3000, 100000}) {
      for (int i = 0; i < 20; ++i) {
        const ShapeAlternatives alternatives(drawn(truth, n, random), kRisk);
        const auto mean = means(alternatives, truth);
        double sum = 0;
        for (const double w : alternatives.weights()) sum += w;
        EXPECT_NEAR(sum, 1, 1e-12);
        misled += *std::max_element(mean.begin(), mean.end()) > 1 + 1e-12;
        ++tried;
      }
    }
  }
  EXPECT_LE(misled, 3u) << "of " << tried;
}

// ln of the weighted evidence of one histogram.
double evidence(const ShapeAlternatives& alternatives, const Histogram& events) {
  const auto steps = alternatives.steps(events);
  double sum = 0;
  const double most = *std::max_element(steps.begin(), steps.end());
  for (std::size_t i = 0; i < steps.size(); ++i) sum += alternatives.weights()[i] * std::exp(steps[i] - most);
  return most + std::log(sum);
}

TEST(ShapeAlternatives, SeeGrossFaultsInFewEvents) {
  std::mt19937_64 random(4);
  for (const Shape& truth : shapes()) {
    const ShapeAlternatives alternatives(drawn(truth, 20000, random), 1e-6);
    EXPECT_LT(evidence(alternatives, drawn(truth, 300, random)), 5);
    const Shape stuck{{{32 * 20000 / 32, 1.0}}};  // at a value that never came
    EXPECT_GT(evidence(alternatives, drawn(stuck, 40, random)), 20);
    if (truth.weights.size() == 1 || truth.weights.front().second > 0.9) continue;
    EXPECT_GT(evidence(alternatives, drawn(Shape{{{0, 1.0}}}, 100, random)), 20) << "dead";
    Shape scaled = truth;
    for (auto& [word, p] : scaled.weights) word = word * 13 / 10;
    if (truth.weights.size() > 200) {
      EXPECT_GT(evidence(alternatives, drawn(scaled, 3000, random)), 12) << "rescaled";
    }
  }
}

TEST(RateAlternatives, AreFairInsideTheIntervalOfTheReference) {
  const RateAlternatives alternatives(100, 10000, 1e-3);
  // Of one event: passes with the reference's part.
  for (const double part : {0.01, 0.0095, 0.0105}) {
    const auto pass = alternatives.steps(1, 1), fail = alternatives.steps(0, 1);
    for (std::size_t i = 0; i < pass.size(); ++i) {
      EXPECT_LE(part * std::exp(pass[i]) + (1 - part) * std::exp(fail[i]), 1 + 1e-12);
    }
  }
  const auto steps = alternatives.steps(75, 3000);  // 2.5 times
  EXPECT_GT(*std::max_element(steps.begin(), steps.end()), 10);
  EXPECT_FALSE(RateAlternatives(0, 50, 1e-6).weights().empty());  // it can still become more
}

}  // namespace
}  // namespace vigil::monitors
