// Actions and the sinks of this program: which entries an action gets, what each sink would send of it, and whether
// that is still what was approved. Used by the journal. Not synchronised; inside the caller's write transaction.
// Tests: tests/alerting/approval_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "alerting/journal.h"

namespace vigil::alerting::store {

// The sinks and rules of the program that writes.
struct Present {
  std::vector<SinkSpec> sinks;
  LifeCycleRules rules;
};

// Entries of a new action at the sinks that take it, how many approvals it needs, and its rendered request.
void queue_action(SQLite::Database& db, std::int64_t seq, const Action& action, const OutgoingAction& outgoing,
                  const Present& present);
// What was proposed beside this program: as queue_action. Whether there is any.
bool wants_queueing(SQLite::Database& db);
void queue_waiting(SQLite::Database& db, const Present& present);

// Renders anew what is not sent, as at every start. Where the request is no longer the approved one, approvals are void
// and the action is proposed again.
void render_again(SQLite::Database& db, const Present& present, std::int64_t now_ns);
// Right before the first byte: whether what `sink` would send of the action is what was approved. False: it has been
// taken back, approvals void, or, where some of it is sent already, the entry is refused.
bool still_approved(SQLite::Database& db, const Present& present, const std::string& id, const std::string& sink,
                    std::int64_t now_ns);

}  // namespace vigil::alerting::store
