// The life cycle of an action: its states, which of them may follow which, by whom, and what may be sent in each. The
// one vocabulary for what became of an action; used by the journal, which keeps the state, and by whoever shows it.
// Pure: no I/O, no clock. It keeps no state of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace vigil::alerting {

enum class ActionState : std::uint8_t {
  proposed,
  approved,
  rejected,    // by a person, before it was sent
  expired,     // nobody had it in time
  superseded,  // a newer action of the same subject opened before it was approved
  dispatched,  // a pipeline has it
  failed,      // every pipeline refused it, or what it asked for went wrong
  accepted,    // a pipeline runs it under a name of its own
  running,
  succeeded,
  verified,  // its monitors are good again
  reverted,  // the model it replaced is back
};
inline constexpr std::size_t kActionStates = 12;
std::string_view to_string(ActionState state);
std::optional<ActionState> action_state(std::string_view text);

// What is asked of an action. Notes that change no state (ack, shelve, claim of a running job) are none.
enum class Verb : std::uint8_t {
  approve,  // with the last approval needed; of `auto` vigil's own
  reject,
  expire,
  supersede,
  withdraw_approval,  // the request is no longer the approved one
  dispatch,
  accept,
  run,
  succeed,
  fail,
  retry,
  verify,
  revert,
};
inline constexpr std::size_t kVerbs = 13;
std::string_view to_string(Verb verb);

// Who asks. A shifter may do nothing to an action's state; what an expert may is no pipeline's and no program's.
enum class Role : std::uint8_t { vigil, shifter, expert, pipeline };
inline constexpr std::size_t kRoles = 4;
std::string_view to_string(Role role);

// What a transition may depend on beside the state, of the sinks that wait for approval.
struct ActionFacts {
  bool sent = false;       // an attempt at one of them is committed: its first byte may have left
  bool delivered = false;  // one of them has it
};

// One row of the table: in `from`, `verb` asked by `by` leads to `to`.
struct Transition {
  enum class Condition : std::uint8_t { none, not_sent, sent, not_delivered };
  ActionState from;
  Verb verb;
  Role by;
  ActionState to;
  Condition condition = Condition::none;
};
std::span<const Transition> transitions();

// Where `verb` leads, or nullopt: refused, and nothing changes.
std::optional<ActionState> next_state(ActionState state, Verb verb, Role by, ActionFacts facts);
// Nothing leads out of it.
bool is_final(ActionState state);

// When a sink gets an action: as soon as it is proposed (sinks that tell people), or once it is approved (pipelines).
enum class SendWhen : std::uint8_t { proposed, approved };
std::string_view to_string(SendWhen when);

// Whether an action in `state` may be sent to a sink of `when`: never what was rejected, superseded or expired; to a
// pipeline nothing that is not approved, and nothing that has failed.
bool may_send(ActionState state, SendWhen when);

// What became of an action at one sink, and of an action as a whole.
enum class DeliveryState : std::uint8_t { pending, delivered, rejected, expired };
std::string_view to_string(DeliveryState state);
std::optional<DeliveryState> delivery_state(std::string_view text);

// The entries of one action at its sinks.
struct Entries {
  bool to_pipelines = false;               // at least one is at a sink that waits for approval
  ActionFacts facts;                       // of those
  std::optional<DeliveryState> to_people;  // the least settled of the others: pending, expired, rejected, delivered
};
// `delivery` of docs/results.md: what the pipelines have made of it; without one, what the other sinks have.
DeliveryState delivery_of(ActionState state, const Entries& entries);

}  // namespace vigil::alerting
