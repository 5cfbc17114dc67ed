// What a person does about an action: recorded in the audit trail, from a process beside the one that writes the
// journal.
#pragma once

#include <string>

#include "alerting/journal.h"

namespace vigil::alerting {

// Appends `row` to the audit trail; for the verb `retry` the action's ended, undelivered outbox entries become pending
// again with a fresh expiry. One short transaction; waits for the writing process where needed. Throws Error naming the
// file.
void note_action(const std::string& file, const AuditRow& row, const JournalSettings& settings = {});

}  // namespace vigil::alerting
