// What a plan keeps of a configuration: all that the result depends on, and nothing of a machine, a time or a
// destination. Used by `vigil plan`, `replay --part` and `merge`. Tests: tests/app/plan_configuration_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/configuration.h"
#include "replay/plan.h"

namespace vigil::app {

struct PlannedRun {
  Configuration configuration;
  std::optional<std::uint32_t> from_ls, to_ls;
};

// The JSON object of a plan: {"from_ls","to_ls","yaml"}, the first two where they are given. Paths become absolute;
// jobs, journal, endpoints, sinks and server are left out.
std::string plan_configuration(const PlannedRun& run);

// The same back, with the plan's models. Throws Error naming `where`.
PlannedRun planned_run(const replay::Plan& plan, const std::string& where);

}  // namespace vigil::app
