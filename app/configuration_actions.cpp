#include "app/configuration_actions.h"

#include "app/configuration.h"
#include "app/configuration_sinks.h"
#include "core/error.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

constexpr std::uint64_t kMostActionsADay = 1'000'000;

std::string key_text(const YAML::Node& key) { return key.IsScalar() ? key.Scalar() : "?"; }

std::set<std::string> names_of(const std::vector<ActionKind>& kinds) {
  std::set<std::string> names;
  for (const ActionKind kind : kinds) names.emplace(to_string(kind));
  return names;
}

const std::vector<ActionKind> kAll{ActionKind::retrain, ActionKind::threshold_adjust, ActionKind::revalidate,
                                   ActionKind::notify,  ActionKind::collect_data,     ActionKind::rollback};
const std::vector<ActionKind> kBudgeted{ActionKind::retrain, ActionKind::threshold_adjust, ActionKind::rollback};

void write_patterns(YAML::Emitter& out, const char* key, const std::vector<std::string>& patterns) {
  if (!patterns.empty()) out << YAML::Key << key << YAML::Value << YAML::Flow << patterns;
}

}  // namespace

alerting::ApprovalRules read_approval(const YAML::Node& node, const YamlPlace& at) {
  if (node.IsScalar() && node.Scalar() == "none") return {};
  if (!node.IsMap()) throw Error(at.where, "key '" + at.key + "'", "none, or a map like {retrain: one}");
  require_map(node, at, names_of(kAll));
  auto rules = alerting::ApprovalRules::stated();
  for (const auto& pair : node) {
    const std::string kind = key_text(pair.first);
    const YamlPlace place = at.below(pair.first, kind);
    const auto needed = alerting::approvers(one_of(pair.second, place, {"auto", "one", "two"}));
    rules.set(*action_kind(kind), *needed, place.where + ": key '" + at.key + "." + kind + "'");
  }
  return rules;
}

void write_approval(YAML::Emitter& out, const alerting::ApprovalRules& rules) {
  if (!rules.is_stated()) {
    out << "none";
    return;
  }
  out << YAML::Flow << YAML::BeginMap;
  for (const ActionKind kind : kAll) {
    out << YAML::Key << std::string(to_string(kind)) << YAML::Value << std::string(to_string(rules.of(kind)));
  }
  out << YAML::EndMap;
}

alerting::ActWhen read_act_when(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsMap()) throw Error(at.where, "key '" + at.key + "'", "a map like {beam_mode: [STABLE*]}");
  require_map(node, at, {"beam_mode", "menu"});
  alerting::ActWhen when;
  for (const auto& pair : node) {
    const std::string key = key_text(pair.first);
    (key == "menu" ? when.menu : when.beam_mode) = texts(pair.second, at.below(pair.first, key));
  }
  return when;
}

void write_act_when(YAML::Emitter& out, const alerting::ActWhen& when) {
  out << YAML::Flow << YAML::BeginMap;
  write_patterns(out, "beam_mode", when.beam_mode);
  write_patterns(out, "menu", when.menu);
  out << YAML::EndMap;
}

alerting::BudgetPerDay read_budget_per_day(const YAML::Node& node, const YamlPlace& at) {
  if (!node.IsMap()) throw Error(at.where, "key '" + at.key + "'", "a map like {retrain: 4}");
  require_map(node, at, names_of(kBudgeted));
  auto budget = alerting::default_budget_per_day();
  for (const auto& pair : node) {
    const std::string kind = key_text(pair.first);
    budget[*action_kind(kind)] =
        static_cast<std::uint32_t>(whole_number(pair.second, at.below(pair.first, kind), 0, kMostActionsADay));
  }
  return budget;
}

void write_budget_per_day(YAML::Emitter& out, const alerting::BudgetPerDay& budget) {
  out << YAML::Flow << YAML::BeginMap;
  for (const auto& [kind, most] : budget) out << YAML::Key << std::string(to_string(kind)) << YAML::Value << most;
  out << YAML::EndMap;
}

void require_approval(const Configuration& configuration) {
  for (const alerting::SinkSettings& sink : configuration.sinks) {
    const std::string& name = sink.name.empty() ? sink.type : sink.name;
    alerting::require_approval(configuration.approval, {{sink.type, name}}, sink.place("type"));
  }
}

}  // namespace vigil::app
