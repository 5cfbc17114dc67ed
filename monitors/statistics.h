// The statistics of the catalogue (statistics.def): pure functions of two merged summaries, each a number with its
// p-value. Used by rules, `vigil list` and the contract tests. No history here: that lives in rules.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model.h"
#include "core/summary.h"
#include "core/verdict.h"

namespace vigil::monitors {

// What a reading is about: an output word (index into the concatenated output words), an input column, a seed, the
// mismatch of a named output (index < outputs) or seed (index - outputs), or all inputs (0) or output words (1)
// together.
struct Subject {
  const ModelInfo* model = nullptr;
  Target target = Target::output;
  std::size_t index = 0;
};

// Monitor name as results.md prints it: score, latent[3], input/<name>, seed/<name>, mismatch/<output or seed>,
// multivariate/inputs, multivariate/outputs.
std::string monitor_name(const Subject& subject);

// Sets of targets.
using Targets = unsigned;
constexpr Targets set_of(Target target) { return 1u << static_cast<unsigned>(target); }
inline constexpr Targets kNothing = 0;
inline constexpr Targets kOutputs = set_of(Target::output);
inline constexpr Targets kInputs = set_of(Target::input);
inline constexpr Targets kSeeds = set_of(Target::seed);
inline constexpr Targets kMismatches = set_of(Target::mismatch);
inline constexpr Targets kMultivariate = set_of(Target::multivariate);

// Defined for a window and a reference of one model. No value (with the reason) where the window or the reference is
// empty or the statistic does not apply to the subject. Definitions, sources and undefined cases: docs/statistics.md.
using StatisticFunction = Reading (*)(const Summary& window, const Summary& reference, const Subject& subject);

// On plain samples; both hold events (monitors/sample_pair.h).
struct SamplePair;
struct SampleReading {
  std::optional<double> value;
  std::optional<double> p_value = {};
  std::optional<double> log_p_value = {};  // natural logarithm; finite where the p-value underflows
  std::string_view reason = {};            // why there is no value
  struct Extra {                           // what else is printed: dof, auc, distance
    std::string_view name;                 // empty: nothing
    double value = 0;
    bool is_whole = false;
  };
  Extra extra = {};
  std::vector<double> residuals = {};  // of the cells, where wanted and defined
};
using SampleFunction = SampleReading (*)(const SamplePair& pair);

// How a change of a distribution stands to its limits, in units of the value. A level is reached when value and
// certainty reach it.
struct Measured {
  double value = 0;
  double medium = 0;  // value from which it is medium, and bad
  double bad = 0;
  double certainty = 1;  // p-value of the test behind it
  double size = 0;       // effect size in the unit of the limits, noise taken off
  std::string symbol;
  std::string effect = {};  // the effect size in words, where it is not the value
  double degrees = 1;       // of freedom, where that test is chi-squared
};
// A p-value, which may depend on the degrees of freedom of the chi-squared it is compared with; 1 for every other test.
class PValueLimit {
 public:
  PValueLimit(double fixed) : fixed_(fixed) {}
  explicit PValueLimit(std::function<double(double)> of_degrees) : of_degrees_(std::move(of_degrees)) {}
  double operator()(double degrees) const { return of_degrees_ ? of_degrees_(degrees) : fixed_; }

 private:
  double fixed_ = 1;
  std::function<double(double)> of_degrees_;
};
struct Limits {
  double medium = 0;  // effect sizes
  double bad = 0;
  double warn = 1;       // p-value at or below which a reading is no fluctuation: for medium
  PValueLimit page = 1;  // and for bad
};
// Window and reference hold events of the subject, an input or an output.
using MeasureFunction = Measured (*)(const Summary& window, const Summary& reference, const Subject& subject,
                                     const Limits& limits);

// Of all columns together, with a test that may ask how the reference's own lumisections scatter (null: not known).
// Nothing is known of the value where `reading` has none.
struct LumisectionScatter;
struct MeasuredTogether {
  Reading reading;
  Measured measured;
};
using TogetherFunction = MeasuredTogether (*)(const Summary& window, const Summary& reference, const Subject& subject,
                                              const LumisectionScatter* scatter, const Limits& limits);

struct StatisticEntry {
  std::string_view name;
  StatisticFunction function = nullptr;
  SampleFunction of_samples = nullptr;  // null: not defined for samples
  MeasureFunction measure = nullptr;    // null: not of distributions
  TogetherFunction together = nullptr;  // null: not of all columns together
  Targets targets = kNothing;           // it applies to
  Targets default_of = kNothing;        // it is judged by where nothing else is configured
  double medium = 0;                    // default limits
  double bad = 0;
  std::string_view limits_measure;
  bool has_p_value = false;
  std::string_view summary;      // one line
  bool of_fit = false;           // against the reference's fit of rates to pile-up: where it has one
  bool of_correlations = false;  // of all columns together: not of their means
};

std::span<const StatisticEntry> statistics();                 // in the order of the catalogue
const StatisticEntry* find_statistic(std::string_view name);  // null when unknown
const StatisticEntry& default_statistic(Target target);       // of a target that has one: not multivariate
std::vector<std::string> multivariate_statistics();           // names, in the order of the catalogue
inline bool applies(const StatisticEntry& statistic, Target target) {
  return (statistic.targets & set_of(target)) != 0;
}

#define SHAPE_STATISTIC(name, function, samples, measured, defaults, medium, bad, measures, p_value, summary) \
  Reading function(const Summary&, const Summary&, const Subject&);                                           \
  SampleReading samples(const SamplePair&);                                                                   \
  Measured measured(const Summary&, const Summary&, const Subject&, const Limits&);
#define COUNT_STATISTIC(name, function, targets, defaults, medium, bad, measures, p_value, summary) \
  Reading function(const Summary&, const Summary&, const Subject&);
#define MULTIVARIATE_STATISTIC(name, function, measured, of_correlations, medium, bad, measures, summary) \
  Reading function(const Summary&, const Summary&, const Subject&);                                       \
  MeasuredTogether measured(const Summary&, const Summary&, const Subject&, const LumisectionScatter*, const Limits&);
#define FIT_STATISTIC(name, function, targets, medium, bad, measures, summary) \
  Reading function(const Summary&, const Summary&, const Subject&);
#include "monitors/statistics.def"
#undef SHAPE_STATISTIC
#undef COUNT_STATISTIC
#undef FIT_STATISTIC
#undef MULTIVARIATE_STATISTIC

}  // namespace vigil::monitors
