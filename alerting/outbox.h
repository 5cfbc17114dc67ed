// What the journal holds of actions on their way: the state of each (life_cycle.h) and its entries at the sinks. Every
// change of a state goes through here and leaves its audit row. Used by the journal for the dispatcher, and for what a
// person does beside it. Not synchronised; functions that write want the caller's write transaction.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "alerting/journal.h"
#include "alerting/life_cycle.h"

namespace vigil::alerting::store {

// One action as the table of states sees it.
struct ActionNow {
  std::int64_t seq = 0;
  std::string id;
  ActionState state = ActionState::proposed;
  ActionFacts facts;
};
std::optional<ActionNow> find_action(SQLite::Database& db, const std::string& id);

// Asks `verb` of `action`; where the table allows it the state changes, with an audit row. False: refused, nothing
// changed.
bool change_state(SQLite::Database& db, ActionNow& action, Verb verb, Role by, const std::string& actor,
                  const std::string& reason, std::int64_t now_ns);

// Whether admit() would write.
bool wants_admission(SQLite::Database& db);
// What a running vigil sees for the first time: expiry counts from now. What is queued and rendered and needs nobody's
// approval is approved.
void admit(SQLite::Database& db, std::int64_t now_ns);

// The oldest pending entry of each model at `sink` that may be sent in its action's state, oldest first.
std::vector<OutboxEntry> heads(SQLite::Database& db, const std::string& sink);
// Commits an attempt of (id, sink), whose first byte leaves after this; false: it may not be sent any more.
bool begin_attempt(SQLite::Database& db, const std::string& id, const std::string& sink, std::int64_t now_ns);
// What came of it. `begun`: begin_attempt counted it.
void end_attempt(SQLite::Database& db, const Attempt& attempt, bool begun);

// See Journal.
std::vector<StartedRun> started_runs(SQLite::Database& db, const std::string& sink);
void record_progress(SQLite::Database& db, const std::string& id, const std::string& sink, const std::string& run,
                     const std::string& state, const std::string& reason, std::int64_t now_ns);
// With whether the episode is open: what goes on, and what was found ended at or after `since_ns` or not yet.
std::vector<std::pair<ToldAction, bool>> told_actions(SQLite::Database& db, const std::string& sink,
                                                      std::int64_t since_ns);
void set_ended(SQLite::Database& db, const std::string& id, const std::string& sink, std::int64_t ended_ns);

// Whether expire() would write.
bool wants_expiry(SQLite::Database& db, std::int64_t limit_ns);
// Ends what was first seen at or before `limit_ns` and nobody has, but for the actions in `under_way`.
std::vector<Expired> expire(SQLite::Database& db, std::int64_t limit_ns, std::int64_t now_ns,
                            const std::set<std::string>& under_way);

}  // namespace vigil::alerting::store
