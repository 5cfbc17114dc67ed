// The JSON Lines of docs/results.md, from values. Floats are rounded to 9 significant digits and printed in shortest
// form. Used by the judge and the results writer; actions have their own (core/cloud_event.h). Pure; throws nothing.
#pragma once

#include <string>

#include "core/results.h"
#include "core/summary.h"
#include "core/verdict.h"

namespace vigil {

// Each returns one JSON object without the newline; `summary` and `info` of the same model.
std::string lumisection_line(const Lumisection& lumisection, const Summary& summary, const ModelInfo& info);
std::string window_line(const Window& window);
std::string verdict_line(const Verdict& verdict);
std::string budget_line(const BudgetOfRun& budget);
std::string lifetime_line(const LifetimeOfRule& lifetime);
std::string digest_line(const std::string& sha256, const Totals& totals);

// A kept event as one JSON object.
std::string kept_event_json(const KeptEvent& event, const ModelInfo& info);

}  // namespace vigil
