// The statistics of the catalogue (statistics.def): pure functions of two merged summaries, each a number with its
// p-value. Used by rules, `vigil list` and the contract tests. No limits and no history here: those live in rules.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/model.h"
#include "core/summary.h"
#include "core/verdict.h"

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

// Defined for a window and a reference of one model. No value (with the reason) where the window or the reference is
// empty or the statistic does not apply to the subject. Definitions, sources and undefined cases: docs/statistics.md.
using StatisticFunction = Reading (*)(const Summary& window, const Summary& reference, const Subject& subject);

struct StatisticEntry {
  std::string_view name;
  StatisticFunction function;
  std::string_view summary;  // one line
};

std::span<const StatisticEntry> statistics();                 // in the order of the catalogue
const StatisticEntry* find_statistic(std::string_view name);  // null when unknown
bool applies(const StatisticEntry& statistic, Target target);

#define STATISTIC(name, function, summary) Reading function(const Summary&, const Summary&, const Subject&);
#include "monitors/statistics.def"
#undef STATISTIC

}  // namespace vigil::monitors
