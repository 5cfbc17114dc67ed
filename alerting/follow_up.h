// What data and pipelines make of an action after it was sent: what runs downstream, whether its monitors are good
// again, whether the stream went back, and what a newer action replaces. Used by the journal. Not synchronised; inside
// the caller's write transaction.
// Tests: tests/alerting/follow_up_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "alerting/journal.h"

namespace vigil::alerting::store {

// The proposed actions that the new one replaces: of the same model, stream, kind, cause and subject. Not what needs
// nobody's approval and is rendered: that is as good as approved, and nobody has to look at it in time.
void supersede(SQLite::Database& db, const Action& action, std::int64_t now_ns);

// Succeeded actions whose stream is back at their model, or whose monitors a later window knows good.
void follow(SQLite::Database& db, const std::vector<JournalRow>& rows, std::int64_t now_ns);

// A sink's answer, beyond what it says of its entry: a run downstream, or that a rollback is done.
void take_answer(SQLite::Database& db, const Attempt& attempt);
// What vigil learned of a run by polling.
void take_progress(SQLite::Database& db, const std::string& id, const std::string& run, const std::string& state,
                   const std::string& reason, std::int64_t now_ns);
// Where the action's run is downstream; empty leaves what is known.
void put_job(SQLite::Database& db, const std::string& id, const std::string& run, const std::string& url);

}  // namespace vigil::alerting::store
