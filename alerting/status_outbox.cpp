#include "alerting/status_outbox.h"

#include <nlohmann/json.hpp>

#include "alerting/rendering.h"

namespace vigil::alerting::store {
namespace {

std::string names_of(const std::vector<ActionKind>& kinds) {
  nlohmann::json names = nlohmann::json::array();
  for (const ActionKind kind : kinds) names.push_back(to_string(kind));
  return canonical(names);
}

// Of a row of `sinks`, as far as takes() looks.
Routing routing_of(const std::string& kinds, const std::string& models) {
  Routing routing;
  for (const auto& kind : nlohmann::json::parse(kinds)) {
    if (const auto known = action_kind(kind.get<std::string>())) routing.kinds.push_back(*known);
  }
  routing.models = nlohmann::json::parse(models).get<std::vector<std::string>>();
  return routing;
}

std::vector<std::string> subscribers(SQLite::Database& db, const Action& action) {
  std::vector<std::string> names;
  SQLite::Statement query(db, "SELECT name, kinds, models FROM sinks WHERE status ORDER BY position");
  while (query.executeStep()) {
    if (takes(routing_of(query.getColumn(1).getString(), query.getColumn(2).getString()), action)) {
      names.push_back(query.getColumn(0).getString());
    }
  }
  return names;
}

DeliveryState ending_of(Delivery delivery) {
  return delivery == Delivery::delivered ? DeliveryState::delivered
         : delivery == Delivery::refused ? DeliveryState::rejected
                                         : DeliveryState::pending;
}

}  // namespace

void put_sinks(SQLite::Database& db, const std::vector<SinkSpec>& sinks) {
  db.exec("DELETE FROM sinks");
  SQLite::Statement insert(db, "INSERT INTO sinks (name, type, status, kinds, models) VALUES (?,?,?,?,?)");
  for (const SinkSpec& sink : sinks) {
    insert.bind(1, sink.name);
    insert.bind(2, sink.type);
    insert.bind(3, sink.routing.status ? 1 : 0);
    insert.bind(4, names_of(sink.routing.kinds));
    insert.bind(5, canonical(nlohmann::json(sink.routing.models)));
    insert.exec();
    insert.reset();
  }
}

void queue_status(SQLite::Database& db, std::int64_t seq, StateChange change) {
  SQLite::Statement query(db, "SELECT id, kind, model, job, job_url, cloudevent, queued FROM actions WHERE seq = ?");
  query.bind(1, seq);
  if (!query.executeStep() || query.getColumn(6).getInt() == 0) return;  // what is only recorded is sent nowhere
  Action action;
  action.kind = action_kind(query.getColumn(1).getString()).value_or(ActionKind::notify);
  action.model = query.getColumn(2).getString();
  const auto names = subscribers(db, action);
  if (names.empty()) return;
  change.action = query.getColumn(0).getString();
  change.kind = action.kind;
  change.run = query.getColumn(3).getString();
  change.url = query.getColumn(4).getString();
  const OutgoingAction event = status_event(query.getColumn(5).getString(), change);
  SQLite::Statement insert(db, "INSERT INTO status_events (action, id, at_ns, line, cloudevent) VALUES (?,?,?,?,?)");
  insert.bind(1, seq);
  insert.bind(2, event.id);
  insert.bind(3, change.at_ns);
  insert.bind(4, event.line);
  insert.bind(5, event.cloudevent);
  insert.exec();
  const std::int64_t number = db.getLastInsertRowid();
  SQLite::Statement queue(db, "INSERT INTO status_outbox (event, sink) VALUES (?,?)");
  for (const std::string& name : names) {
    queue.bind(1, number);
    queue.bind(2, name);
    queue.exec();
    queue.reset();
  }
}

std::optional<OutboxEntry> status_head(SQLite::Database& db, const std::string& sink) {
  SQLite::Statement query(db,
                          "SELECT e.id, e.line, e.cloudevent, o.attempts, e.at_ns, o.next_attempt_ns FROM "
                          "status_outbox o JOIN status_events e ON e.seq = o.event WHERE o.sink = ? AND "
                          "o.status = 'pending' ORDER BY o.event LIMIT 1");
  query.bind(1, sink);
  if (!query.executeStep()) return std::nullopt;
  return OutboxEntry{{query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString()},
                     sink,
                     static_cast<std::uint64_t>(query.getColumn(3).getInt64()),
                     query.getColumn(4).getInt64(),
                     query.getColumn(5).getInt64()};
}

std::optional<bool> status_begin(SQLite::Database& db, const std::string& id, const std::string& sink,
                                 std::int64_t now_ns) {
  SQLite::Statement known(db, "SELECT 1 FROM status_events WHERE id = ?");
  known.bind(1, id);
  if (!known.executeStep()) return std::nullopt;
  const auto oldest = status_head(db, sink);
  if (!oldest || oldest->action.id != id) return false;
  SQLite::Statement begin(db,
                          "UPDATE status_outbox SET attempts = attempts + 1, begun_ns = ?1, last_attempt_ns = ?1 "
                          "WHERE sink = ?2 AND event = (SELECT seq FROM status_events WHERE id = ?3)");
  begin.bind(1, now_ns);
  begin.bind(2, sink);
  begin.bind(3, id);
  return begin.exec() > 0;
}

bool status_end(SQLite::Database& db, const Attempt& attempt, bool begun) {
  SQLite::Statement known(db, "SELECT seq FROM status_events WHERE id = ?");
  known.bind(1, attempt.id);
  if (!known.executeStep()) return false;
  SQLite::Statement end(db,
                        "UPDATE status_outbox SET status = ?, attempts = attempts + ?, last_attempt_ns = ?, "
                        "next_attempt_ns = ?, reason = ? WHERE event = ? AND sink = ? AND status = 'pending'");
  end.bind(1, std::string(to_string(ending_of(attempt.delivery))));
  end.bind(2, begun ? 0 : 1);
  end.bind(3, attempt.now_ns);
  end.bind(4, attempt.next_attempt_ns);
  end.bind(5, attempt.reason);
  end.bind(6, known.getColumn(0).getInt64());
  end.bind(7, attempt.sink);
  end.exec();
  return true;
}

namespace {
constexpr const char* kOld = "status = 'pending' AND event IN (SELECT seq FROM status_events WHERE at_ns <= ?1)";
}

bool wants_status_expiry(SQLite::Database& db, std::int64_t limit_ns) {
  SQLite::Statement query(db, std::string("SELECT 1 FROM status_outbox WHERE ") + kOld + " LIMIT 1");
  query.bind(1, limit_ns);
  return query.executeStep();
}

std::vector<Expired> expire_status(SQLite::Database& db, std::int64_t limit_ns) {
  std::vector<Expired> expired;
  SQLite::Statement end(db, std::string("UPDATE status_outbox SET status = 'expired' WHERE ") + kOld +
                                " RETURNING (SELECT id FROM status_events WHERE seq = event), sink");
  end.bind(1, limit_ns);
  while (end.executeStep()) expired.push_back({end.getColumn(0).getString(), end.getColumn(1).getString()});
  return expired;
}

}  // namespace vigil::alerting::store
