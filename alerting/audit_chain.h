// The audit trail's rows, each chained to the one before it by a hash, so that a changed or missing row shows
// (docs/journal.md). Used by everything that writes the journal, and by who reads the trail. Not synchronised; inside
// the caller's transaction.
// Tests: tests/alerting/audit_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alerting/journal.h"

namespace vigil::alerting::store {

// sha256 of `prev`, a newline and the row as canonical JSON: sorted keys, no spaces.
std::string audit_hash(const std::string& prev, std::int64_t seq, const AuditRow& row);

// Appends `row` with the next number and returns its hash. Call it in a write transaction: number and hash follow from
// the row before.
std::string append_audit(SQLite::Database& db, const AuditRow& row);

// Numbers the rows there are anew in the chain: what an upgrade does with rows of a journal that had none.
void chain_audit(SQLite::Database& db);

// Rows numbered above `after`, at most `limit`, in order; of one action only where `id` is given.
std::vector<AuditEntry> audit_entries(SQLite::Database& db, std::int64_t after, std::int64_t limit,
                                      const std::optional<std::string>& id = std::nullopt);

// Recomputes the chain, and from its rows the state of every action. `expect`: a hash that must be in the chain, which
// is how a tail that was cut shows. Throws Error on a journal of version 1, which has no chain.
AuditCheck verify_audit(SQLite::Database& db, const std::optional<std::string>& expect);

}  // namespace vigil::alerting::store
