// State changes on their way to the sinks that asked for them (`status: true`): one event a change, queued in the
// transaction that writes its audit row, whatever process makes the change. Used by the journal beside its outbox of
// actions. Not synchronised; functions that write want the caller's write transaction.
// Tests: tests/alerting/status_outbox_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alerting/journal.h"
#include "core/cloud_event.h"

namespace vigil::alerting::store {

// Notes which sinks there are, for processes that know no configuration.
void put_sinks(SQLite::Database& db, const std::vector<SinkSpec>& sinks);

// Queues the event of change n of the action numbered `seq`; `change` has all but action, kind, run and url.
void queue_status(SQLite::Database& db, std::int64_t seq, StateChange change);

// The oldest pending event of `sink`.
std::optional<OutboxEntry> status_head(SQLite::Database& db, const std::string& sink);
// As for actions; nullopt where `id` is no event's.
std::optional<bool> status_begin(SQLite::Database& db, const std::string& id, const std::string& sink,
                                 std::int64_t now_ns);
bool status_end(SQLite::Database& db, const Attempt& attempt, bool begun);
bool wants_status_expiry(SQLite::Database& db, std::int64_t limit_ns);
// Ends what was queued at or before `limit_ns` and nobody has.
std::vector<Expired> expire_status(SQLite::Database& db, std::int64_t limit_ns);

}  // namespace vigil::alerting::store
