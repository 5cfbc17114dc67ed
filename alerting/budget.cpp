#include "alerting/budget.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/pattern.h"

namespace vigil::alerting {
namespace {

constexpr std::size_t kChanges = 64;  // far more cuts than any window spans

bool allowed(const std::vector<std::string>& patterns, const std::optional<std::string>& value) {
  return patterns.empty() || (value && std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
                                return vigil::matches(pattern, *value);
                              }));
}

using Json = nlohmann::ordered_json;
Json maybe(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }
std::optional<std::string> maybe(const nlohmann::json& text) {
  return text.is_null() ? std::nullopt : std::optional(text.get<std::string>());
}

}  // namespace

bool matches(const ActWhen& when, const ActContext& context) {
  return allowed(when.beam_mode, context.beam_mode) && allowed(when.menu, context.menu);
}

void ContextTrail::note(std::uint32_t run, std::uint32_t ls, const ActContext& context) {
  if (!changes_.empty() && changes_.back().run == run && changes_.back().context == context) return;
  changes_.push_back({run, ls, context});
  if (changes_.size() > kChanges) changes_.pop_front();
}

ActContext ContextTrail::of(std::uint32_t run, std::uint32_t ls) const {
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    if (change->run == run && change->ls <= ls) return change->context;
  }
  return {};
}

Json ContextTrail::save() const {
  Json saved = Json::array();
  for (const Change& c : changes_) {
    saved.push_back(
        {{"run", c.run}, {"ls", c.ls}, {"beam_mode", maybe(c.context.beam_mode)}, {"menu", maybe(c.context.menu)}});
  }
  return saved;
}

void ContextTrail::load(const nlohmann::json& saved) {
  changes_.clear();
  for (const auto& c : saved) {
    changes_.push_back({c.at("run").get<std::uint32_t>(),
                        c.at("ls").get<std::uint32_t>(),
                        {maybe(c.at("beam_mode")), maybe(c.at("menu"))}});
  }
}

BudgetPerDay default_budget_per_day() {
  return {{ActionKind::retrain, 4}, {ActionKind::threshold_adjust, 4}, {ActionKind::rollback, 1}};
}

bool ActionBudget::may_open(ActionKind kind, const BudgetPerDay& budget) const {
  const auto most = budget.find(kind);
  if (most == budget.end()) return true;
  const auto& opened = opened_[static_cast<std::size_t>(kind)];
  const auto in_a_day = std::count_if(opened.begin(), opened.end(),
                                      [&](std::uint64_t at) { return closed_ - at < std::uint64_t{kDayLs}; });
  return static_cast<std::uint64_t>(in_a_day) < most->second;
}

void ActionBudget::count(ActionKind kind) {
  auto& opened = opened_[static_cast<std::size_t>(kind)];
  while (!opened.empty() && closed_ - opened.front() >= std::uint64_t{kDayLs}) opened.pop_front();
  opened.push_back(closed_);
}

Json ActionBudget::save() const {
  Json opened = Json::array();
  for (const auto& of_kind : opened_) opened.push_back(of_kind);
  return {{"closed", closed_}, {"opened", std::move(opened)}};
}

void ActionBudget::load(const nlohmann::json& saved) {
  ActionBudget read;
  read.closed_ = saved.at("closed").get<std::uint64_t>();
  for (std::size_t k = 0; k < kActionKinds; ++k) {
    read.opened_[k] = saved.at("opened").at(k).get<std::deque<std::uint64_t>>();
  }
  *this = std::move(read);
}

}  // namespace vigil::alerting
