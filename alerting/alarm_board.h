// What people ask and say about alarms (docs/alarms.md): the list, acknowledging, shelving; the same for the running
// program, HTTP and the command line. Answers as the Desk does (desk.h), which delegates to it. Thread-safe.
// Tests: tests/alerting/alarm_board_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "alerting/alarms.h"
#include "alerting/desk.h"
#include "alerting/journal.h"

namespace vigil::alerting {

// Carries out `request` on the journal `file`, in one short transaction beside the process that writes it, if any.
// Throws Error naming the file.
void act_on_alarms(const std::string& file, const AlarmRequest& request);

// The monitors an action is about, from its line (docs/results.md): those of the proposal, else those of the evidence;
// of a source that is silent `source/<name>`, which can be shelved though no leaf has that name. Empty: none is named.
std::vector<std::string> monitors_of_action(const nlohmann::ordered_json& line);

// {"alarms":[…],"groups":[…]} of what `node` stands for (empty: everything): leaves that are latched or shelved, by
// node, and a group, of all its leaves, for each (model, stream) that has a leaf there.
nlohmann::ordered_json alarms_document(const AlarmTable& table, const std::string& node, std::int64_t now_ns);

// Latched, latched and not acknowledged, shelved: leaves, of all streams.
struct AlarmCounts {
  std::uint64_t raised = 0, unacknowledged = 0, shelved = 0;
};
AlarmCounts alarm_counts(const AlarmTable& table, std::int64_t now_ns);

class AlarmBoard {
 public:
  using Clock = std::function<std::int64_t()>;  // UTC [ns]
  // Of the program that writes `journal`, which must outlive it.
  explicit AlarmBoard(Journal& journal, Clock clock = {});
  // Beside it, or without one. Throws Error for what is no journal.
  explicit AlarmBoard(std::string file, Clock clock = {});

  // Each throws Error where the journal fails.

  // 200 and alarms_document().
  DeskAnswer alarms(const std::string& node) const;
  // `verb`: ack, shelve, unshelve. `body`: {"node","reason"?}, of shelve also "until" (RFC 3339 ending in Z) or
  // "for_s", 1 s to 365 days from now. 200 and the alarms of the node; 403 forbidden, 400 bad-request, and nothing has
  // changed.
  DeskAnswer act(const Asker& asker, const std::string& verb, const nlohmann::ordered_json& body);
  // The same for the alarms of all monitors of one action, body as POST /v1/actions/ID/{ack,shelve} takes it: a shelve
  // needs a reason. The audit rows name the action. 200 has an empty body: the caller answers with the action.
  DeskAnswer act_on_action(const Asker& asker, const std::string& action_id, const std::string& model,
                           const std::string& stream, const std::vector<std::string>& monitors, const std::string& verb,
                           const nlohmann::ordered_json& body);

  // Whether all of these monitors are out of sight now; without monitors: whether the stream is.
  bool is_shelved(const std::string& model, const std::string& stream, const std::vector<std::string>& monitors) const;

 private:
  AlarmTable table() const;
  void carry_out(const AlarmRequest& request);

  std::variant<Journal*, std::string> journal_;
  Clock clock_;
};

}  // namespace vigil::alerting
