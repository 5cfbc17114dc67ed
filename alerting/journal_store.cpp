#include "alerting/journal_store.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "alerting/alarm_store.h"
#include "core/percent_encoded.h"

namespace vigil::alerting::store {
namespace {

// The newest version; journal_upgrade.cpp makes the older ones equal to it.
constexpr const char* kSchema = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE position (only INTEGER PRIMARY KEY CHECK (only = 1), value TEXT NOT NULL);
CREATE TABLE lumisections (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  run INTEGER NOT NULL, ls INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE windows (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  name TEXT NOT NULL, run INTEGER NOT NULL, first_ls INTEGER NOT NULL, last_ls INTEGER NOT NULL, quality TEXT NOT NULL,
  line TEXT NOT NULL);
CREATE TABLE verdicts (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  window TEXT NOT NULL, run INTEGER NOT NULL, first_ls INTEGER NOT NULL, last_ls INTEGER NOT NULL, monitor TEXT NOT NULL,
  statistic TEXT NOT NULL, quality TEXT NOT NULL, line TEXT NOT NULL);
CREATE TABLE kept_events (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL,
  run INTEGER NOT NULL, ls INTEGER NOT NULL, line TEXT NOT NULL);
CREATE TABLE actions (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, cause TEXT NOT NULL,
  model TEXT NOT NULL, model_hash TEXT NOT NULL, stream TEXT NOT NULL, subject TEXT NOT NULL, run INTEGER NOT NULL,
  first_ls INTEGER NOT NULL, last_ls INTEGER NOT NULL, line TEXT NOT NULL, cloudevent TEXT NOT NULL,
  open INTEGER NOT NULL DEFAULT 1, state TEXT NOT NULL DEFAULT 'proposed', n INTEGER NOT NULL DEFAULT 0,
  first_seen_ns INTEGER);
CREATE INDEX actions_state ON actions (state, first_seen_ns);
CREATE TABLE outbox (action INTEGER NOT NULL REFERENCES actions(seq), sink TEXT NOT NULL, pipeline INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'rejected', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0, last_attempt_ns INTEGER, next_attempt_ns INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', begun_ns INTEGER, PRIMARY KEY (action, sink)) WITHOUT ROWID;
CREATE INDEX outbox_pending ON outbox (sink, action) WHERE status = 'pending';
CREATE TABLE audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, actor TEXT NOT NULL, verb TEXT NOT NULL,
  action_id TEXT NOT NULL, reason TEXT NOT NULL, until_ns INTEGER NOT NULL DEFAULT 0, detail TEXT NOT NULL DEFAULT '{}',
  prev TEXT NOT NULL DEFAULT '', hash TEXT NOT NULL DEFAULT '');
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
)sql";

// What is going on now, replaced every few seconds. Not in the first journals of this version, which is why it is made
// beside the rest.
constexpr const char* kLiveSchema = R"sql(
CREATE TABLE IF NOT EXISTS live (model TEXT NOT NULL, stream TEXT NOT NULL, updated_ns INTEGER NOT NULL, line TEXT NOT NULL,
  PRIMARY KEY (model, stream)) WITHOUT ROWID;
)sql";

int pragma(SQLite::Database& db, const char* name) { return db.execAndGet(std::string("PRAGMA ") + name).getInt(); }

bool is_empty(SQLite::Database& db) {
  return db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0 && pragma(db, "application_id") == 0 &&
         pragma(db, "user_version") == 0;
}

void check_database(SQLite::Database& db, const std::string& file) {
  check_identity(file, pragma(db, "application_id"), pragma(db, "user_version"));
}

// Whether commits may stand beside the file, in its write-ahead log.
bool has_log(const std::string& file) {
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(file + "-wal", missing);
  return !missing && bytes > 0;
}

}  // namespace

int version(SQLite::Database& db) { return pragma(db, "user_version"); }

std::string cause_of(const SQLite::Exception& error, const std::string& file) {
  const std::string text = error.getErrorStr();
  const std::string own = std::string(" (SQLite: ") + error.what() + ")";
  const auto trouble_or = [&](const char* words) {
    const std::string trouble = in_memory(file) ? std::string{} : disk_trouble(file);
    return (trouble.empty() ? words : trouble) + own;
  };
  switch (error.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return trouble_or("disk full, or the journal at its largest size");
    case SQLITE_IOERR:
      return trouble_or("input/output error");
    case SQLITE_READONLY:
      return trouble_or("read-only");
    case SQLITE_CANTOPEN:
      return trouble_or("cannot be opened");
    case SQLITE_CORRUPT:
      return "damaged" + own;
    case SQLITE_NOTADB:
      return "not an SQLite file" + own;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "locked by another process" + own;
    default:
      return std::string(error.what()) + " (" + text + ")";
  }
}

SQLite::Database open_for_writing(const std::string& file, const JournalSettings& settings) {
  const bool memory = in_memory(file);
  if (!memory) holds_journal(file);
  return guarded(file, [&] {
    SQLite::Database db(memory ? ":memory:" : file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                        settings.busy_timeout_ms);
    if (sqlite3_db_readonly(db.getHandle(), "main") == 1)
      throw Error("journal " + file, "read-only", "a writable file");
    // Identity first: nothing is changed in a file that is not ours.
    const bool fresh = is_empty(db);
    if (!fresh) check_database(db, file);
    if (settings.max_bytes > 0) {
      db.exec("PRAGMA max_page_count=" + std::to_string(settings.max_bytes / 4096 + 1));
    }
    if (!memory) db.exec("PRAGMA synchronous=FULL");  // NORMAL would lose the last commits at a power cut
    db.exec("PRAGMA trusted_schema=OFF");
    if (fresh) {
      // Before the write-ahead log is there: the file itself says from the first moment on what it is.
      SQLite::Transaction transaction(db);
      db.exec(kSchema);
      db.exec("PRAGMA application_id=" + std::to_string(kApplicationId));
      db.exec("PRAGMA user_version=" + std::to_string(kVersion));
      transaction.commit();
    } else if (version(db) < kVersion) {
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
      upgrade(db);
      transaction.commit();
    }
    if (!is_complete(db)) {
      SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
      complete(db);
      transaction.commit();
    }
    if (!memory) {
      db.exec("PRAGMA journal_mode=WAL");
      db.exec("PRAGMA journal_size_limit=16777216");
    }
    db.exec("PRAGMA foreign_keys=ON");
    db.exec(kLiveSchema);
    make_alarm_tables(db);
    return db;
  });
}

SQLite::Database open_for_reading(const std::string& file, const JournalSettings& settings) {
  if (::access(file.c_str(), F_OK) != 0) throw Error("journal " + file, std::strerror(errno), "a vigil journal");
  if (!holds_journal(file)) throw Error("journal " + file, "an empty file", "a vigil journal");
  const auto opened = [&](const std::string& name, int flags) {
    SQLite::Database db(name, SQLite::OPEN_READONLY | flags, settings.busy_timeout_ms);
    check_database(db, file);
    return db;
  };
  return guarded(file, [&] {
    try {
      return opened(file, 0);
    } catch (const SQLite::Exception&) {
      // A reader makes the log's index anew where it is gone, which takes a folder that may be written and has room. No
      // log: all is in the file, and nobody is writing it.
      if (has_log(file)) throw;
    }
    return opened("file:" + percent_encoded(file, "/") + "?immutable=1", SQLite::OPEN_URI);
  });
}

void look_at(const std::string& file, const JournalSettings& settings,
             const std::function<void(SQLite::Database&)>& body) {
  SQLite::Database db = open_for_reading(file, settings);
  guarded(file, [&] {
    SQLite::Transaction snapshot(db);
    body(db);
  });
}

}  // namespace vigil::alerting::store
