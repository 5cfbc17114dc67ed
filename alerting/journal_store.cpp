#include "alerting/journal_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

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

std::string hex(int value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(value));
  return text;
}

int pragma(SQLite::Database& db, const char* name) { return db.execAndGet(std::string("PRAGMA ") + name).getInt(); }

// Looks at the first bytes before SQLite does, so that a foreign file is named as such and never touched.
// False for a missing or empty file.
bool holds_database(const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return false;
  if (!S_ISREG(info.st_mode)) throw Error("journal " + file, "not a regular file", "a vigil journal or a new file");
  if (info.st_size == 0) return false;
  std::ifstream stream(file, std::ios::binary);
  char head[16] = {};
  stream.read(head, sizeof head);
  if (!stream && stream.gcount() == 0) throw Error("journal " + file, std::strerror(errno), "a readable file");
  if (std::string_view(head, sizeof head) != std::string_view("SQLite format 3\0", 16)) {
    throw Error("journal " + file, "not an SQLite file", "a vigil journal or a new file");
  }
  return true;
}

bool is_empty(SQLite::Database& db) {
  return db.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() == 0 && pragma(db, "application_id") == 0 &&
         pragma(db, "user_version") == 0;
}

void check_identity(SQLite::Database& db, const std::string& file) {
  if (const int id = pragma(db, "application_id"); id != kApplicationId) {
    throw Error("journal " + file, "an SQLite file of another program (application_id " + hex(id) + ")",
                "a vigil journal (" + hex(kApplicationId) + ")");
  }
  if (const int found = version(db); found < 1 || found > kVersion) {
    throw Error("journal " + file, "journal version " + std::to_string(found),
                "version 1 to " + std::to_string(kVersion));
  }
}

}  // namespace

int version(SQLite::Database& db) { return pragma(db, "user_version"); }

bool in_memory(const std::string& file) { return file.empty() || file == ":memory:"; }

std::string cause_of(const SQLite::Exception& error) {
  const std::string text = error.getErrorStr();
  const std::string own = std::string(" (SQLite: ") + error.what() + ")";
  switch (error.getErrorCode() & 0xff) {
    case SQLITE_FULL:
      return "disk or journal full" + own;
    case SQLITE_IOERR:
      return "input/output error" + own;
    case SQLITE_READONLY:
      return "read-only" + own;
    case SQLITE_CANTOPEN:
      return "cannot be opened" + own;
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
  if (!memory) holds_database(file);
  return guarded(file, [&] {
    SQLite::Database db(memory ? ":memory:" : file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                        settings.busy_timeout_ms);
    if (sqlite3_db_readonly(db.getHandle(), "main") == 1)
      throw Error("journal " + file, "read-only", "a writable file");
    // Identity first: nothing is changed in a file that is not ours.
    const bool fresh = is_empty(db);
    if (!fresh) check_identity(db, file);
    if (!memory) {
      db.exec("PRAGMA journal_mode=WAL");
      db.exec("PRAGMA synchronous=FULL");  // NORMAL would lose the last commits at a power cut
      db.exec("PRAGMA journal_size_limit=16777216");
    }
    db.exec("PRAGMA foreign_keys=ON");
    db.exec("PRAGMA trusted_schema=OFF");
    if (settings.max_bytes > 0) {
      db.exec("PRAGMA max_page_count=" + std::to_string(settings.max_bytes / 4096 + 1));
    }
    if (fresh) {
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
    return db;
  });
}

SQLite::Database open_for_reading(const std::string& file, const JournalSettings& settings) {
  if (::access(file.c_str(), F_OK) != 0) throw Error("journal " + file, std::strerror(errno), "a vigil journal");
  if (!holds_database(file)) throw Error("journal " + file, "an empty file", "a vigil journal");
  return guarded(file, [&] {
    SQLite::Database db(file, SQLite::OPEN_READONLY, settings.busy_timeout_ms);
    check_identity(db, file);
    return db;
  });
}

WriterLock::WriterLock(const std::string& file) {
  if (in_memory(file)) return;
  // Two names of one file must meet in one lock.
  std::error_code unresolved;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(file, unresolved);
  const std::string path = (unresolved ? file : canonical.string()) + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0)
    throw Error("journal " + file, "cannot create " + path + ": " + std::strerror(errno), "a writable folder");
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    ::close(fd_);
    fd_ = -1;
    if (cause == EWOULDBLOCK)
      throw Error("journal " + file, "is written by another process", "one vigil process a journal");
    throw Error("journal " + file, "cannot lock " + path + ": " + std::strerror(cause));
  }
}

WriterLock::~WriterLock() {
  if (fd_ >= 0) ::close(fd_);  // the file stays: unlinking it would let two writers lock two inodes
}

}  // namespace vigil::alerting::store
