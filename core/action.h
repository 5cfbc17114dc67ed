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
inline constexpr std::size_t kActionKinds = 6;
std::string_view to_string(ActionKind kind);  // retrain, threshold-adjust, …
std::optional<ActionKind> action_kind(std::string_view text);
enum class Cause : std::uint8_t { mismatch, input, rate, conditions, configuration, data, person };
std::string_view to_string(Cause cause);

struct Retrain {
  std::uint32_t first_run = 0, first_ls = 0, last_run = 0, last_ls = 0;  // data to retrain on
  std::vector<std::string> monitors;
  std::vector<MovedInput> attribution = {};  // the inputs that moved, most moved first
};
// A change of what the emulator is given with which it says what the hardware said.
struct InputExplanation {
  std::string input;   // name of a column, or *.phi: that column of all objects
  std::string change;  // "low 2 bits zero", "plus 1", "largest", …
  std::uint32_t explains = 0;
  std::uint32_t of = 0;  // events
  bool operator==(const InputExplanation&) const = default;
};
struct Revalidate {
  std::vector<std::string> outputs;  // outputs and seeds that disagree
  std::optional<KeptEvent> first_event;
  std::vector<InputExplanation> attribution = {};   // most explaining first
  std::optional<MismatchCrossings> crossings = {};  // none where a person proposes
  std::vector<KeptEvent> kept = {};                 // the first of the mismatch; not printed
};
struct Notify {
  std::string monitor;
  std::vector<std::string> monitors;                        // everything bad in the same window
  std::optional<std::vector<MovedInput>> attribution = {};  // of a multivariate monitor: the inputs that moved
};

// Back to the model before: one that came after an action that had succeeded, and is no better.
struct Rollback {
  std::string from, to;  // model hashes
  std::vector<std::string> monitors;
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
  std::string subject;  // seed of a threshold-adjust, monitor or source of a notify, what a person gave, else empty
  std::uint32_t run = 0;
  std::uint32_t first_ls = 0;
  std::uint32_t last_ls = 0;
  std::string reason;
  std::variant<Retrain, ThresholdProposal, Revalidate, Notify, SourceNotice, Rollback>
      proposal;  // collect-data: Retrain
  std::vector<Verdict> evidence;
  std::optional<std::uint64_t> run_start_ns;
};

// UUIDv5 over vigil:action:1:<model_hash>:<stream>:<kind>:<cause>:<subject>:<run>:<ls>.
std::string action_id(const std::string& model_hash, const std::string& stream, ActionKind kind, Cause cause,
                      const std::string& subject, std::uint32_t run, std::uint32_t ls);

// Outcome of one attempt to deliver.
enum class Delivery : std::uint8_t {
  delivered,   // the receiver accepted it
  refused,     // the receiver rejected it for good: not sent again
  retry,       // it did not arrive, or came at a bad time: sent again under the same id
  maybe_done,  // it left, and no whole answer came: it may be there already
};

// An action as it is handed to a sink: everything a receiver needs, already serialised.
struct OutgoingAction {
  std::string id;
  std::string line;                               // the `action` line of results.md
  std::string cloudevent;                         // CloudEvents 1.0 JSON
  std::string dataset = {}, dataset_sha256 = {};  // folder and manifest of its frozen data set; empty: none
};

// What a sink would send of an action, for people to approve: strings only, secrets as ***, without headers.
struct RenderedRequest {
  std::string sink;
  std::string method;  // POST, ZMQ, KAFKA, FILE, LOG
  std::string url;     // or endpoint, topic, path
  std::string content_type;
  std::string body;
  bool operator==(const RenderedRequest&) const = default;
};

// Receives actions one at a time, in order of creation, on a thread of its own. May block up to its own time-out.
class Sink {
 public:
  struct Answer {
    Delivery delivery = Delivery::retry;
    std::string reason;
    std::string run = {}, url = {};  // of what runs downstream, where the answer names it
    std::int64_t not_before_ms = 0;  // retry no sooner than so long from now
    bool server_error = false;       // a 5xx that may have done it
    bool stop = false;               // nothing more to this sink until a restart
    bool done = false;               // delivered, and with that all of it is done: succeeded
  };
  // What a delivered action is doing downstream: accepted, running, succeeded, failed; empty: nothing new.
  struct Progress {
    std::string state;
    std::string reason;
  };
  // Commits the attempt. False: the action may no longer be sent, and nothing of it may leave.
  using Begin = std::function<bool()>;

  virtual ~Sink() = default;
  virtual std::string name() const = 0;
  // Pure: the same for equal settings and action. Throws what makes rendering impossible now.
  virtual RenderedRequest render(const OutgoingAction& action) const = 0;
  // Calls `begin` once, right before the first byte leaves: never where nothing can (no connection). Where it says
  // false, send returns at once, and its answer is not read.
  [[nodiscard]] virtual Answer send(const OutgoingAction& action, const Begin& begin) = 0;
  // After maybe_done: looks for the action downstream; delivered where it is there, refused where it is certainly not
  // there and may be sent, retry where that could not be told. nullopt: this sink cannot look, and sends again.
  virtual std::optional<Answer> look_up(const OutgoingAction&) { return std::nullopt; }
  // nullopt: this sink cannot ask.
  virtual std::optional<Progress> poll(const std::string& /*run*/) { return std::nullopt; }
};

}  // namespace vigil
