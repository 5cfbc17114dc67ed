// What a Journal holds while it is open for writing: the file, its lock, the statements that are used again and again.
// Private to journal.cpp. Not synchronised but for read() and write().
// Tests: tests/alerting/journal_test.cpp.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "alerting/alarm_store.h"
#include "alerting/fair_mutex.h"
#include "alerting/follow_up.h"
#include "alerting/journal.h"
#include "alerting/journal_store.h"
#include "alerting/outbox.h"
#include "alerting/record_store.h"
#include "alerting/requests.h"

namespace vigil::alerting {

inline void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
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

struct Journal::Store {
  store::WriterLock lock;
  SQLite::Database db;
  store::Present present;
  std::function<std::int64_t()> now_ns;
  FairMutex mutex;

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
      "line, cloudevent, queued) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO NOTHING"};
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
  store::AlarmStore alarms{db};
  std::uint64_t keep = 0;  // merged summaries of each stream and window name
  std::string reference_name;
  std::map<std::shared_ptr<const std::string>, std::string> references;  // in the file already -> their sha256
  std::map<std::string, std::string> under_way;                          // sink -> id of the action it is being sent

  Store(const std::string& file, const JournalSettings& settings)
      : lock(file), db(store::open_for_writing(file, settings)), now_ns(settings.now_ns) {
    lock.keep();
    if (!now_ns) {
      now_ns = [] {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
      };
    }
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

  // By index of the commit's rows; outside of transactions.
  std::map<std::size_t, store::PackedContents> pack(const Commit& commit);

  // False: same cause, same id, here already.
  bool insert(const ActionRow& row, bool queue) {
    const Action& a = row.action;
    {
      Use use(action);
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
      use->bind(13, queue ? 1 : 0);
      if (use->exec() == 0) return false;
    }
    const std::int64_t seq = db.getLastInsertRowid();
    // What is only recorded is sent nowhere, and replaces nothing.
    store::queue_action(db, seq, a, row.outgoing, queue ? present : store::Present{});
    if (queue) {
      store::supersede(db, a, now_ns());
    } else {
      db.exec("UPDATE actions SET queued = 0 WHERE seq = " + std::to_string(seq));
    }
    return true;
  }

  // Runs `body` alone, in one write transaction, rolled back when it throws.
  template <class Body>
  void write(const std::string& file, Body&& body) {
    std::lock_guard guard(mutex);
    store::guarded(file, [&] {
      store::AlarmStore::Rollback forgotten(alarms);
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
      body();
      transaction.commit();
      forgotten.committed();
    });
  }

  template <class Body>
  auto read(const std::string& file, Body&& body) {
    std::lock_guard guard(mutex);
    return store::guarded(file, [&] { return body(db); });
  }

  // What a running program sees for the first time.
  void admit(const std::string& file, std::int64_t at_ns) {
    const bool news =
        read(file, [](SQLite::Database& d) { return store::wants_queueing(d) || store::wants_admission(d); });
    if (!news) return;
    write(file, [&] {
      store::queue_waiting(db, present);
      store::admit(db, at_ns);
    });
  }
};

}  // namespace vigil::alerting
