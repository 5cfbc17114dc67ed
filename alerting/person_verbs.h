// What a person does about an action, from a process beside the one that writes the journal, or without one.
// Used by the command line. A running vigil sees it before it sends anything more.
// Tests: tests/alerting/outbox_test.cpp.
#pragma once

#include <string>

#include "alerting/journal.h"

namespace vigil::alerting {

// `row.verb` of `row.action_id`: approve, reject and retry change its state where the life cycle allows it (the rows of
// the audit trail say so); ack and shelve are notes. Returns the state it is in then. One short transaction; waits for
// the writing process where needed. Throws Error naming the file; naming id, verb and state where the verb is refused:
// nothing has changed then.
ActionState act_on_action(const std::string& file, const AuditRow& row, const JournalSettings& settings = {});

}  // namespace vigil::alerting
