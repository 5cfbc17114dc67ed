#include "alerting/journal.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "alerting/outbox.h"
#include "core/cloud_event.h"
#include "core/pattern.h"

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
  SQLite::Statement put_live{
      db,
      "INSERT INTO live (model, stream, updated_ns, line) VALUES (?,?,?,?) "
      "ON CONFLICT (model, stream) DO UPDATE SET updated_ns = excluded.updated_ns, line = excluded.line"};
  SQLite::Statement drop_live{db, "DELETE FROM live WHERE model = ? AND stream = ?"};
  std::map<std::string, std::string> under_way;  // sink -> id of the action it is being sent

  Store(const std::string& file, const JournalSettings& settings)
      : lock(file), db(store::open_for_writing(file, settings)) {
    lock.keep();
  }

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
      if (!takes(sink.routing, row.action)) continue;
      Use use(outbox);
      use->bind(1, seq);
      bind_text(*use, 2, sink.name);
      use->bind(3, sink.routing.when == SendWhen::approved ? 1 : 0);
      use->exec();
    }
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

bool takes(const Routing& routing, const Action& action) {
  const auto listed = [&](const std::string& pattern) { return matches(pattern, action.model); };
  return (routing.kinds.empty() || std::count(routing.kinds.begin(), routing.kinds.end(), action.kind) > 0) &&
         (routing.models.empty() || std::any_of(routing.models.begin(), routing.models.end(), listed));
}

std::string listed_line(const JournalAction& action) {
  std::string line = action.line;
  if (line.empty() || line.back() != '}') return line;
  line.pop_back();
  line.append(",\"delivery\":\"").append(to_string(action.delivery));
  line.append("\",\"open\":").append(action.open ? "true" : "false");
  line.append(",\"state\":\"").append(to_string(action.state)).append("\"}");
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

void Journal::put_live(const std::vector<LiveRow>& rows) {
  store_->write(file_, [&] {
    for (const LiveRow& row : rows) {
      Use use(row.line.empty() ? store_->drop_live : store_->put_live);
      bind_text(*use, 1, row.model);
      bind_text(*use, 2, row.stream);
      if (!row.line.empty()) {
        use->bind(3, row.updated_ns);
        bind_text(*use, 4, row.line);
      }
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
  if (store_->read(file_, store::wants_admission)) store_->write(file_, [&] { store::admit(store_->db, now_ns); });
  return store_->read(file_, [&](SQLite::Database& db) { return store::head(db, sink); });
}

bool Journal::begin_attempt(const std::string& id, const std::string& sink, std::int64_t now_ns) {
  bool begun = false;
  store_->write(file_, [&] {
    begun = store::begin_attempt(store_->db, id, sink, now_ns);
    if (begun) store_->under_way[sink] = id;
  });
  return begun;
}

void Journal::record_attempt(const std::string& id, const std::string& sink, Delivery delivery,
                             const std::string& reason, std::int64_t now_ns, std::int64_t next_attempt_ns) {
  store_->write(file_, [&] {
    const auto begun = store_->under_way.find(sink);
    const bool counted = begun != store_->under_way.end() && begun->second == id;
    store::end_attempt(store_->db, {id, sink, delivery, reason, now_ns, next_attempt_ns}, counted);
    if (counted) store_->under_way.erase(begun);
  });
}

std::vector<Expired> Journal::expire(std::int64_t now_ns, std::int64_t expiry_ns) {
  std::vector<Expired> expired;
  const std::int64_t limit = now_ns - expiry_ns;
  // Nothing is written, and nothing synced, when nothing has expired and every action has been seen.
  const bool any = store_->read(
      file_, [&](SQLite::Database& db) { return store::wants_admission(db) || store::wants_expiry(db, limit); });
  if (!any) return expired;
  store_->write(file_, [&] {
    std::set<std::string> under_way;
    for (const auto& [sink, id] : store_->under_way) under_way.insert(id);
    store::admit(store_->db, now_ns);
    expired = store::expire(store_->db, limit, now_ns, under_way);
  });
  return expired;
}

std::uint64_t Journal::pending() const {
  return store_->read(file_, [](SQLite::Database& db) {
    return static_cast<std::uint64_t>(db.execAndGet("SELECT count(*) FROM outbox WHERE status = 'pending'").getInt64());
  });
}

void Journal::audit(const AuditRow& row) {
  store_->write(file_, [&] { store::append_audit(store_->db, row); });
}

std::map<std::string, std::string> Journal::state() const {
  return store_->read(file_, [](SQLite::Database& db) { return store::pairs(db, "state"); });
}
std::string Journal::position() const { return store_->read(file_, store::position); }
std::vector<LiveRow> Journal::live() const { return store_->read(file_, store::live); }
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
