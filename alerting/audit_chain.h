// The audit trail's rows, each chained to the one before it by a hash, so that a changed or missing row shows
// (docs/journal.md). Used by everything that writes the journal. Not synchronised; inside the caller's transaction.
// Tests: tests/alerting/outbox_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "alerting/journal.h"

namespace vigil::alerting::store {

// sha256 of `prev`, a newline and the row as canonical JSON: sorted keys, no spaces.
std::string audit_hash(const std::string& prev, std::int64_t seq, const AuditRow& row);

// Appends `row` with the next number. Call it in a write transaction: number and hash follow from the row before.
void append_audit(SQLite::Database& db, const AuditRow& row);

// Numbers the rows there are anew in the chain: what an upgrade does with rows of a journal that had none.
void chain_audit(SQLite::Database& db);

}  // namespace vigil::alerting::store
