// What happens to an entry of the outbox once it is delivered: a run downstream that is looked at, people who are told
// again.
#include "alerting/follow_up.h"
#include "alerting/journal_store.h"
#include "alerting/outbox.h"

namespace vigil::alerting::store {
std::vector<StartedRun> started_runs(SQLite::Database& db, const std::string& sink) {
  std::vector<StartedRun> found;
  SQLite::Statement query(db,
                          "SELECT a.id, o.run FROM outbox o CROSS JOIN actions a ON a.seq = o.action "
                          "WHERE o.sink = ? AND o.watched AND o.run <> '' AND a.state IN "
                          "('approved', 'dispatched', 'accepted', 'running') ORDER BY o.action");
  query.bind(1, sink);
  while (query.executeStep()) found.push_back({query.getColumn(0).getString(), query.getColumn(1).getString()});
  return found;
}

void record_progress(SQLite::Database& db, const std::string& id, const std::string& sink, const std::string& run,
                     const std::string& state, const std::string& reason, std::int64_t now_ns) {
  SQLite::Statement update(db,
                           "UPDATE outbox SET progress = ?1, watched = ?2 WHERE sink = ?3 AND run = ?4 AND "
                           "action = (SELECT seq FROM actions WHERE id = ?5) AND progress <> ?1");
  update.bind(1, state);
  const bool ended = state == to_string(ActionState::succeeded) || state == to_string(ActionState::failed);
  update.bind(2, ended ? 0 : 1);
  update.bind(3, sink);
  update.bind(4, run);
  update.bind(5, id);
  if (update.exec() > 0) take_progress(db, id, run, state, reason, now_ns);
}

std::vector<std::pair<ToldAction, bool>> told_actions(SQLite::Database& db, const std::string& sink,
                                                      std::int64_t since_ns) {
  std::vector<std::pair<ToldAction, bool>> found;
  SQLite::Statement query(db,
                          "SELECT a.id, a.line, a.cloudevent, coalesce(o.first_begun_ns, 0), coalesce(o.ended_ns, 0), "
                          "a.open FROM outbox o CROSS JOIN actions a ON a.seq = o.action "
                          "WHERE o.sink = ?1 AND o.watched AND o.run = '' AND "
                          "(a.open OR o.ended_ns IS NULL OR o.ended_ns >= ?2) ORDER BY o.action");
  query.bind(1, sink);
  query.bind(2, since_ns);
  while (query.executeStep()) {
    found.push_back({{{query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString()},
                      query.getColumn(3).getInt64(),
                      query.getColumn(4).getInt64()},
                     query.getColumn(5).getInt() != 0});
  }
  return found;
}

void set_ended(SQLite::Database& db, const std::string& id, const std::string& sink, std::int64_t ended_ns) {
  SQLite::Statement update(
      db,
      "UPDATE outbox SET ended_ns = nullif(?, 0) WHERE sink = ? AND action = (SELECT seq FROM actions WHERE id = ?)");
  update.bind(1, ended_ns);
  update.bind(2, sink);
  update.bind(3, id);
  update.exec();
}

}  // namespace vigil::alerting::store
