#include "alerting/life_cycle.h"

#include <algorithm>
#include <array>

namespace vigil::alerting {
namespace {

using S = ActionState;
using V = Verb;
using R = Role;
using C = Transition::Condition;

constexpr std::array kStates = {"proposed", "approved", "rejected", "expired",   "superseded", "dispatched",
                                "failed",   "accepted", "running",  "succeeded", "verified",   "reverted"};
constexpr std::array kVerbNames = {"approve",  "reject", "expire", "supersede", "withdraw approval",
                                   "dispatch", "accept", "run",    "succeed",   "fail",
                                   "retry",    "verify", "revert"};
constexpr std::array kRoleNames = {"vigil", "shifter", "expert", "pipeline"};
constexpr std::array kDeliveries = {"pending", "delivered", "rejected", "expired"};
static_assert(kStates.size() == kActionStates && kVerbNames.size() == kVerbs && kRoleNames.size() == kRoles);

// The table, one row for each state, verb and role that may meet. Nothing else changes a state.
constexpr Transition kTable[] = {
    {S::proposed, V::approve, R::vigil, S::approved},
    {S::proposed, V::reject, R::expert, S::rejected},
    {S::approved, V::reject, R::expert, S::rejected, C::not_sent},
    {S::proposed, V::expire, R::vigil, S::expired},
    {S::approved, V::expire, R::vigil, S::expired},
    {S::proposed, V::supersede, R::vigil, S::superseded},
    {S::approved, V::withdraw_approval, R::vigil, S::proposed, C::not_sent},
    {S::approved, V::dispatch, R::vigil, S::dispatched},
    // Every pipeline refused it for good, or an expert discarded what was left: vigil, whether it was sent or not.
    {S::approved, V::fail, R::vigil, S::failed},
    {S::failed, V::retry, R::expert, S::approved, C::not_delivered},
    // A pipeline that has it may say so before vigil has seen its answer: sent is enough.
    {S::approved, V::accept, R::pipeline, S::accepted, C::sent},
    {S::approved, V::accept, R::vigil, S::accepted, C::sent},
    {S::approved, V::run, R::pipeline, S::running, C::sent},
    {S::approved, V::run, R::vigil, S::running, C::sent},
    {S::approved, V::succeed, R::pipeline, S::succeeded, C::sent},
    {S::approved, V::succeed, R::vigil, S::succeeded, C::sent},
    {S::approved, V::fail, R::pipeline, S::failed, C::sent},
    {S::dispatched, V::accept, R::pipeline, S::accepted},
    {S::dispatched, V::accept, R::vigil, S::accepted},
    {S::dispatched, V::run, R::pipeline, S::running},
    {S::dispatched, V::run, R::vigil, S::running},
    {S::dispatched, V::succeed, R::pipeline, S::succeeded},
    {S::dispatched, V::succeed, R::vigil, S::succeeded},
    {S::dispatched, V::fail, R::pipeline, S::failed},
    {S::dispatched, V::fail, R::vigil, S::failed},
    {S::accepted, V::run, R::pipeline, S::running},
    {S::accepted, V::run, R::vigil, S::running},
    {S::accepted, V::succeed, R::pipeline, S::succeeded},
    {S::accepted, V::succeed, R::vigil, S::succeeded},
    {S::accepted, V::fail, R::pipeline, S::failed},
    {S::accepted, V::fail, R::vigil, S::failed},
    {S::running, V::succeed, R::pipeline, S::succeeded},
    {S::running, V::succeed, R::vigil, S::succeeded},
    {S::running, V::fail, R::pipeline, S::failed},
    {S::running, V::fail, R::vigil, S::failed},
    {S::succeeded, V::verify, R::vigil, S::verified},
    {S::succeeded, V::revert, R::vigil, S::reverted},
};

bool holds(Transition::Condition condition, ActionFacts facts) {
  switch (condition) {
    case C::none:
      return true;
    case C::not_sent:
      return !facts.sent;
    case C::sent:
      return facts.sent;
    case C::not_delivered:
      return !facts.delivered;
  }
  return false;
}

template <class Value, std::size_t n>
std::optional<Value> find(const std::array<const char*, n>& names, std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Value>(found - names.begin());
}

}  // namespace

std::string_view to_string(ActionState state) { return kStates[static_cast<std::size_t>(state)]; }
std::optional<ActionState> action_state(std::string_view text) { return find<ActionState>(kStates, text); }
std::string_view to_string(Verb verb) { return kVerbNames[static_cast<std::size_t>(verb)]; }
std::string_view to_string(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }
std::string_view to_string(SendWhen when) { return when == SendWhen::approved ? "approved" : "proposed"; }
std::string_view to_string(DeliveryState state) { return kDeliveries[static_cast<std::size_t>(state)]; }
std::optional<DeliveryState> delivery_state(std::string_view text) { return find<DeliveryState>(kDeliveries, text); }

std::span<const Transition> transitions() { return kTable; }

std::optional<ActionState> next_state(ActionState state, Verb verb, Role by, ActionFacts facts) {
  for (const Transition& t : kTable) {
    if (t.from == state && t.verb == verb && t.by == by && holds(t.condition, facts)) return t.to;
  }
  return std::nullopt;
}

bool is_final(ActionState state) {
  return std::none_of(std::begin(kTable), std::end(kTable), [&](const Transition& t) { return t.from == state; });
}

bool may_send(ActionState state, SendWhen when) {
  switch (state) {
    case S::rejected:
    case S::expired:
    case S::superseded:
      return false;
    case S::proposed:
    case S::failed:
      return when == SendWhen::proposed;
    default:  // approved, or beyond it at another pipeline: what was approved is delivered all the same
      return true;
  }
}

DeliveryState delivery_of(ActionState state, const Entries& entries) {
  if (entries.facts.delivered) return DeliveryState::delivered;
  if (!entries.to_pipelines && entries.to_people) {
    const bool taken_back = *entries.to_people == DeliveryState::pending && state == S::rejected;
    return taken_back ? DeliveryState::rejected : *entries.to_people;
  }
  switch (state) {
    case S::proposed:
    case S::approved:
      return DeliveryState::pending;
    case S::rejected:
    case S::failed:
      return DeliveryState::rejected;
    case S::expired:
    case S::superseded:
      return DeliveryState::expired;
    default:  // a pipeline says it has it
      return DeliveryState::delivered;
  }
}

}  // namespace vigil::alerting
