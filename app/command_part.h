// One part of a plan, as `vigil replay --plan PLAN --part K` makes it; and what merge asks of a plan as well.
// Tests: tests/contract/merge_test.py.
#pragma once

#include <cstdint>
#include <string>

#include "app/model_set.h"
#include "replay/plan.h"

namespace vigil::app {

struct PartOptions {
  std::string plan, output;
  std::uint32_t part = 0, jobs = 0;
  bool json = false;
};

// Throws Error or FailedRunning.
int run_part(const PartOptions& options);

// Throws Error naming the package that is no longer the plan's.
void require_planned_models(const replay::PlanFile& file, const ModelSet& models);

}  // namespace vigil::app
