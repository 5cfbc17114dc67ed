// The statistics of the catalogue (statistics.def): pure functions of two merged summaries, each a number with its
// p-value. Used by rules, `vigil list` and the contract tests. No history here: that lives in rules.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model.h"
#include "core/summary.h"
#include "core/verdict.h"
#include "monitors/counts.h"

namespace vigil::monitors {

// What a reading is about: an output word (index into the concatenated output words), an input column, a seed, or the
// mismatch of a named output (index < outputs) or seed (index - outputs).
struct Subject {
  const ModelInfo* model = nullptr;
  Target target = Target::output;
  std::size_t index = 0;
};

// Monitor name as results.md prints it: score, latent[3], input/<name>, seed/<name>, mismatch/<output or seed>.
std::string monitor_name(const Subject& subject);

// Sets of targets.
using Targets = unsigned;
constexpr Targets set_of(Target target) { return 1u << static_cast<unsigned>(target); }
inline constexpr Targets kNothing = 0;
inline constexpr Targets kOutputs = set_of(Target::output);
inline constexpr Targets kInputs = set_of(Target::input);
inline constexpr Targets kSeeds = set_of(Target::seed);
inline constexpr Targets kMismatches = set_of(Target::mismatch);

// Defined for a window and a reference of one model. No value (with the reason) where the window or the reference is
// empty or the statistic does not apply to the subject. Definitions, sources and undefined cases: docs/statistics.md.
using StatisticFunction = Reading (*)(const Summary& window, const Summary& reference, const Subject& subject);

// On plain samples; both hold events.
struct SampleReading {
  std::optional<double> value;
  std::optional<double> p_value;
  std::string reason = {};                                 // why there is no value
  std::vector<std::pair<std::string, double>> extra = {};  // what else is printed, e.g. dof
};
using SampleFunction = SampleReading (*)(const Cells& cells);

// How a change of a distribution stands to its limits, in units of the value: bad from `bad` on, medium from `medium`
// on, if it is significant.
struct Measured {
  double value = 0;
  double medium = 0;
  double bad = 0;
  bool significant = true;
  std::string symbol;
  std::string effect = {};  // the effect size in words, where it is not the value
};
struct Limits {
  double medium = 0;  // effect sizes
  double bad = 0;
  double significance = 1;  // p-value below which a reading is no fluctuation
};
// Window and reference hold events of the subject, an input or an output.
using MeasureFunction = Measured (*)(const Summary& window, const Summary& reference, const Subject& subject,
                                     const Limits& limits);

struct StatisticEntry {
  std::string_view name;
  StatisticFunction function = nullptr;
  SampleFunction of_samples = nullptr;  // null: not defined for samples
  MeasureFunction measure = nullptr;    // null: not of distributions
  Targets targets = kNothing;           // it applies to
  Targets default_of = kNothing;        // it is judged by where nothing else is configured
  double medium = 0;                    // default limits
  double bad = 0;
  std::string_view limits_measure;
  bool has_p_value = false;
  std::string_view summary;  // one line
};

std::span<const StatisticEntry> statistics();                 // in the order of the catalogue
const StatisticEntry* find_statistic(std::string_view name);  // null when unknown
const StatisticEntry& default_statistic(Target target);
inline bool applies(const StatisticEntry& statistic, Target target) {
  return (statistic.targets & set_of(target)) != 0;
}

#define SHAPE_STATISTIC(name, function, samples, measured, defaults, medium, bad, measures, p_value, summary) \
  Reading function(const Summary&, const Summary&, const Subject&);                                           \
  SampleReading samples(const Cells&);                                                                        \
  Measured measured(const Summary&, const Summary&, const Subject&, const Limits&);
#define COUNT_STATISTIC(name, function, targets, defaults, medium, bad, measures, p_value, summary) \
  Reading function(const Summary&, const Summary&, const Subject&);
#include "monitors/statistics.def"
#undef SHAPE_STATISTIC
#undef COUNT_STATISTIC

}  // namespace vigil::monitors
