#include "monitors/attribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "vectors.h"

namespace vigil::monitors {
namespace {

TEST(Attribution, BenjaminiYekutieliByItsDefinition) {
  // m = 4: thresholds k q / (m (1 + 1/2 + 1/3 + 1/4)) = k 0.012.
  EXPECT_EQ(accepted_p_values(std::vector<double>{0.5, 0.023, 0.02, 1}), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(accepted_p_values(std::vector<double>{0.5, 0.025, 0.02, 1}), std::vector<std::size_t>());
  EXPECT_EQ(accepted_p_values(std::vector<double>{0.04, 0.04, 0.04, 0.04}), (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_TRUE(accepted_p_values({}).empty());
}

TEST(Attribution, EBhByItsDefinition) {
  // m = 4, q = 0.1: e of the k-th largest at least 40 / k.
  const auto ln = [](double e) { return std::log(e); };
  EXPECT_EQ(accepted_e_values(std::vector<double>{ln(1), ln(21), ln(25), ln(0.1)}), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(accepted_e_values(std::vector<double>{ln(1), ln(19), ln(25), ln(0.1)}), std::vector<std::size_t>());
  EXPECT_EQ(accepted_e_values(std::vector<double>{ln(11), ln(10.5), ln(12), ln(10.1)}),
            (std::vector<std::size_t>{0, 1, 2, 3}));
}

// Of what is accepted under the null and a few alternatives, on average at most a tenth is false, also of one p-value
// repeated.
TEST(Attribution, FewOfTheNamedAreNamedByChance) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform;
  double false_part = 0;
  constexpr int kTrials = 4000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const double shared = uniform(random);
    std::vector<double> p;
    for (int i = 0; i < 30; ++i) p.push_back(i < 3 ? 1e-3 * uniform(random) : i < 15 ? shared : uniform(random));
    const auto accepted = accepted_p_values(p);
    double wrong = 0;
    for (const std::size_t i : accepted) wrong += i >= 3;
    if (!accepted.empty()) false_part += wrong / static_cast<double>(accepted.size());
  }
  EXPECT_LE(false_part / kTrials, 0.1);
}

TEST(Attribution, NamesTheInputsWhoseCorrelationsChanged) {
  const ModelInfo model = fixtures::model(10);
  fixtures::VectorSource source{.columns = 10, .shift = std::vector<double>(10)};
  const Summary reference = source.summary(model, 2000);
  fixtures::Rows inputs, outputs;
  source.draw(4000, inputs, outputs);
  for (std::size_t e = 0; e + 1 < inputs.size(); ++e) std::swap(inputs[e][2], inputs[e + 1][2]);  // of another event
  const auto moved = moved_correlations(fixtures::summary_of(model, inputs, outputs), reference, model);
  ASSERT_EQ(moved.size(), 1u);
  EXPECT_EQ(moved[0].monitor, "input/x[2]");
  EXPECT_NEAR(moved[0].effect, std::sqrt(8 * 0.81 * 0.81 / 9), 0.05);
  EXPECT_FALSE(moved[0].p_value);
  EXPECT_TRUE(moved_correlations(Summary(model), reference, model).empty());
}

}  // namespace
}  // namespace vigil::monitors
