// A window and a reference as samples of vectors of words: all inputs, or all output words, together. The reference is
// re-weighted to the window's pile-up. Used by the statistics and the sequential rule of all columns. Pure: what is
// remembered between calls saves time alone.
// Tests: tests/monitors/together_test.cpp.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "monitors/sample_moments.h"
#include "monitors/statistics.h"

namespace vigil::monitors {

// The eigenvalues of a correlation matrix, ascending, and its vectors in the columns.
struct Spectrum {
  Eigen::VectorXd values;
  Eigen::MatrixXd vectors;
};
Spectrum spectrum_of(const Eigen::MatrixXd& correlation);

// How many of the smallest eigenvalues lie outside the fewest largest that hold 95% of the variance.
Eigen::Index outside_components(const Eigen::VectorXd& ascending);

// What the reference says of the columns that vary in it.
struct TogetherReference {
  std::vector<Eigen::Index> columns;   // of the model's
  SampleMoments moments;               // of these
  double events = 0;                   // that fluctuate as much as the re-weighted mean, at most: min N_s / w_s
  double degrees = 0;                  // of freedom of the covariance
  Eigen::LLT<Eigen::MatrixXd> shrunk;  // Ledoit-Wolf
  Eigen::VectorXd deviations;
  Eigen::MatrixXd correlation;
  // Of the correlations of some of `columns`: places in it, ascending.
  const Spectrum& spectrum(const std::vector<Eigen::Index>& places) const;
  const Spectrum& spectrum() const;  // of all of them

 private:
  mutable std::map<std::vector<Eigen::Index>, Spectrum> spectra_;
};

// Why a statistic of all columns together is none of one of them.
inline constexpr const char* kOfAllColumns = "defined for multivariate monitors only";

struct Together {
  std::string reason;  // why nothing is known; empty where something is
  std::shared_ptr<const TogetherReference> reference;
  SampleMoments window;               // of the reference's columns
  double normal_events = 0;           // that have to differ for a mean to be taken as normal
  std::vector<Eigen::Index> regular;  // places of columns whose means are so in samples of these sizes
  double degrees = 0;                 // of freedom of the covariance of `regular`: of wild words fewer than events
  std::size_t all_columns = 0;        // of the model
};
// Events that have to differ in one sample for its mean to be normal as far out as a page asks; in one of many that are
// averaged.
inline constexpr double kNormalEvents = 120, kNormalEventsOfMany = 30;
Together together(const Summary& window, const Summary& reference, const Subject& subject,
                  double normal_events = kNormalEvents);

// Columns of the model, ascending, whose words differ from the rest in a tenth of the reference's events or more
// (kurtosis at most 10): of rarer ones a window expects few, and each counts for many in units of so small a spread.
// `index`: 0 inputs, 1 outputs.
std::vector<Eigen::Index> moderate_columns(const Summary& reference, std::size_t index);

// The window's means less the reference's in directions that are uncorrelated and of variance 1 in the reference.
struct Shift {
  Eigen::VectorXd standardised;  // [all columns]: by the symmetric root, 0 where a column or direction is left out
  double directions = 0;         // that are looked at
};
// Left out are columns and directions in which so few events differ that their mean is not normal (docs/statistics.md).
Shift standardised_shift(const Together& both);
// P(a T2 of so many directions, whose covariance has `degrees` of freedom, is larger).
double hotelling_tail(double t2, double directions, double degrees);
// The T2 of that tail probability. p in (0, 1).
double hotelling_quantile(double p, double directions, double degrees);

// How far the means moved.
struct MeanShift {
  double t2 = 0;          // M d' S^-1 d of all columns that vary
  double effect = 0;      // sqrt(T2 / M - p / M), at least 0
  double columns = 0;     // p
  double events = 0;      // M
  double directions = 0;  // of the test
  double p_value = 1;
};
MeanShift mean_shift(const Together& both);

}  // namespace vigil::monitors
