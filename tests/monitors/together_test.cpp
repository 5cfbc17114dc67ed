// The statistics of all columns together against plain loops; what they make of chance.
#include "monitors/together.h"

#include <gtest/gtest.h>

#include "monitors/lumisection_scatter.h"
#include "monitors/statistics.h"
#include "vectors.h"

namespace vigil::monitors {
namespace {

using fixtures::Rows;
using fixtures::summary_of;
using fixtures::VectorSource;
using Plain = std::vector<std::vector<double>>;

struct PlainSample {
  std::vector<double> mean;
  Plain covariance;
  double n = 0, fourth = 0;
};
PlainSample plain_sample(const Rows& rows) {
  const std::size_t p = rows[0].size();
  PlainSample s{std::vector<double>(p), Plain(p, std::vector<double>(p)), static_cast<double>(rows.size()), 0};
  for (const auto& r : rows) {
    for (std::size_t i = 0; i < p; ++i) s.mean[i] += static_cast<double>(r[i]) / s.n;
  }
  for (const auto& r : rows) {
    double norm = 0;
    for (std::size_t i = 0; i < p; ++i) {
      const double a = static_cast<double>(r[i]) - s.mean[i];
      norm += a * a;
      for (std::size_t j = 0; j < p; ++j) s.covariance[i][j] += a * (static_cast<double>(r[j]) - s.mean[j]) / s.n;
    }
    s.fourth += norm * norm / s.n;
  }
  return s;
}

// d' A^-1 d by elimination.
double plain_quadratic(Plain a, std::vector<double> d) {
  const std::vector<double> right = d;
  const std::size_t p = d.size();
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t r = i + 1; r < p; ++r) {
      const double f = a[r][i] / a[i][i];
      for (std::size_t c = i; c < p; ++c) a[r][c] -= f * a[i][c];
      d[r] -= f * d[i];
    }
  }
  double sum = 0;
  for (std::size_t i = p; i-- > 0;) {
    for (std::size_t c = i + 1; c < p; ++c) d[i] -= a[i][c] * d[c];
    d[i] /= a[i][i];
    sum += d[i] * right[i];
  }
  return sum;
}

// The definition of the contract, shrinkage by Ledoit and Wolf's formulas.
double plain_t2(const Rows& window, const Rows& reference) {
  const PlainSample w = plain_sample(window);
  PlainSample r = plain_sample(reference);
  const auto p = static_cast<double>(r.mean.size());
  double norm = 0, trace = 0;
  for (std::size_t i = 0; i < r.mean.size(); ++i) {
    trace += r.covariance[i][i];
    for (const double c : r.covariance[i]) norm += c * c;
  }
  const double delta = norm / p - trace / p * trace / p, beta = std::min((r.fourth - norm) / (r.n * p), delta);
  std::vector<double> d;
  for (std::size_t i = 0; i < r.mean.size(); ++i) {
    d.push_back(w.mean[i] - r.mean[i]);
    for (double& c : r.covariance[i]) c *= 1 - beta / delta;
    r.covariance[i][i] += beta / delta * trace / p;
  }
  return w.n * plain_quadratic(r.covariance, d);
}

// Eigenvectors by Jacobi's rotations: values and, in rows, vectors.
std::pair<std::vector<double>, Plain> plain_eigen(Plain a) {
  const std::size_t p = a.size();
  Plain v(p, std::vector<double>(p));
  for (std::size_t i = 0; i < p; ++i) v[i][i] = 1;
  for (int sweep = 0; sweep < 60; ++sweep) {
    for (std::size_t i = 0; i < p; ++i) {
      for (std::size_t j = i + 1; j < p; ++j) {
        const double angle = 0.5 * std::atan2(2 * a[i][j], a[i][i] - a[j][j]), c = std::cos(angle), s = std::sin(angle);
        for (std::size_t k = 0; k < p; ++k) {
          const double x = a[i][k], y = a[j][k];
          a[i][k] = c * x + s * y;
          a[j][k] = c * y - s * x;
          const double q = v[i][k], t = v[j][k];
          v[i][k] = c * q + s * t;
          v[j][k] = c * t - s * q;
        }
        for (std::size_t k = 0; k < p; ++k) {
          const double x = a[k][i], y = a[k][j];
          a[k][i] = c * x + s * y;
          a[k][j] = c * y - s * x;
        }
      }
    }
  }
  std::vector<double> values;
  for (std::size_t i = 0; i < p; ++i) values.push_back(a[i][i]);
  return {values, v};
}

double plain_residual_change(const Rows& window, const Rows& reference) {
  const PlainSample r = plain_sample(reference);
  const std::size_t p = r.mean.size();
  const auto standardised = [&](const std::vector<std::int64_t>& row) {
    std::vector<double> z;
    for (std::size_t i = 0; i < p; ++i)
      z.push_back((static_cast<double>(row[i]) - r.mean[i]) / std::sqrt(r.covariance[i][i]));
    return z;
  };
  Plain correlation = r.covariance;
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j) correlation[i][j] /= std::sqrt(r.covariance[i][i] * r.covariance[j][j]);
  }
  const auto [values, vectors] = plain_eigen(correlation);
  std::vector<std::size_t> order(p);
  for (std::size_t i = 0; i < p; ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&values = values](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  std::size_t held = 0;
  for (double sum = 0; sum < 0.95 * static_cast<double>(p);) sum += values[order[held++]];
  const auto residual = [&, &vectors = vectors](const Rows& rows) {
    double sum = 0;
    for (const auto& row : rows) {
      const std::vector<double> z = standardised(row);
      for (std::size_t k = held; k < p; ++k) {
        double along = 0;
        for (std::size_t i = 0; i < p; ++i) along += vectors[order[k]][i] * z[i];
        sum += along * along;
      }
    }
    return sum / static_cast<double>(rows.size());
  };
  return residual(window) / residual(reference) - 1;
}

class TogetherTest : public ::testing::Test {
 protected:
  const ModelInfo model_ = fixtures::model(6);
  const Subject inputs_{&model_, Target::multivariate, 0}, outputs_{&model_, Target::multivariate, 1};
  VectorSource source_{.loading = 0.95};
};

TEST_F(TogetherTest, ValuesAreThoseOfPlainLoops) {
  Rows reference, reference_outputs, window, window_outputs;
  source_.draw(900, reference, reference_outputs);
  source_.shift = {30, 0, -10, 0, 0, 20};
  source_.draw(300, window, window_outputs);
  const Summary a = summary_of(model_, window, window_outputs), b = summary_of(model_, reference, reference_outputs);
  const double t2 = plain_t2(window, reference);
  EXPECT_GT(t2, 100);
  EXPECT_NEAR(*hotelling(a, b, inputs_).value, t2, 1e-9 * t2);
  const double of_outputs = plain_t2(window_outputs, reference_outputs);
  EXPECT_NEAR(*hotelling(a, b, outputs_).value, of_outputs, 1e-9 * of_outputs);
  EXPECT_NEAR(mean_shift(together(a, b, inputs_)).effect, std::sqrt(t2 / 300 - 6 / 300.0), 1e-9);
  EXPECT_NEAR(*pca(a, b, inputs_).value, plain_residual_change(window, reference), 1e-9);
  EXPECT_FALSE(pca(a, b, outputs_).value) << "three words without correlation: components hold all";
}

TEST_F(TogetherTest, AColumnThatStandsInTheReferenceIsLeftOut) {
  Rows reference, window, none, outputs;
  source_.draw(900, reference, outputs);
  source_.draw(300, window, none);
  Rows shorter_reference = reference, shorter_window = window;
  for (auto* rows : {&shorter_reference, &shorter_window}) {
    for (auto& row : *rows) row.erase(row.begin() + 2);
  }
  for (auto& row : reference) row[2] = 77;
  const Summary a = summary_of(model_, window, none), b = summary_of(model_, reference, outputs);
  EXPECT_NEAR(*hotelling(a, b, inputs_).value, plain_t2(shorter_window, shorter_reference), 1e-6);
  EXPECT_EQ(mean_shift(together(a, b, inputs_)).columns, 5);
}

TEST_F(TogetherTest, WhyNothingIsKnown) {
  const Summary reference = source_.summary(model_, 900), few = source_.summary(model_, 29);
  EXPECT_EQ(hotelling(few, reference, inputs_).reason, "29 sampled events, 30 needed");
  EXPECT_EQ(hotelling(reference, few, inputs_).reason, "29 sampled events in the reference, 30 needed");
  EXPECT_TRUE(hotelling(few, reference, outputs_).value) << hotelling(few, reference, outputs_).reason;
  Summary old = reference;
  old.all.input_products = {};
  EXPECT_EQ(pca(reference, old, inputs_).reason, "no products of words in the reference");
  EXPECT_EQ(pca(old, reference, inputs_).reason, "0 sampled events, 30 needed");
  EXPECT_EQ(hotelling(reference, reference, {&model_, Target::input, 0}).reason, kOfAllColumns);
  EXPECT_NEAR(*hotelling(reference, reference, inputs_).value, 0, 1e-9);
  EXPECT_NEAR(*pca(reference, reference, inputs_).value, 0, 1e-9);
}

TEST_F(TogetherTest, TheReferenceIsReweightedToThePileUpOfTheWindow) {
  const PileupRange low{4000, 4200}, high{5000, 5200}, other{6000, 6200};
  const auto part = [&](PileupRange pileup, std::size_t events) {
    Rows inputs, outputs;
    source_.shift = pileup == low ? std::vector<double>(6) : std::vector<double>(6, 150);
    source_.draw(events, inputs, outputs);
    return summary_of(model_, inputs, outputs, pileup);
  };
  Summary reference = part(low, 2000);
  reference += part(high, 1000);
  Summary window = part(high, 900);
  window += part(low, 100);
  const MeanShift shift = mean_shift(together(window, reference, inputs_));
  EXPECT_GT(shift.p_value, 1e-3);
  EXPECT_LT(shift.effect, 0.15);
  EXPECT_NEAR(together(window, reference, inputs_).reference->events, std::min(1000 / 0.9, 2000 / 0.1), 1e-6);
  // Undivided the same data moved.
  Summary plain_window = window, plain_reference = reference;
  plain_window.pileup_width = plain_reference.pileup_width = 0;
  EXPECT_LT(mean_shift(together(plain_window, plain_reference, inputs_)).p_value, 1e-9);
  // A tenth elsewhere is left out, more is not.
  window += part(other, 100);
  EXPECT_EQ(together(window, reference, inputs_).reason, "");
  EXPECT_EQ(together(window, reference, inputs_).window.n, 1000);
  window += part(other, 100);
  EXPECT_EQ(together(window, reference, inputs_).reason, "pile-up 61 outside the reference (40 to 52)");
}

TEST_F(TogetherTest, QuantilesInvertTails) {
  for (const double p : {0.5, 1e-3, 1e-8, 1e-30}) {
    for (const double degrees : {200.0, 1e5, 1e9}) {
      EXPECT_NEAR(hotelling_tail(hotelling_quantile(p, 57, degrees), 57, degrees) / p, 1, 1e-6) << p << " " << degrees;
    }
  }
  // With two columns and many events T2 is exponential.
  EXPECT_NEAR(hotelling_tail(10, 2, 1e9), std::exp(-5), 1e-12);
  EXPECT_EQ(hotelling_tail(0, 5, 100), 1);
}

// Small reference, small window, words that are normal and one that is exponential: p-values are not too small.
TEST_F(TogetherTest, PValuesKeepTheirWordUnderTheNull) {
  constexpr int kTrials = 1500;
  int means_1 = 0, means_01 = 0, residual_1 = 0, residual_01 = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Summary reference(model_);
    LumisectionScatter scatter;
    for (int ls = 0; ls < 20; ++ls) {
      const Summary one = source_.summary(model_, 40);
      reference += one;
      scatter.add(one);
    }
    scatter.complete(reference);
    const Summary window = source_.summary(model_, 400);
    const double mean = *hotelling(window, reference, inputs_).p_value;
    const double residual = *measure_pca(window, reference, inputs_, &scatter, {}).reading.p_value;
    means_1 += mean < 0.01;
    means_01 += mean < 0.001;
    residual_1 += residual < 0.01;
    residual_01 += residual < 0.001;
  }
  EXPECT_LE(means_1, 15 + 12);
  EXPECT_GE(means_1, 4) << "not blind";
  EXPECT_LE(means_01, 6);
  EXPECT_LE(residual_1, 15 + 12);
  EXPECT_GE(residual_1, 2) << "not blind";
  EXPECT_LE(residual_01, 6);
}

TEST(LumisectionScatter, IsTheSameHoweverItIsSavedAndJoinsNeighbours) {
  const ModelInfo model = fixtures::model(6);
  VectorSource source;
  LumisectionScatter through, reloaded;
  Summary reference(model);
  for (int ls = 0; ls < 75; ++ls) {
    const Summary one = source.summary(model, 50);
    reference += one;
    through.add(one);
    reloaded.add(one);
    reloaded = LumisectionScatter::from_json(reloaded.to_json(), model, "test");
    ASSERT_EQ(reloaded, through) << ls;
  }
  through.complete(reference);
  reloaded.complete(reference);
  EXPECT_EQ(through, reloaded);
  EXPECT_EQ(through.inputs.size(), 19u) << "75 lumisections, four a part";
  double events = 0;
  for (const auto& part : through.inputs) events += part.events;
  EXPECT_EQ(events, 75 * 50);
  EXPECT_EQ(LumisectionScatter::from_json(through.to_json(), model, "test"), through);
  EXPECT_ANY_THROW((void)LumisectionScatter::from_json("{\"inputs\":[[0,1]],\"outputs\":[]}", model, "test"));
  EXPECT_ANY_THROW((void)LumisectionScatter::from_json("[]", model, "test"));
}

}  // namespace
}  // namespace vigil::monitors
