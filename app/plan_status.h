// How far a plan is: which of its parts are there, whole and of this plan. Used by `vigil status PLAN`, which the
// scripts of the engines ask. Reads every part to its end. Tests: tests/contract/plan_test.py.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "replay/plan.h"

namespace vigil::app {

// Whether a file looks like a plan and not like a journal: its first byte is that of a JSON object.
bool is_plan_file(const std::string& path);

// "3, 7-9", of numbers that rise.
std::string in_ranges(const std::vector<std::uint32_t>& numbers);

// {"parts":N,"done":[…],"missing":[…],"bad":[{"part","reason"}],"events","events_done"}, as JSON or as a line for
// people.
std::string plan_status(const replay::PlanFile& plan, bool json);

}  // namespace vigil::app
