// What journals of this version have beside the first of them: added where it is missing, in new and old files alike.
#include <algorithm>
#include <array>

#include "alerting/journal_store.h"
#include "alerting/record_store.h"

namespace vigil::alerting::store {
namespace {

struct Column {
  const char* table;
  const char* name;
  const char* declaration;
};

// queued: 0 recorded only (replay), 1 queued, 2 proposed beside the program that will queue it. requests: NULL until
// rendered. mark: newest closed lumisection when it succeeded; gone: the stream has left the action's model since.
constexpr std::array kColumns{
    Column{"actions", "needed", "TEXT NOT NULL DEFAULT 'auto'"},
    Column{"actions", "queued", "INTEGER NOT NULL DEFAULT 1"},
    Column{"actions", "requests", "TEXT"},
    Column{"actions", "request_sha256", "TEXT"},
    Column{"actions", "supersedes", "TEXT NOT NULL DEFAULT ''"},
    Column{"actions", "superseded_by", "TEXT NOT NULL DEFAULT ''"},
    Column{"actions", "job", "TEXT NOT NULL DEFAULT ''"},
    Column{"actions", "job_url", "TEXT NOT NULL DEFAULT ''"},
    Column{"actions", "mark_run", "INTEGER NOT NULL DEFAULT 0"},
    Column{"actions", "mark_ls", "INTEGER NOT NULL DEFAULT 0"},
    Column{"actions", "gone", "INTEGER NOT NULL DEFAULT 0"},
    Column{"outbox", "discarded", "INTEGER NOT NULL DEFAULT 0"},
    Column{"outbox", "run", "TEXT NOT NULL DEFAULT ''"},
    Column{"outbox", "url", "TEXT NOT NULL DEFAULT ''"},
    Column{"outbox", "first_begun_ns", "INTEGER"},
    Column{"outbox", "unanswered", "INTEGER NOT NULL DEFAULT 0"},
    Column{"outbox", "server_errors", "INTEGER NOT NULL DEFAULT 0"},
    Column{"outbox", "progress", "TEXT NOT NULL DEFAULT ''"},
    Column{"outbox", "watched", "INTEGER NOT NULL DEFAULT 0"},
    Column{"outbox", "ended_ns", "INTEGER"},
};

constexpr const char* kTables = R"sql(
CREATE INDEX IF NOT EXISTS audit_action ON audit (action_id);
CREATE TABLE IF NOT EXISTS sinks (position INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
  status INTEGER NOT NULL, kinds TEXT NOT NULL, models TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS status_events (seq INTEGER PRIMARY KEY, action INTEGER NOT NULL REFERENCES actions(seq),
  id TEXT NOT NULL UNIQUE, at_ns INTEGER NOT NULL, line TEXT NOT NULL, cloudevent TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS status_outbox (event INTEGER NOT NULL REFERENCES status_events(seq), sink TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'rejected', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0, last_attempt_ns INTEGER, next_attempt_ns INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', begun_ns INTEGER, PRIMARY KEY (event, sink)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS outbox_watched ON outbox (sink, action) WHERE watched;
CREATE INDEX IF NOT EXISTS actions_way ON actions (seq, model, state);
CREATE INDEX IF NOT EXISTS status_pending ON status_outbox (sink, event) WHERE status = 'pending';
)sql";

}  // namespace

bool has_column(SQLite::Database& db, const std::string& table, const std::string& column) {
  SQLite::Statement query(db, "SELECT 1 FROM pragma_table_info(?) WHERE name = ?");
  query.bind(1, table);
  query.bind(2, column);
  return query.executeStep();
}

bool is_complete(SQLite::Database& db) {
  return has_record_tables(db) && std::all_of(kColumns.begin(), kColumns.end(), [&](const Column& column) {
           return has_column(db, column.table, column.name);
         });
}

void complete(SQLite::Database& db) {
  const bool had_queues = has_column(db, "actions", "queued");
  for (const Column& column : kColumns) {
    if (has_column(db, column.table, column.name)) continue;
    db.exec(std::string("ALTER TABLE ") + column.table + " ADD COLUMN " + column.name + " " + column.declaration);
  }
  db.exec(kTables);
  make_record_tables(db);
  // What an earlier vigil only recorded has no entry at any sink.
  if (!had_queues) {
    db.exec("UPDATE actions SET queued = 0 WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.action = actions.seq)");
  }
}

}  // namespace vigil::alerting::store
