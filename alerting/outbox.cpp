#include "alerting/outbox.h"

#include <nlohmann/json.hpp>

#include "alerting/audit_chain.h"
#include "alerting/status_outbox.h"
#include "core/error.h"
#include "core/json_text.h"

namespace vigil::alerting::store {
namespace {

constexpr const char* kVigil = "vigil";

void audit_at_sink(SQLite::Database& db, std::int64_t now_ns, const char* verb, const std::string& id,
                   const std::string& sink, const std::string& reason) {
  (void)append_audit(db, {now_ns, kVigil, verb, id, reason, 0, json_text(nlohmann::json{{"sink", sink}})});
}

// Entries of one action that wait for approval: how many there are, and how many the sinks refused.
bool refused_by_all(SQLite::Database& db, std::int64_t seq) {
  SQLite::Statement query(db, "SELECT count(*), sum(status = 'rejected') FROM outbox WHERE action = ? AND pipeline");
  query.bind(1, seq);
  return query.executeStep() && query.getColumn(0).getInt64() > 0 &&
         query.getColumn(0).getInt64() == query.getColumn(1).getInt64();
}

std::vector<std::string> ids(SQLite::Statement& query) {
  std::vector<std::string> found;
  while (query.executeStep()) found.push_back(query.getColumn(0).getString());
  return found;
}

// The entries of a rejected or superseded action end with it: nothing of it is sent any more.
void take_back(SQLite::Database& db, std::int64_t seq, DeliveryState status, const std::string& reason) {
  SQLite::Statement end(db, "UPDATE outbox SET status = ?, reason = ? WHERE action = ? AND status = 'pending'");
  end.bind(1, std::string(to_string(status)));
  end.bind(2, reason);
  end.bind(3, seq);
  end.exec();
}

// What the sinks refused is pending again, with a fresh expiry. They said that they have nothing of it: it is not sent.
void queue_again(SQLite::Database& db, std::int64_t seq) {
  SQLite::Statement entries(
      db,
      "UPDATE outbox SET status = 'pending', next_attempt_ns = 0, begun_ns = NULL, server_errors = 0, "
      "discarded = 0 WHERE action = ? AND status = 'rejected'");
  entries.bind(1, seq);
  entries.exec();
  SQLite::Statement unseen(db, "UPDATE actions SET first_seen_ns = NULL WHERE seq = ?");
  unseen.bind(1, seq);
  unseen.exec();
}

// Actions, and pending entries of any, first seen long ago. The rows of actions are long: both halves go by an index.
constexpr const char* kDue =
    "SELECT id, seq FROM actions WHERE state IN ('proposed', 'approved') AND first_seen_ns <= ?1 UNION "
    "SELECT a.id, a.seq FROM outbox o JOIN actions a ON a.seq = o.action "
    "WHERE o.status = 'pending' AND a.first_seen_ns <= ?1";

constexpr const char* kUnseen = "first_seen_ns IS NULL AND state IN ('proposed', 'approved')";
// What nobody has to approve is, once it is rendered.
constexpr const char* kAutomatic =
    "state = 'proposed' AND queued = 1 AND needed = 'auto' AND request_sha256 IS NOT NULL";

// Where the data were when it succeeded: what verifies it, or takes it back, must come later.
void mark_success(SQLite::Database& db, std::int64_t seq) {
  SQLite::Statement query(db,
                          "SELECT l.run, l.ls, l.model_hash <> a.model_hash FROM actions a JOIN lumisections l ON "
                          "l.model = a.model AND l.stream = a.stream WHERE a.seq = ? ORDER BY l.seq DESC LIMIT 1");
  query.bind(1, seq);
  if (!query.executeStep()) return;
  SQLite::Statement mark(db, "UPDATE actions SET mark_run = ?, mark_ls = ?, gone = ? WHERE seq = ?");
  mark.bind(1, query.getColumn(0).getInt64());
  mark.bind(2, query.getColumn(1).getInt64());
  mark.bind(3, query.getColumn(2).getInt());
  mark.bind(4, seq);
  mark.exec();
}

}  // namespace

std::optional<ActionNow> find_action(SQLite::Database& db, const std::string& id) {
  SQLite::Statement query(db,
                          "SELECT seq, state, "
                          "EXISTS (SELECT 1 FROM outbox WHERE action = seq AND pipeline AND begun_ns IS NOT NULL), "
                          "EXISTS (SELECT 1 FROM outbox WHERE action = seq AND pipeline AND status = 'delivered') "
                          "FROM actions WHERE id = ?");
  query.bind(1, id);
  if (!query.executeStep()) return std::nullopt;
  const auto state = action_state(query.getColumn(1).getString());
  if (!state) throw Error("action " + id, "state '" + query.getColumn(1).getString() + "'", "a state of this version");
  return ActionNow{
      query.getColumn(0).getInt64(), id, *state, {query.getColumn(2).getInt() != 0, query.getColumn(3).getInt() != 0}};
}

bool change_state(SQLite::Database& db, ActionNow& action, Verb verb, Role by, const std::string& actor,
                  const std::string& reason, std::int64_t now_ns) {
  const auto to = next_state(action.state, verb, by, action.facts);
  if (!to) return false;
  SQLite::Statement update(db, "UPDATE actions SET state = ?, n = n + 1 WHERE seq = ? RETURNING n");
  update.bind(1, std::string(to_string(*to)));
  update.bind(2, action.seq);
  std::int64_t n = 0;
  while (update.executeStep()) n = update.getColumn(0).getInt64();
  const nlohmann::json detail = {{"from", to_string(action.state)}, {"to", to_string(*to)}, {"n", n}};
  StateChange change;
  change.audit =
      append_audit(db, {now_ns, actor, std::string(to_string(*to)), action.id, reason, 0, json_text(detail)});
  change.n = n;
  change.from = to_string(action.state);
  change.to = to_string(*to);
  change.at_ns = now_ns;
  change.actor = actor;
  change.reason = reason;
  queue_status(db, action.seq, std::move(change));
  action.state = *to;
  if (*to == ActionState::rejected) take_back(db, action.seq, DeliveryState::rejected, "rejected by " + actor);
  if (*to == ActionState::superseded) take_back(db, action.seq, DeliveryState::expired, reason);
  if (*to == ActionState::succeeded) mark_success(db, action.seq);
  if (verb == Verb::retry) queue_again(db, action.seq);
  return true;
}

bool wants_admission(SQLite::Database& db) {
  return SQLite::Statement(db,
                           std::string("SELECT 1 FROM actions WHERE ") + kUnseen + " OR (" + kAutomatic + ") LIMIT 1")
      .executeStep();
}

void admit(SQLite::Database& db, std::int64_t now_ns) {
  SQLite::Statement queued(db, std::string("SELECT id FROM actions WHERE ") + kAutomatic + " ORDER BY seq");
  for (const std::string& id : ids(queued)) {
    if (auto action = find_action(db, id))
      (void)change_state(db, *action, Verb::approve, Role::vigil, kVigil, "", now_ns);
  }
  SQLite::Statement stamp(db, std::string("UPDATE actions SET first_seen_ns = ? WHERE ") + kUnseen);
  stamp.bind(1, now_ns);
  stamp.exec();
}

namespace {

// Actions of pending entries of `sink` that may be sent in their state: the oldest of each model, oldest first. Rows of
// actions are long: what decides is read from an index.
std::vector<std::int64_t> sendable(SQLite::Database& db, const std::string& sink) {
  std::vector<std::int64_t> found;
  std::set<std::string> models;
  SQLite::Statement query(db,
                          "SELECT o.action, a.model, a.state, o.pipeline FROM outbox o CROSS JOIN actions a "
                          "INDEXED BY actions_way ON a.seq = o.action "
                          "WHERE o.sink = ? AND o.status = 'pending' ORDER BY o.action");
  query.bind(1, sink);
  while (query.executeStep()) {
    const auto state = action_state(query.getColumn(2).getString());
    const SendWhen when = query.getColumn(3).getInt() != 0 ? SendWhen::approved : SendWhen::proposed;
    if (!state || !may_send(*state, when)) continue;
    if (!models.insert(query.getColumn(1).getString()).second) continue;
    found.push_back(query.getColumn(0).getInt64());
  }
  return found;
}

OutboxEntry entry_of(SQLite::Database& db, const std::string& sink, std::int64_t action) {
  SQLite::Statement query(db,
                          "SELECT a.id, a.line, a.cloudevent, o.attempts, a.first_seen_ns, o.next_attempt_ns, "
                          "coalesce(o.last_attempt_ns, 0), coalesce(o.begun_ns, 0), coalesce(o.first_begun_ns, 0), "
                          "o.unanswered, o.server_errors, a.open, o.reason "
                          "FROM outbox o JOIN actions a ON a.seq = o.action WHERE o.action = ? AND o.sink = ?");
  query.bind(1, action);
  query.bind(2, sink);
  OutboxEntry entry;
  if (!query.executeStep()) return entry;
  entry.action = {query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString()};
  entry.sink = sink;
  entry.attempts = static_cast<std::uint64_t>(query.getColumn(3).getInt64());
  entry.first_seen_ns = query.getColumn(4).getInt64();
  entry.next_attempt_ns = query.getColumn(5).getInt64();
  entry.last_attempt_ns = query.getColumn(6).getInt64();
  entry.begun_ns = query.getColumn(7).getInt64();
  entry.first_begun_ns = query.getColumn(8).getInt64();
  entry.unanswered = query.getColumn(9).getInt() != 0;
  entry.server_errors = static_cast<std::uint64_t>(query.getColumn(10).getInt64());
  entry.open = query.getColumn(11).getInt() != 0;
  entry.reason = query.getColumn(12).getString();
  return entry;
}

}  // namespace

std::vector<OutboxEntry> heads(SQLite::Database& db, const std::string& sink) {
  std::vector<OutboxEntry> entries;
  for (const std::int64_t action : sendable(db, sink)) entries.push_back(entry_of(db, sink, action));
  return entries;
}

bool begin_attempt(SQLite::Database& db, const std::string& id, const std::string& sink, std::int64_t now_ns) {
  SQLite::Statement query(db,
                          "SELECT a.state, o.pipeline, a.seq FROM outbox o JOIN actions a ON a.seq = o.action "
                          "WHERE a.id = ? AND o.sink = ? AND o.status = 'pending'");
  query.bind(1, id);
  query.bind(2, sink);
  if (!query.executeStep()) return false;
  const auto state = action_state(query.getColumn(0).getString());
  const SendWhen when = query.getColumn(1).getInt() != 0 ? SendWhen::approved : SendWhen::proposed;
  if (!state || !may_send(*state, when)) return false;
  // Until an answer is recorded, the attempt may have done it: a death from here on leaves it so.
  SQLite::Statement begin(
      db,
      "UPDATE outbox SET attempts = attempts + 1, begun_ns = ?1, last_attempt_ns = ?1, "
      "first_begun_ns = coalesce(first_begun_ns, ?1), unanswered = 1 WHERE sink = ?2 AND action = ?3");
  begin.bind(1, now_ns);
  begin.bind(2, sink);
  begin.bind(3, query.getColumn(2).getInt64());
  return begin.exec() > 0;
}

void end_attempt(SQLite::Database& db, const Attempt& attempt, bool begun) {
  const DeliveryState status = attempt.delivery == Delivery::delivered ? DeliveryState::delivered
                               : attempt.delivery == Delivery::refused ? DeliveryState::rejected
                                                                       : DeliveryState::pending;
  const bool is_pending = status == DeliveryState::pending;
  const bool open_question = attempt.delivery == Delivery::maybe_done || (is_pending && !begun);
  // What left before a person rejected the action, and arrived, has arrived: the entry says so.
  SQLite::Statement end(db,
                        std::string("UPDATE outbox SET status = ?, attempts = attempts + ?, last_attempt_ns = ?, "
                                    "next_attempt_ns = ?, reason = ?, unanswered = unanswered AND ?, server_errors = "
                                    "server_errors + ?, run = ?, url = ?, watched = ? WHERE sink = ? AND "
                                    "action = (SELECT seq FROM actions WHERE id = ?) AND status ") +
                            (begun && status == DeliveryState::delivered ? "<> 'delivered'" : "= 'pending'"));
  end.bind(1, std::string(to_string(status)));
  end.bind(2, begun ? 0 : 1);
  end.bind(3, attempt.now_ns);
  end.bind(4, attempt.next_attempt_ns);
  end.bind(5, attempt.reason);
  end.bind(6, open_question ? 1 : 0);
  end.bind(7, attempt.server_error ? 1 : 0);
  end.bind(8, attempt.run);
  end.bind(9, attempt.url);
  end.bind(10, attempt.watched ? 1 : 0);
  end.bind(11, attempt.sink);
  end.bind(12, attempt.id);
  if (end.exec() == 0 || is_pending) return;
  audit_at_sink(db, attempt.now_ns, status == DeliveryState::delivered ? "delivered" : "refused", attempt.id,
                attempt.sink, attempt.reason);
  auto action = find_action(db, attempt.id);
  if (!action) return;
  if (action->facts.delivered) {
    (void)change_state(db, *action, Verb::dispatch, Role::vigil, kVigil, "", attempt.now_ns);
  } else if (action->state == ActionState::approved && refused_by_all(db, action->seq)) {
    (void)change_state(db, *action, Verb::fail, Role::vigil, kVigil, attempt.reason, attempt.now_ns);
  }
}

bool wants_expiry(SQLite::Database& db, std::int64_t limit_ns) {
  SQLite::Statement query(db, std::string(kDue) + " LIMIT 1");
  query.bind(1, limit_ns);
  return query.executeStep();
}

// Beside what its sink said last, if anything.
constexpr const char* kTooLate = "not delivered in time";

std::vector<Expired> expire(SQLite::Database& db, std::int64_t limit_ns, std::int64_t now_ns,
                            const std::set<std::string>& under_way) {
  std::vector<Expired> expired;
  SQLite::Statement query(db, std::string(kDue) + " ORDER BY 2");
  query.bind(1, limit_ns);
  SQLite::Statement entries(
      db,
      "UPDATE outbox SET status = 'expired', reason = CASE reason WHEN '' THEN ?2 ELSE reason END "
      "WHERE action = ?1 AND status = 'pending' RETURNING sink");
  for (const std::string& id : ids(query)) {
    if (under_way.contains(id)) continue;  // its answer may be on the way; the next look ends it
    auto action = find_action(db, id);
    if (!action) continue;
    entries.bind(1, action->seq);
    entries.bind(2, kTooLate);
    std::vector<std::string> sinks = ids(entries);
    entries.reset();
    for (const std::string& sink : sinks) audit_at_sink(db, now_ns, "lapsed", id, sink, kTooLate);
    (void)change_state(db, *action, Verb::expire, Role::vigil, kVigil, kTooLate, now_ns);
    for (std::string& sink : sinks) expired.push_back({id, std::move(sink)});
  }
  return expired;
}

}  // namespace vigil::alerting::store
