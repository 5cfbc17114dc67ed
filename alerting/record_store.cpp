#include "alerting/record_store.h"

#include <zstd.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/model_text.h"

namespace vigil::alerting::store {
namespace {

// Summaries that made room for newer ones keep their row, without a line.
constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS models (hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, line TEXT NOT NULL, monitors TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS streams (model TEXT NOT NULL, stream TEXT NOT NULL, model_hash TEXT NOT NULL, run INTEGER NOT NULL,
  ls INTEGER NOT NULL, facts TEXT NOT NULL, UNIQUE (model, stream));
CREATE TABLE IF NOT EXISTS marks (seq INTEGER PRIMARY KEY, model TEXT NOT NULL, stream TEXT NOT NULL, run INTEGER NOT NULL,
  ls INTEGER NOT NULL, kind TEXT NOT NULL, from_value TEXT, to_value TEXT);
CREATE TABLE IF NOT EXISTS window_references (sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, line BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS summaries (window INTEGER PRIMARY KEY REFERENCES windows(seq), model TEXT NOT NULL,
  stream TEXT NOT NULL, name TEXT NOT NULL, reference TEXT NOT NULL, line BLOB);
CREATE INDEX IF NOT EXISTS summaries_kept ON summaries (model, stream, name, window) WHERE line IS NOT NULL;
CREATE INDEX IF NOT EXISTS marks_run ON marks (model, stream, run, ls);
CREATE INDEX IF NOT EXISTS lumisections_run ON lumisections (model, stream, run, ls);
CREATE INDEX IF NOT EXISTS windows_run ON windows (model, stream, run, name, last_ls);
CREATE INDEX IF NOT EXISTS verdicts_run ON verdicts (model, stream, run, monitor, statistic, window);
CREATE INDEX IF NOT EXISTS kept_events_run ON kept_events (model, stream, run, ls);
INSERT OR IGNORE INTO streams (model, stream, model_hash, run, ls, facts)
  SELECT l.model, l.stream, l.model_hash, l.run, l.ls, '{}' FROM lumisections l
  JOIN (SELECT min(seq) AS first, max(seq) AS newest FROM lumisections GROUP BY model, stream) n ON l.seq = n.newest
  ORDER BY n.first;
)sql";

void bind(SQLite::Statement& statement, int index, const std::optional<std::string>& text) {
  if (text) {
    statement.bind(index, *text);
  } else {
    statement.bind(index);
  }
}

void bind_blob(SQLite::Statement& statement, int index, const std::string& bytes) {
  statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

bool has_record_tables(SQLite::Database& db) {
  return db.execAndGet("SELECT count(*) FROM sqlite_schema WHERE name IN ('models', 'summaries', 'kept_events_run')")
             .getInt() == 3;
}

void make_record_tables(SQLite::Database& db) { db.exec(kTables); }

void put_models(SQLite::Database& db, const std::vector<RecordedModel>& models) {
  SQLite::Statement put(db,
                        "INSERT INTO models (hash, name, line, monitors) VALUES (?,?,?,?) ON CONFLICT (hash) DO UPDATE "
                        "SET name = excluded.name, line = excluded.line, monitors = excluded.monitors");
  for (const RecordedModel& model : models) {
    put.bind(1, model.info.hash);
    put.bind(2, model.info.name);
    put.bind(3, model_text(model.info));
    put.bind(4, nlohmann::json(model.monitors).dump());
    put.exec();
    put.reset();
  }
}

void put_streams(SQLite::Database& db, const std::vector<RecordedStream>& streams) {
  if (streams.empty()) return;
  SQLite::Statement put(db,
                        "INSERT INTO streams (model, stream, model_hash, run, ls, facts) VALUES (?,?,?,?,?,?) ON "
                        "CONFLICT (model, stream) DO UPDATE SET model_hash = excluded.model_hash, run = excluded.run, "
                        "ls = excluded.ls, facts = excluded.facts");
  for (const RecordedStream& stream : streams) {
    put.bind(1, stream.model);
    put.bind(2, stream.stream);
    put.bind(3, stream.model_hash);
    put.bind(4, stream.run);
    put.bind(5, stream.ls);
    put.bind(6, stream.facts);
    put.exec();
    put.reset();
  }
}

void put_marks(SQLite::Database& db, const std::vector<Mark>& marks) {
  if (marks.empty()) return;
  SQLite::Statement put(
      db, "INSERT INTO marks (model, stream, run, ls, kind, from_value, to_value) VALUES (?,?,?,?,?,?,?)");
  for (const Mark& mark : marks) {
    put.bind(1, mark.model);
    put.bind(2, mark.stream);
    put.bind(3, mark.run);
    put.bind(4, mark.ls);
    put.bind(5, mark.kind);
    bind(put, 6, mark.from);
    bind(put, 7, mark.to);
    put.exec();
    put.reset();
  }
}

void put_contents(SQLite::Database& db, std::int64_t seq, const JournalRow& window, const PackedContents& contents,
                  const std::string& reference_name, std::uint64_t keep) {
  if (!contents.reference.empty()) {
    SQLite::Statement put(db, "INSERT OR IGNORE INTO window_references (sha256, name, line) VALUES (?,?,?)");
    put.bind(1, contents.reference_sha256);
    put.bind(2, reference_name);
    bind_blob(put, 3, contents.reference);
    put.exec();
  }
  SQLite::Statement put(db,
                        "INSERT INTO summaries (window, model, stream, name, reference, line) VALUES (?,?,?,?,?,?)");
  put.bind(1, seq);
  put.bind(2, window.model);
  put.bind(3, window.stream);
  put.bind(4, window.window);
  put.bind(5, contents.reference_sha256);
  bind_blob(put, 6, contents.summary);
  put.exec();
  SQLite::Statement drop(db,
                         "UPDATE summaries SET line = NULL WHERE line IS NOT NULL AND model = ?1 AND stream = ?2 AND "
                         "name = ?3 AND window <= (SELECT window FROM summaries WHERE line IS NOT NULL AND model = ?1 "
                         "AND stream = ?2 AND name = ?3 ORDER BY window DESC LIMIT 1 OFFSET ?4)");
  drop.bind(1, window.model);
  drop.bind(2, window.stream);
  drop.bind(3, window.window);
  drop.bind(4, static_cast<std::int64_t>(keep));
  drop.exec();
}

std::string packed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1);
  if (ZSTD_isError(size) != 0)
    throw Error("journal", std::string("a summary cannot be packed: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string unpacked(const void* data, std::size_t bytes) {
  const auto size = ZSTD_getFrameContentSize(data, bytes);
  constexpr unsigned long long kMost = 1ull << 30;
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kMost)
    throw Error("journal", "a damaged summary", "a zstd frame");
  std::string out(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), data, bytes);
  if (ZSTD_isError(got) != 0) throw Error("journal", std::string("a damaged summary: ") + ZSTD_getErrorName(got));
  return out;
}

}  // namespace vigil::alerting::store
