#include "alerting/journal_store.h"

namespace vigil::alerting::store {
namespace {

// Per action its state and what its entries say: of sinks that wait for approval (`pipeline`) and of the others.
std::string actions_query(SQLite::Database& db) {
  const bool stateless = version(db) == 1;
  return std::string("SELECT a.id, a.line, a.open, ") + (stateless ? state_before_states() : "a.state") + R"sql(,
  EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline),
  EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline AND o.status = 'delivered'),
  (SELECT o.status FROM outbox o WHERE o.action = a.seq AND NOT o.pipeline
     ORDER BY CASE o.status WHEN 'pending' THEN 0 WHEN 'expired' THEN 1 WHEN 'rejected' THEN 2 ELSE 3 END LIMIT 1),
  coalesce((SELECT sum(o.attempts) FROM outbox o WHERE o.action = a.seq), 0),
  coalesce((SELECT o.reason FROM outbox o WHERE o.action = a.seq AND o.reason <> ''
              ORDER BY o.pipeline DESC, o.last_attempt_ns DESC, o.sink LIMIT 1), '')
FROM actions a ORDER BY a.seq)sql";
}

std::uint64_t count(SQLite::Database& db, const char* table) {
  return static_cast<std::uint64_t>(db.execAndGet(std::string("SELECT count(*) FROM ") + table).getInt64());
}

}  // namespace

const char* table_name(JournalRow::Table table) {
  switch (table) {
    case JournalRow::Table::lumisection:
      return "lumisections";
    case JournalRow::Table::window:
      return "windows";
    case JournalRow::Table::verdict:
      return "verdicts";
    case JournalRow::Table::kept_event:
      return "kept_events";
  }
  return "lumisections";
}

std::vector<JournalAction> actions(SQLite::Database& db) {
  std::vector<JournalAction> found;
  SQLite::Statement query(db, actions_query(db));
  while (query.executeStep()) {
    JournalAction& a = found.emplace_back();
    a.id = query.getColumn(0).getString();
    a.line = query.getColumn(1).getString();
    a.open = query.getColumn(2).getInt() != 0;
    a.state = action_state(query.getColumn(3).getString()).value_or(ActionState::proposed);
    Entries entries;
    entries.to_pipelines = query.getColumn(4).getInt() != 0;
    entries.facts.delivered = query.getColumn(5).getInt() != 0;
    if (!query.getColumn(6).isNull()) entries.to_people = delivery_state(query.getColumn(6).getString());
    a.delivery = delivery_of(a.state, entries);
    a.attempts = static_cast<std::uint64_t>(query.getColumn(7).getInt64());
    a.last_reason = query.getColumn(8).getString();
  }
  return found;
}

JournalCounts counts(SQLite::Database& db) {
  JournalCounts c;
  c.lumisections = count(db, "lumisections");
  c.windows = count(db, "windows");
  c.verdicts = count(db, "verdicts");
  c.kept_events = count(db, "kept_events");
  for (const JournalAction& a : actions(db)) {
    ++c.actions;
    c.open += a.open ? 1 : 0;
    switch (a.delivery) {
      case DeliveryState::pending:
        ++c.pending;
        break;
      case DeliveryState::delivered:
        ++c.delivered;
        break;
      case DeliveryState::rejected:
        ++c.rejected;
        break;
      case DeliveryState::expired:
        ++c.expired;
        break;
    }
  }
  return c;
}

std::map<std::string, std::string> pairs(SQLite::Database& db, const char* table) {
  std::map<std::string, std::string> found;
  SQLite::Statement query(db, std::string("SELECT key, value FROM ") + table);
  while (query.executeStep()) found[query.getColumn(0).getString()] = query.getColumn(1).getString();
  return found;
}

std::string position(SQLite::Database& db) {
  SQLite::Statement query(db, "SELECT value FROM position");
  return query.executeStep() ? query.getColumn(0).getString() : std::string{};
}

std::vector<LiveRow> live(SQLite::Database& db) {
  std::vector<LiveRow> found;
  if (!db.tableExists("live")) return found;
  SQLite::Statement query(db, "SELECT model, stream, updated_ns, line FROM live ORDER BY model, stream");
  while (query.executeStep()) {
    found.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getInt64(),
                     query.getColumn(3).getString()});
  }
  return found;
}

std::vector<AuditRow> audit_trail(SQLite::Database& db) {
  std::vector<AuditRow> found;
  const std::string detail = version(db) == 1 ? "'{}'" : "detail";
  SQLite::Statement query(
      db, "SELECT at_ns, actor, verb, action_id, reason, until_ns, " + detail + " FROM audit ORDER BY seq");
  while (query.executeStep()) {
    found.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                     query.getColumn(3).getString(), query.getColumn(4).getString(), query.getColumn(5).getInt64(),
                     query.getColumn(6).getString()});
  }
  return found;
}

std::vector<std::string> texts(SQLite::Database& db, const std::string& sql) {
  std::vector<std::string> found;
  SQLite::Statement query(db, sql);
  while (query.executeStep()) found.push_back(query.getColumn(0).getString());
  return found;
}

}  // namespace vigil::alerting::store
