// When not to act: the context in which nothing may be changed, and how many actions of a kind a stream may open in a
// day of data. Used by the policy. Values only; equal lumisections give equal answers.
// Tests: tests/alerting/act_when_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/action.h"

namespace vigil::alerting {

// What the context of a lumisection says; none: the data do not.
struct ActContext {
  std::optional<std::string> beam_mode, menu;
  bool operator==(const ActContext&) const = default;
};

// Patterns with `*`; an empty list asks for nothing.
struct ActWhen {
  std::vector<std::string> beam_mode, menu;
  bool operator==(const ActWhen&) const = default;
};
// Whether every key that is asked for is there and matches.
bool matches(const ActWhen& when, const ActContext& context);

// The contexts of the newest lumisections of one stream, as far back as windows reach.
class ContextTrail {
 public:
  void note(std::uint32_t run, std::uint32_t ls, const ActContext& context);
  // Of the lumisection, or the one before it that has one; none in that run: nothing is known.
  ActContext of(std::uint32_t run, std::uint32_t ls) const;

  nlohmann::ordered_json save() const;
  void load(const nlohmann::json& saved);  // throws what nlohmann::json throws

 private:
  struct Change {
    std::uint32_t run = 0, ls = 0;  // from here on
    ActContext context;
  };
  std::deque<Change> changes_;
};

inline constexpr std::uint32_t kDayLs = 3707;  // 24 h of 2^18 orbits at 11245.5 Hz

// Actions of a kind a day of data; of a kind that is not listed any number.
using BudgetPerDay = std::map<ActionKind, std::uint32_t>;
BudgetPerDay default_budget_per_day();  // retrain 4, threshold-adjust 4, rollback 1

// What was opened within the last day of closed lumisections.
class ActionBudget {
 public:
  void close_lumisection() { ++closed_; }
  std::uint64_t closed() const { return closed_; }
  bool may_open(ActionKind kind, const BudgetPerDay& budget) const;
  void count(ActionKind kind);

  nlohmann::ordered_json save() const;
  void load(const nlohmann::json& saved);

 private:
  std::uint64_t closed_ = 0;
  std::array<std::deque<std::uint64_t>, kActionKinds> opened_;  // value of closed_ when it was opened
};

}  // namespace vigil::alerting
