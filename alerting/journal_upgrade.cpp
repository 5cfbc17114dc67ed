// A journal of version 1, in which no action had a state, becomes one of version 2.
#include <chrono>
#include <nlohmann/json.hpp>

#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "core/json_text.h"

namespace vigil::alerting::store {
namespace {

// Which entries belong to pipelines is in the rows; what a person said is in the audit. A rejection that a version 1
// writer recorded and went on sending is honoured, whatever was tried before.
constexpr const char* kState = R"sql(CASE
  WHEN NOT EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq) THEN 'proposed'
  WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline AND o.status = 'delivered') THEN 'dispatched'
  WHEN (SELECT u.verb FROM audit u WHERE u.action_id = a.id AND u.verb IN ('approve', 'reject', 'retry')
          ORDER BY u.seq DESC LIMIT 1) = 'reject' THEN 'rejected'
  WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline)
   AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline AND o.status <> 'rejected') THEN 'failed'
  WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline AND o.status = 'pending') THEN 'approved'
  WHEN EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.pipeline AND o.status = 'expired') THEN 'expired'
  ELSE 'approved' END)sql";

// Expiry counts for an action, no longer for each of its entries.
constexpr const char* kAddStates = R"sql(
ALTER TABLE actions ADD COLUMN state TEXT NOT NULL DEFAULT 'proposed';
ALTER TABLE actions ADD COLUMN n INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN first_seen_ns INTEGER;
CREATE INDEX actions_state ON actions (state, first_seen_ns);
UPDATE actions SET first_seen_ns = (SELECT min(o.first_seen_ns) FROM outbox o WHERE o.action = actions.seq);
ALTER TABLE outbox DROP COLUMN first_seen_ns;
ALTER TABLE outbox ADD COLUMN begun_ns INTEGER;
UPDATE outbox SET begun_ns = last_attempt_ns WHERE attempts > 0;
)sql";

constexpr const char* kEndRejected = R"sql(
UPDATE outbox SET status = 'rejected', reason = 'rejected by a person'
  WHERE status = 'pending' AND action IN (SELECT seq FROM actions WHERE state = 'rejected');
DROP TRIGGER audit_no_update;
ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT '{}';
ALTER TABLE audit ADD COLUMN prev TEXT NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
)sql";

constexpr const char* kProtectAudit =
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END";

// The changes that lead to `state`.
std::vector<ActionState> way_to(ActionState state) {
  using S = ActionState;
  if (state == S::proposed) return {};
  if (state == S::dispatched || state == S::failed) return {S::approved, state};
  return {state};
}

// States follow from the audit, also those that an older vigil did not know: a row for each change.
void tell_states(SQLite::Database& db) {
  struct Change {
    std::int64_t seq;
    std::string id, rejected_by;
    ActionState state;
  };
  std::vector<Change> changes;
  SQLite::Statement query(db,
                          "SELECT a.seq, a.id, a.state, coalesce((SELECT u.actor FROM audit u WHERE u.action_id = a.id "
                          "AND u.verb = 'reject' ORDER BY u.seq DESC LIMIT 1), 'vigil') FROM actions a ORDER BY a.seq");
  while (query.executeStep()) {
    changes.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(), query.getColumn(3).getString(),
                       action_state(query.getColumn(2).getString()).value_or(ActionState::proposed)});
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  SQLite::Statement count(db, "UPDATE actions SET n = ? WHERE seq = ?");
  for (const Change& change : changes) {
    ActionState from = ActionState::proposed;
    int n = 0;
    for (const ActionState to : way_to(change.state)) {
      const nlohmann::json detail = {{"from", to_string(from)}, {"to", to_string(to)}, {"n", ++n}};
      const std::string actor = to == ActionState::rejected ? change.rejected_by : "vigil";
      append_audit(db, {now_ns, actor, std::string(to_string(to)), change.id, "known before states were kept", 0,
                        json_text(detail)});
      from = to;
    }
    count.bind(1, n);
    count.bind(2, change.seq);
    count.exec();
    count.reset();
  }
}

}  // namespace

std::string state_before_states() { return kState; }

void upgrade(SQLite::Database& db) {
  if (version(db) >= kVersion) return;  // another process was quicker
  db.exec(kAddStates);
  db.exec(
      "WITH found AS (SELECT a.seq, " + std::string(kState) +
      " AS state FROM actions a) UPDATE actions SET state = (SELECT f.state FROM found f WHERE f.seq = actions.seq)");
  db.exec(kEndRejected);
  chain_audit(db);
  tell_states(db);
  db.exec(kProtectAudit);
  db.exec("PRAGMA user_version=" + std::to_string(kVersion));
}

}  // namespace vigil::alerting::store
