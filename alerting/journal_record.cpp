#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "alerting/journal_store.h"
#include "alerting/record.h"
#include "alerting/record_query.h"
#include "alerting/record_store.h"
#include "core/error.h"
#include "core/model_text.h"

namespace vigil::alerting {
namespace {

class RecordFile : public Record {
 private:
  template <class Body>
  auto read(Body&& body) {
    const std::lock_guard guard(mutex_);
    return store::guarded(file_, [&] { return body(); });
  }

 public:
  explicit RecordFile(const std::string& file) : file_(file), db_(store::open_for_reading(file, {})), open_(file) {}

  const std::string& file() const override { return file_; }

  std::uint64_t bytes() const override {
    std::uint64_t all = 0;
    for (const char* end : {"", "-wal"}) {
      std::error_code missing;
      const auto size = std::filesystem::file_size(file_ + end, missing);
      if (!missing) all += size;
    }
    return all;
  }

  std::uint64_t version() override {
    return read([&] { return static_cast<std::uint64_t>(db_.execAndGet("PRAGMA data_version").getInt64()); });
  }

  std::map<std::string, std::string> meta() override {
    return read([&] { return store::pairs(db_, "meta"); });
  }

  std::vector<RecordRow> rows(RecordTable table, const RecordFilter& filter) override {
    const store::Columns c = store::columns_of(table);
    store::Where where(filter, c);
    if (filter.after) where.add(filter.oldest_first ? "seq > ?" : "seq < ?", *filter.after);
    return read([&] {
      SQLite::Statement query(db_, store::select_rows(c) + where.text() + " ORDER BY seq " +
                                       (filter.oldest_first ? "ASC" : "DESC") + " LIMIT " +
                                       std::to_string(filter.limit));
      where.bind(query);
      return store::rows_of(query);
    });
  }

  std::vector<RecordRow> rows_after(RecordTable table, std::int64_t seq, std::size_t limit) override {
    return rows(table, {.oldest_first = true, .after = seq, .limit = limit});
  }

  std::int64_t newest_seq(RecordTable table) override {
    return read([&] {
      return db_.execAndGet(std::string("SELECT coalesce(max(seq), 0) FROM ") + store::columns_of(table).table)
          .getInt64();
    });
  }

  // Remembers what it found: only rows that came since are read again.
  std::vector<RecordRow> newest_verdicts(const std::string& model, const std::string& stream,
                                         std::uint32_t run) override {
    return read([&] {
      Newest& newest = newest_[{model, stream}];
      if (newest.run != run) newest = {run, 0, {}};
      // From the start of a run by its index, later by the sequence: what came since are few.
      SQLite::Statement query(
          db_, store::select_rows(store::columns_of(RecordTable::verdicts)) +
                   (newest.seq == 0 ? " WHERE model = ? AND stream = ? AND run = ? AND seq > ? ORDER BY seq"
                                    : " WHERE +model = ? AND +stream = ? AND +run = ? AND seq > ? ORDER BY seq"));
      query.bind(1, model);
      query.bind(2, stream);
      query.bind(3, run);
      query.bind(4, newest.seq);
      while (query.executeStep()) {
        RecordRow row = store::row_of(query);
        newest.seq = row.seq;
        newest.rows[{row.window, row.monitor, row.statistic}] = std::move(row);
      }
      std::vector<RecordRow> out;
      for (const auto& [key, row] : newest.rows) out.push_back(row);
      return out;
    });
  }

  std::vector<RecordRow> newest_windows(const std::string& model, const std::string& stream,
                                        std::uint32_t run) override {
    return read([&] {
      SQLite::Statement query(db_, store::select_rows(store::columns_of(RecordTable::windows)) +
                                       " WHERE seq IN (SELECT max(seq) FROM windows WHERE model = ? AND stream = ? AND "
                                       "run = ? GROUP BY name) ORDER BY name");
      query.bind(1, model);
      query.bind(2, stream);
      query.bind(3, run);
      return store::rows_of(query);
    });
  }

  std::optional<RecordedWindow> window(const std::string& model, const std::string& stream, const std::string& name,
                                       std::uint32_t run, std::optional<std::uint32_t> last_ls) override {
    return read([&]() -> std::optional<RecordedWindow> {
      SQLite::Statement query(db_, store::select_rows(store::columns_of(RecordTable::windows)) +
                                       " WHERE model = ? AND stream = ? AND run = ? AND name = ?" +
                                       (last_ls ? " AND last_ls = ?" : "") + " ORDER BY seq DESC LIMIT 1");
      query.bind(1, model);
      query.bind(2, stream);
      query.bind(3, run);
      query.bind(4, name);
      if (last_ls) query.bind(5, *last_ls);
      if (!query.executeStep()) return std::nullopt;
      RecordedWindow found;
      found.row = store::row_of(query);
      if (!looked()) return found;
      SQLite::Statement contents(db_,
                                 "SELECT s.line, r.line, r.name FROM summaries s LEFT JOIN window_references r ON "
                                 "r.sha256 = s.reference WHERE s.window = ?");
      contents.bind(1, found.row.seq);
      if (!contents.executeStep()) return found;
      const auto text = [&](int i) {
        const SQLite::Column column = contents.getColumn(i);
        return column.isNull() ? std::string()
                               : store::unpacked(column.getBlob(), static_cast<std::size_t>(column.getBytes()));
      };
      found.given_up = contents.getColumn(0).isNull();
      if (found.given_up) return found;
      found.summary = text(0);
      found.reference = text(1);
      if (!contents.getColumn(2).isNull()) found.reference_name = contents.getColumn(2).getString();
      return found;
    });
  }

  std::vector<RecordedModel> models() override {
    return read([&] {
      std::vector<RecordedModel> found;
      if (!looked()) return found;
      SQLite::Statement query(db_, "SELECT line, monitors FROM models ORDER BY rowid");
      while (query.executeStep()) found.push_back(model_of(query));
      return found;
    });
  }

  std::optional<RecordedModel> model(const std::string& hash) override {
    return read([&]() -> std::optional<RecordedModel> {
      if (!looked()) return std::nullopt;
      SQLite::Statement query(db_, "SELECT line, monitors FROM models WHERE hash = ?");
      query.bind(1, hash);
      if (!query.executeStep()) return std::nullopt;
      return model_of(query);
    });
  }

  std::vector<RecordedStream> streams() override {
    return read([&] {
      std::vector<RecordedStream> found;
      SQLite::Statement query(
          db_, looked() ? "SELECT model, model_hash, stream, run, ls, facts FROM streams WHERE EXISTS (SELECT 1 FROM "
                          "lumisections l WHERE l.model = streams.model AND l.stream = streams.stream) ORDER BY rowid"
                        : "SELECT l.model, l.model_hash, l.stream, l.run, l.ls, '{}' FROM lumisections l JOIN (SELECT "
                          "min(seq) AS first, max(seq) AS newest FROM lumisections GROUP BY model, stream) n ON l.seq "
                          "= n.newest ORDER BY n.first");
      while (query.executeStep()) {
        found.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                         query.getColumn(3).getUInt(), query.getColumn(4).getUInt(), query.getColumn(5).getString()});
      }
      return found;
    });
  }

  std::vector<RecordedRun> runs(const RecordFilter& filter) override {
    const store::Where where(filter, store::columns_of(RecordTable::lumisections));
    return read([&] {
      SQLite::Statement query(
          db_,
          "SELECT g.model, l.model_hash, g.stream, g.run, g.first, g.last, g.n, g.newest FROM (SELECT model, "
          "stream, run, min(ls) AS first, max(ls) AS last, count(*) AS n, max(seq) AS newest FROM lumisections" +
              where.text() +
              " GROUP BY model, stream, run) g JOIN lumisections l ON l.seq = g.newest ORDER BY g.newest DESC "
              "LIMIT " +
              std::to_string(filter.limit));
      where.bind(query);
      std::vector<RecordedRun> found;
      while (query.executeStep()) {
        found.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                         query.getColumn(3).getUInt(), query.getColumn(4).getUInt(), query.getColumn(5).getUInt(),
                         static_cast<std::uint64_t>(query.getColumn(6).getInt64()), query.getColumn(7).getInt64()});
      }
      return found;
    });
  }

  std::vector<Mark> marks(const std::string& model, const std::string& stream, std::uint32_t run) override {
    return read([&] {
      std::vector<Mark> found;
      if (!looked()) return found;
      SQLite::Statement query(db_,
                              "SELECT seq, ls, kind, from_value, to_value FROM marks WHERE model = ? AND stream = ? "
                              "AND run = ? ORDER BY ls, seq");
      query.bind(1, model);
      query.bind(2, stream);
      query.bind(3, run);
      while (query.executeStep()) {
        found.push_back({query.getColumn(0).getInt64(), model, stream, run, query.getColumn(1).getUInt(),
                         query.getColumn(2).getString(), store::text_or_null(query.getColumn(3)),
                         store::text_or_null(query.getColumn(4))});
      }
      return found;
    });
  }

  std::uint64_t actions_of_run(const std::string& model, const std::string& stream, std::uint32_t run) override {
    return count("SELECT count(*) FROM actions WHERE model = ? AND stream = ? AND run = ?", model, stream, run);
  }
  std::uint64_t open_actions(const std::string& model, const std::string& stream) override {
    return count("SELECT count(*) FROM actions WHERE model = ? AND stream = ? AND open", model, stream, std::nullopt);
  }

  ActionCounts action_counts() override {
    return read([&] {
      const auto number = [&](const std::string& query) {
        return static_cast<std::uint64_t>(db_.execAndGet(query).getInt64());
      };
      ActionCounts counts;
      counts.open = number("SELECT count(*) FROM actions WHERE open");
      if (store::version(db_) > 1) {
        counts.proposed = number("SELECT count(*) FROM actions WHERE state = 'proposed'");
      }
      counts.pending = number("SELECT count(*) FROM outbox WHERE status = 'pending'");
      return counts;
    });
  }

  std::vector<ActionTally> action_tallies() override {
    return read([&] {
      const std::string proposed = store::version(db_) > 1 ? "total(state = 'proposed')" : "0";
      SQLite::Statement query(db_, "SELECT model, stream, kind, total(open), " + proposed +
                                       " FROM actions GROUP BY model, stream, kind ORDER BY model, stream, kind");
      std::vector<ActionTally> out;
      while (query.executeStep()) {
        out.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                       static_cast<std::uint64_t>(query.getColumn(3).getInt64()),
                       static_cast<std::uint64_t>(query.getColumn(4).getInt64())});
      }
      return out;
    });
  }

  std::map<std::string, std::uint64_t> pending_by_sink() override {
    return read([&] {
      SQLite::Statement query(db_, "SELECT sink, total(status = 'pending') FROM outbox GROUP BY sink");
      std::map<std::string, std::uint64_t> out;
      while (query.executeStep()) {
        out[query.getColumn(0).getString()] = static_cast<std::uint64_t>(query.getColumn(1).getInt64());
      }
      return out;
    });
  }

  std::vector<RecordedChange> changes_after(std::int64_t seq, std::size_t limit) override {
    return read([&] {
      std::vector<RecordedChange> found;
      if (store::version(db_) == 1) return found;
      SQLite::Statement query(db_,
                              "SELECT seq, at_ns, actor, verb, action_id, reason, detail FROM audit WHERE seq > ? "
                              "ORDER BY seq LIMIT ?");
      query.bind(1, seq);
      query.bind(2, static_cast<std::int64_t>(limit));
      while (query.executeStep()) {
        found.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getInt64(), query.getColumn(2).getString(),
                         query.getColumn(3).getString(), query.getColumn(4).getString(), query.getColumn(5).getString(),
                         query.getColumn(6).getString()});
      }
      return found;
    });
  }
  std::int64_t newest_change() override {
    return read([&] { return db_.execAndGet("SELECT coalesce(max(seq), 0) FROM audit").getInt64(); });
  }

  std::vector<RecordedLive> live() override {
    return read([&] { return store::live(db_); });
  }

 private:
  struct Newest {
    std::uint32_t run = 0;
    std::int64_t seq = 0;
    std::map<std::tuple<std::string, std::string, std::string>, RecordRow> rows;
  };

  // Whether the tables for people are there; a running program may add them at any time.
  bool looked() {
    if (!has_tables_) has_tables_ = store::has_record_tables(db_);
    return has_tables_;
  }

  static RecordedModel model_of(SQLite::Statement& query) {
    RecordedModel model{model_from_text(query.getColumn(0).getString(), "journal, table models"), {}};
    model.monitors = nlohmann::json::parse(query.getColumn(1).getString()).get<std::vector<std::string>>();
    return model;
  }

  std::uint64_t count(const char* text, const std::string& model, const std::string& stream,
                      std::optional<std::uint32_t> run) {
    return read([&] {
      SQLite::Statement query(db_, text);
      query.bind(1, model);
      query.bind(2, stream);
      if (run) query.bind(3, *run);
      query.executeStep();
      return static_cast<std::uint64_t>(query.getColumn(0).getInt64());
    });
  }

  const std::string file_;
  mutable std::mutex mutex_;
  SQLite::Database db_;
  store::OpenFile open_;  // after db_: the file exists
  bool has_tables_ = false;
  std::map<std::pair<std::string, std::string>, Newest> newest_;
};

}  // namespace

std::unique_ptr<Record> open_record(const std::string& file) {
  return store::guarded(file, [&] { return std::make_unique<RecordFile>(file); });
}

}  // namespace vigil::alerting
