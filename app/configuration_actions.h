// Configuration keys about who approves what, and when not to act. Read strictly, written as they are read.
// Tests: tests/app/configuration_actions_test.cpp.
#pragma once

#include "alerting/approval.h"
#include "alerting/budget.h"
#include "app/yaml_values.h"

namespace vigil::app {

struct Configuration;

// Each throws Error. `approval`: none, or a map of kinds to auto, one or two; kinds that are not given are those of
// `approval: {}`.
alerting::ApprovalRules read_approval(const YAML::Node& node, const YamlPlace& at);
alerting::ActWhen read_act_when(const YAML::Node& node, const YamlPlace& at);
alerting::BudgetPerDay read_budget_per_day(const YAML::Node& node, const YamlPlace& at);

void write_approval(YAML::Emitter& out, const alerting::ApprovalRules& rules);
void write_act_when(YAML::Emitter& out, const alerting::ActWhen& when);
void write_budget_per_day(YAML::Emitter& out, const alerting::BudgetPerDay& budget);

// Throws Error where a sink that starts something is configured, and nobody said who approves it.
void require_approval(const Configuration& configuration);

}  // namespace vigil::app
