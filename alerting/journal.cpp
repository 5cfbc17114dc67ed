#include "alerting/journal.h"

#include <mutex>
#include <utility>

#include "alerting/journal_store.h"
#include "core/cloud_event.h"

namespace vigil::alerting {
namespace {

void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
  statement.bind(index, std::string(text));
}

// A cached statement is left reset and unbound, whatever happens in between.
class Use {
 public:
  explicit Use(SQLite::Statement& statement) : statement_(statement) {}
  ~Use() {
    statement_.tryReset();
    try {
      statement_.clearBindings();
    } catch (const SQLite::Exception&) {  // only a misuse of the interface fails here; the next bind reports it
    }
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  SQLite::Statement* operator->() { return &statement_; }
  SQLite::Statement& operator*() { return statement_; }

 private:
  SQLite::Statement& statement_;
};

}  // namespace

struct Journal::Store {
  store::WriterLock lock;
  SQLite::Database db;
  std::vector<SinkSpec> sinks;
  std::mutex mutex;

  SQLite::Statement lumisection{
      db, "INSERT INTO lumisections (model, model_hash, stream, run, ls, line) VALUES (?,?,?,?,?,?)"};
  SQLite::Statement kept_event{
      db, "INSERT INTO kept_events (model, model_hash, stream, run, ls, line) VALUES (?,?,?,?,?,?)"};
  SQLite::Statement window{
      db,
      "INSERT INTO windows (model, model_hash, stream, run, first_ls, last_ls, name, quality, line) "
      "VALUES (?,?,?,?,?,?,?,?,?)"};
  SQLite::Statement verdict{
      db,
      "INSERT INTO verdicts (model, model_hash, stream, run, first_ls, last_ls, window, quality, line, "
      "monitor, statistic) VALUES (?,?,?,?,?,?,?,?,?,?,?)"};
  SQLite::Statement action{
      db,
      "INSERT INTO actions (id, kind, cause, model, model_hash, stream, subject, run, first_ls, last_ls, "
      "line, cloudevent) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING"};
  SQLite::Statement outbox{db, "INSERT INTO outbox (action, sink, pipeline) VALUES (?,?,?)"};
  SQLite::Statement close_action{db, "UPDATE actions SET open = 0 WHERE id = ?"};
  SQLite::Statement put_state{
      db, "INSERT INTO state (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"};
  SQLite::Statement drop_state{db, "DELETE FROM state WHERE key = ?"};
  SQLite::Statement put_position{
      db, "INSERT INTO position (only, value) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET value = excluded.value"};
  SQLite::Statement head{
      db,
      "SELECT a.seq, a.id, a.line, a.cloudevent, o.attempts, o.first_seen_ns, o.next_attempt_ns FROM outbox o "
      "JOIN actions a ON a.seq = o.action WHERE o.sink = ? AND o.status = 'pending' ORDER BY o.action LIMIT 1"};
  SQLite::Statement seen{db, "UPDATE outbox SET first_seen_ns = ? WHERE action = ? AND sink = ?"};
  SQLite::Statement attempt{
      db,
      "UPDATE outbox SET status = ?, attempts = attempts + 1, last_attempt_ns = ?, next_attempt_ns = ?, reason = ? "
      "WHERE sink = ? AND status = 'pending' AND action = (SELECT seq FROM actions WHERE id = ?)"};
  SQLite::Statement add_audit{db, "INSERT INTO audit (at_ns, actor, verb, action_id, reason) VALUES (?,?,?,?,?)"};

  Store(const std::string& file, const JournalSettings& settings)
      : lock(file), db(store::open_for_writing(file, settings)) {}

  void insert(const JournalRow& row) {
    using Table = JournalRow::Table;
    SQLite::Statement& statement = row.table == Table::lumisection  ? lumisection
                                   : row.table == Table::kept_event ? kept_event
                                   : row.table == Table::window     ? window
                                                                    : verdict;
    Use use(statement);
    bind_text(*use, 1, row.model);
    bind_text(*use, 2, row.model_hash);
    bind_text(*use, 3, row.stream);
    use->bind(4, row.run);
    if (row.table == Table::lumisection || row.table == Table::kept_event) {
      use->bind(5, row.last_ls);
      bind_text(*use, 6, row.line);
    } else {
      use->bind(5, row.first_ls);
      use->bind(6, row.last_ls);
      bind_text(*use, 7, row.window);
      bind_text(*use, 8, to_string(row.quality));
      bind_text(*use, 9, row.line);
      if (row.table == Table::verdict) {
        bind_text(*use, 10, row.monitor);
        bind_text(*use, 11, row.statistic);
      }
    }
    use->exec();
  }

  void insert(const ActionRow& row, bool queue) {
    {
      Use use(action);
      const Action& a = row.action;
      bind_text(*use, 1, a.id);
      bind_text(*use, 2, to_string(a.kind));
      bind_text(*use, 3, to_string(a.cause));
      bind_text(*use, 4, a.model);
      bind_text(*use, 5, a.model_hash);
      bind_text(*use, 6, a.stream);
      bind_text(*use, 7, a.subject);
      use->bind(8, a.run);
      use->bind(9, a.first_ls);
      use->bind(10, a.last_ls);
      bind_text(*use, 11, row.outgoing.line);
      bind_text(*use, 12, row.outgoing.cloudevent);
      if (use->exec() == 0) return;  // same cause, same id: here already
    }
    if (!queue) return;
    const std::int64_t seq = db.getLastInsertRowid();
    for (const SinkSpec& sink : sinks) {
      Use use(outbox);
      use->bind(1, seq);
      bind_text(*use, 2, sink.name);
      use->bind(3, sink.pipeline ? 1 : 0);
      use->exec();
    }
  }

  void insert(const AuditRow& row) {
    Use use(add_audit);
    use->bind(1, row.at_ns);
    bind_text(*use, 2, row.actor);
    bind_text(*use, 3, row.verb);
    bind_text(*use, 4, row.action_id);
    bind_text(*use, 5, row.reason);
    use->exec();
  }

  // Runs `body` alone, in one write transaction, rolled back when it throws.
  template <class Body>
  void write(const std::string& file, Body&& body) {
    std::lock_guard guard(mutex);
    store::guarded(file, [&] {
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
      body();
      transaction.commit();
    });
  }

  template <class Body>
  auto read(const std::string& file, Body&& body) {
    std::lock_guard guard(mutex);
    return store::guarded(file, [&] { return body(db); });
  }
};

ActionRow action_row(Action action) {
  OutgoingAction outgoing{action.id, action_line(action), cloud_event(action)};
  return {std::move(action), std::move(outgoing)};
}

std::string_view to_string(DeliveryState state) {
  switch (state) {
    case DeliveryState::pending:
      return "pending";
    case DeliveryState::delivered:
      return "delivered";
    case DeliveryState::rejected:
      return "rejected";
    case DeliveryState::expired:
      return "expired";
  }
  return "pending";
}

std::string listed_line(const JournalAction& action) {
  std::string line = action.line;
  if (line.empty() || line.back() != '}') return line;
  line.pop_back();
  line.append(",\"delivery\":\"").append(to_string(action.delivery));
  line.append("\",\"open\":").append(action.open ? "true}" : "false}");
  return line;
}

Journal::Journal(const std::string& file, JournalSettings settings)
    : file_(store::in_memory(file) ? ":memory:" : file),
      store_(store::guarded(file_, [&] { return std::make_unique<Store>(file_, settings); })) {}
Journal::~Journal() = default;

void Journal::set_sinks(std::vector<SinkSpec> sinks) {
  std::lock_guard guard(store_->mutex);
  store_->sinks = std::move(sinks);
}

void Journal::commit(const Commit& commit) {
  store_->write(file_, [&] {
    for (const JournalRow& row : commit.rows) store_->insert(row);
    for (const ActionRow& row : commit.actions) store_->insert(row, commit.queue_actions);
    for (const std::string& id : commit.closed_action_ids) {
      Use use(store_->close_action);
      bind_text(*use, 1, id);
      use->exec();
    }
    for (const auto& [key, value] : commit.state) {
      Use use(value ? store_->put_state : store_->drop_state);
      bind_text(*use, 1, key);
      if (value) use->bind(2, value->data(), static_cast<int>(value->size()));
      use->exec();
    }
    if (!commit.position.empty()) {
      Use use(store_->put_position);
      bind_text(*use, 1, commit.position);
      use->exec();
    }
  });
}

void Journal::set_meta(const std::map<std::string, std::string>& values) {
  store_->write(file_, [&] {
    SQLite::Statement put(
        store_->db,
        "INSERT INTO meta (key, value) VALUES (?,?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
    for (const auto& [key, value] : values) {
      Use use(put);
      bind_text(*use, 1, key);
      bind_text(*use, 2, value);
      use->exec();
    }
  });
}

std::optional<OutboxEntry> Journal::head(const std::string& sink, std::int64_t now_ns) {
  std::lock_guard guard(store_->mutex);
  return store::guarded(file_, [&]() -> std::optional<OutboxEntry> {
    OutboxEntry entry;
    std::int64_t seq = 0;
    {
      Use use(store_->head);
      bind_text(*use, 1, sink);
      if (!use->executeStep()) return std::nullopt;
      seq = use->getColumn(0).getInt64();
      entry.action = {use->getColumn(1).getString(), use->getColumn(2).getString(), use->getColumn(3).getString()};
      entry.sink = sink;
      entry.attempts = static_cast<std::uint64_t>(use->getColumn(4).getInt64());
      if (const auto first = use->getColumn(5); !first.isNull()) {
        entry.first_seen_ns = first.getInt64();
        entry.next_attempt_ns = use->getColumn(6).getInt64();
        return entry;
      }
    }
    entry.first_seen_ns = now_ns;
    Use use(store_->seen);
    use->bind(1, now_ns);
    use->bind(2, seq);
    bind_text(*use, 3, sink);
    use->exec();
    return entry;
  });
}

void Journal::record_attempt(const std::string& id, const std::string& sink, Delivery delivery,
                             const std::string& reason, std::int64_t now_ns, std::int64_t next_attempt_ns) {
  store_->write(file_, [&] {
    const char* status = delivery == Delivery::delivered ? "delivered"
                         : delivery == Delivery::refused ? "rejected"
                                                         : "pending";
    Use use(store_->attempt);
    bind_text(*use, 1, status);
    use->bind(2, now_ns);
    use->bind(3, next_attempt_ns);
    bind_text(*use, 4, reason);
    bind_text(*use, 5, sink);
    bind_text(*use, 6, id);
    if (use->exec() > 0 && delivery != Delivery::retry) store_->insert(AuditRow{now_ns, sink, status, id, reason});
  });
}

std::vector<std::pair<std::string, std::string>> Journal::expire(std::int64_t now_ns, std::int64_t expiry_ns) {
  std::vector<std::pair<std::string, std::string>> expired;
  const std::int64_t limit = now_ns - expiry_ns;
  {
    // Nothing is written, and nothing synced, when nothing has expired and every entry has been seen.
    std::lock_guard guard(store_->mutex);
    const bool any = store::guarded(file_, [&] {
      SQLite::Statement query(
          store_->db,
          "SELECT 1 FROM outbox WHERE status = 'pending' AND (first_seen_ns IS NULL OR first_seen_ns <= ?) LIMIT 1");
      query.bind(1, limit);
      return query.executeStep();
    });
    if (!any) return expired;
  }
  store_->write(file_, [&] {
    expired.clear();
    SQLite::Statement stamp(store_->db,
                            "UPDATE outbox SET first_seen_ns = ? WHERE status = 'pending' AND first_seen_ns IS NULL");
    stamp.bind(1, now_ns);
    stamp.exec();
    SQLite::Statement query(store_->db,
                            "SELECT a.id, o.sink FROM outbox o JOIN actions a ON a.seq = o.action "
                            "WHERE o.status = 'pending' AND o.first_seen_ns <= ? ORDER BY o.action, o.sink");
    query.bind(1, limit);
    while (query.executeStep()) expired.emplace_back(query.getColumn(0).getString(), query.getColumn(1).getString());
    SQLite::Statement end(store_->db,
                          "UPDATE outbox SET status = 'expired' WHERE status = 'pending' AND first_seen_ns <= ?");
    end.bind(1, limit);
    end.exec();
    for (const auto& [id, sink] : expired)
      store_->insert(AuditRow{now_ns, sink, "expired", id, "not delivered in time"});
  });
  return expired;
}

std::uint64_t Journal::pending() const {
  return store_->read(file_, [](SQLite::Database& db) {
    return static_cast<std::uint64_t>(db.execAndGet("SELECT count(*) FROM outbox WHERE status = 'pending'").getInt64());
  });
}

void Journal::audit(const AuditRow& row) {
  store_->write(file_, [&] { store_->insert(row); });
}

std::map<std::string, std::string> Journal::state() const {
  return store_->read(file_, [](SQLite::Database& db) { return store::pairs(db, "state"); });
}
std::string Journal::position() const { return store_->read(file_, store::position); }
std::map<std::string, std::string> Journal::meta() const {
  return store_->read(file_, [](SQLite::Database& db) { return store::pairs(db, "meta"); });
}
std::vector<AuditRow> Journal::audit_trail() const { return store_->read(file_, store::audit_trail); }
std::vector<JournalAction> Journal::actions() const { return store_->read(file_, store::actions); }
JournalCounts Journal::counts() const { return store_->read(file_, store::counts); }
std::vector<std::string> Journal::lines(JournalRow::Table table) const {
  return store_->read(file_, [table](SQLite::Database& db) {
    return store::texts(db, std::string("SELECT line FROM ") + store::table_name(table) + " ORDER BY seq");
  });
}

}  // namespace vigil::alerting
