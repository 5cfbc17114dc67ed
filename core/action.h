// Proposed actions and what became of their delivery. vigil proposes; it never changes a trigger.
// Made by alerting's policy from verdicts; equal causes give equal ids on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/verdict.h"

namespace vigil {

enum class ActionKind : std::uint8_t { retrain, threshold_adjust, revalidate, notify, collect_data, rollback };
std::string_view to_string(ActionKind kind);  // retrain, threshold-adjust, …
enum class Cause : std::uint8_t { mismatch, input, rate, conditions, configuration, data };
std::string_view to_string(Cause cause);

struct Retrain {
  std::uint32_t first_run = 0, first_ls = 0, last_run = 0, last_ls = 0;  // data to retrain on
  std::vector<std::string> monitors;
};
struct Revalidate {
  std::vector<std::string> outputs;  // outputs and seeds that disagree
  std::optional<KeptEvent> first_event;
};
struct Notify {
  std::string monitor;
  std::vector<std::string> monitors;  // everything bad in the same window
};

struct SourceNotice {  // a source that should send and does not
  std::string source;
  std::uint32_t since_run = 0, since_ls = 0;
};

struct Action {
  std::string id;  // UUIDv5, see docs/results.md
  ActionKind kind = ActionKind::notify;
  Cause cause = Cause::input;
  std::string model;
  std::string model_hash;
  std::string stream;
  std::string subject;  // seed of a threshold-adjust, monitor or source of a notify, else empty
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  std::string reason;
  std::variant<Retrain, ThresholdProposal, Revalidate, Notify, SourceNotice> proposal;
  std::vector<Verdict> evidence;
  std::optional<std::uint64_t> run_start_ns;
};

// UUIDv5 over vigil:action:1:<model_hash>:<stream>:<kind>:<cause>:<subject>:<run>:<ls>.
std::string action_id(const std::string& model_hash, const std::string& stream, ActionKind kind, Cause cause,
                      const std::string& subject, std::uint32_t run, std::uint32_t ls);

// Outcome of one attempt to deliver.
enum class Delivery : std::uint8_t {
  delivered,  // the receiver accepted it
  refused,    // the receiver rejected it for good: not sent again
  retry,      // no answer, or an unusable one: sent again under the same id
};

// An action as it is handed to a sink: everything a receiver needs, already serialised.
struct OutgoingAction {
  std::string id;
  std::string line;        // the `action` line of results.md
  std::string cloudevent;  // CloudEvents 1.0 JSON
};

// Receives actions one at a time, in order of creation, on a thread of its own. May block up to its own time-out.
class Sink {
 public:
  struct Answer {
    Delivery delivery = Delivery::retry;
    std::string reason;
  };
  // Commits the attempt. False: the action may no longer be sent, and nothing of it may leave.
  using Begin = std::function<bool()>;

  virtual ~Sink() = default;
  virtual std::string name() const = 0;
  // Calls `begin` once, right before the first byte leaves: never where nothing can (no connection). Where it says
  // false, send returns at once, and its answer is not read.
  [[nodiscard]] virtual Answer send(const OutgoingAction& action, const Begin& begin) = 0;
};

}  // namespace vigil
