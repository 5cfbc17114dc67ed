#include "alerting/alarm_store.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "alerting/alarm_board.h"
#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "core/json_text.h"

namespace vigil::alerting {
namespace {

constexpr std::array kAlarmVerbs = {"ack", "shelve", "unshelve"};
constexpr const char* kSettings = "alarms";  // key of meta

constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS alarms (model TEXT NOT NULL, stream TEXT NOT NULL, monitor TEXT NOT NULL,
  severity TEXT NOT NULL, latched TEXT NOT NULL, acknowledged INTEGER NOT NULL, known INTEGER NOT NULL,
  run INTEGER NOT NULL, ls INTEGER NOT NULL, left_ok TEXT NOT NULL, verdicts TEXT NOT NULL,
  PRIMARY KEY (model, stream, monitor)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm_streams (model TEXT NOT NULL, stream TEXT NOT NULL, closed INTEGER NOT NULL,
  PRIMARY KEY (model, stream)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm_shelves (node TEXT PRIMARY KEY, until_ns INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// What a verb and a reader need of a leaf.
constexpr const char* kLeaves =
    "SELECT model, stream, monitor, severity, latched, acknowledged, known, run, ls FROM alarms "
    "ORDER BY model, stream, monitor";
constexpr const char* kStreamLeaves =
    "SELECT monitor, severity, latched, acknowledged, known, run, ls, left_ok, verdicts FROM alarms "
    "WHERE model = ? AND stream = ?";

std::int64_t number(SQLite::Statement& row, int column) { return row.getColumn(column).getInt64(); }

// Columns severity to ls, from `first` on.
Alarm alarm_of(SQLite::Statement& row, int first) {
  Alarm alarm;
  alarm.severity = severity_of(row.getColumn(first).getString()).value_or(Severity::ok);
  alarm.latched = severity_of(row.getColumn(first + 1).getString()).value_or(Severity::ok);
  alarm.acknowledged = number(row, first + 2) != 0;
  alarm.known = number(row, first + 3) != 0;
  alarm.run = static_cast<std::uint32_t>(number(row, first + 4));
  alarm.ls = static_cast<std::uint32_t>(number(row, first + 5));
  return alarm;
}

std::string verdicts_text(const Alarm& alarm) {
  auto json = nlohmann::json::array();
  for (const AlarmVerdict& v : alarm.verdicts) {
    json.push_back({v.window, v.statistic, std::string(to_string(v.quality)), v.known});
  }
  return json_text(json);
}

// What is not as this program wrote it starts anew.
void read_memory(Alarm& alarm, const std::string& left, const std::string& verdicts) {
  try {
    alarm.left = nlohmann::json::parse(left).get<std::vector<std::uint64_t>>();
    for (const auto& item : nlohmann::json::parse(verdicts)) {
      alarm.verdicts.push_back({item.at(0).get<std::string>(), item.at(1).get<std::string>(),
                                quality_of(item.at(2).get<std::string>()).value_or(Quality::unknown),
                                item.at(3).get<bool>()});
    }
  } catch (const nlohmann::json::exception&) {
    alarm.left.clear();
    alarm.verdicts.clear();
  }
}

void bind_names(SQLite::Statement& statement, const std::string& model, const std::string& stream) {
  statement.bind(1, model);
  statement.bind(2, stream);
}

// Leaves a statement that is used again reset, also where it throws.
void run_once(SQLite::Statement& statement) {
  struct Reset {
    SQLite::Statement& statement;
    ~Reset() { statement.tryReset(); }
  } reset{statement};
  statement.exec();
}

void acknowledge(SQLite::Database& db, const std::vector<std::string>& nodes) {
  std::vector<AlarmLeaf> seen;
  SQLite::Statement rows(db, kLeaves);
  while (rows.executeStep()) {
    AlarmLeaf leaf{rows.getColumn(0).getString(), rows.getColumn(1).getString(), rows.getColumn(2).getString(),
                   alarm_of(rows, 3)};
    const std::string node = node_of(leaf.model, leaf.stream, leaf.monitor);
    if (std::any_of(nodes.begin(), nodes.end(), [&](const std::string& n) { return covers(n, node); }) &&
        leaf.alarm.acknowledge()) {
      seen.push_back(std::move(leaf));
    }
  }
  rows.reset();
  SQLite::Statement put(
      db, "UPDATE alarms SET latched = ?, acknowledged = ? WHERE model = ? AND stream = ? AND monitor = ?");
  for (const AlarmLeaf& leaf : seen) {
    put.bind(1, std::string(to_string(leaf.alarm.latched)));
    put.bind(2, leaf.alarm.acknowledged ? 1 : 0);
    put.bind(3, leaf.model);
    put.bind(4, leaf.stream);
    put.bind(5, leaf.monitor);
    run_once(put);
  }
}

}  // namespace

std::string_view to_string(AlarmRequest::Verb verb) { return kAlarmVerbs[static_cast<std::size_t>(verb)]; }

void act_on_alarms(const std::string& file, const AlarmRequest& request) {
  if (!std::filesystem::is_regular_file(file)) throw Error("journal " + file, "no such file", "a journal of vigil");
  store::guarded(file, [&] {
    std::optional<store::WriterLock> lock;
    {
      SQLite::Database reader = store::open_for_reading(file, {});
      // No process must be writing a journal while another brings it to a newer version.
      if (store::version(reader) < store::kVersion) lock.emplace(file);
    }
    SQLite::Database db = store::open_for_writing(file, {});
    SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
    store::act_on_alarms(db, request);
    transaction.commit();
  });
}

namespace store {

void make_alarm_tables(SQLite::Database& db) { db.exec(kSchema); }

AlarmTable alarm_table(SQLite::Database& db) {
  AlarmTable table;
  if (!db.tableExists("alarms") || !db.tableExists("alarm_shelves")) return table;
  SQLite::Statement settings(db, "SELECT value FROM meta WHERE key = ?");
  settings.bind(1, kSettings);
  if (settings.executeStep()) table.settings = alarm_settings(settings.getColumn(0).getString());
  SQLite::Statement rows(db, kLeaves);
  while (rows.executeStep()) {
    table.leaves.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getString(), rows.getColumn(2).getString(),
                            alarm_of(rows, 3)});
  }
  SQLite::Statement shelves(db, "SELECT node, until_ns FROM alarm_shelves");
  while (shelves.executeStep()) table.shelves.push_back({shelves.getColumn(0).getString(), number(shelves, 1)});
  return table;
}

void act_on_alarms(SQLite::Database& db, const AlarmRequest& request) {
  using Verb = AlarmRequest::Verb;
  if (request.verb == Verb::ack) acknowledge(db, request.nodes);
  if (request.verb != Verb::ack) {
    SQLite::Statement over(db, "DELETE FROM alarm_shelves WHERE until_ns <= ?");
    over.bind(1, request.at_ns);
    over.exec();
  }
  SQLite::Statement put(db, "INSERT OR REPLACE INTO alarm_shelves (node, until_ns) VALUES (?, ?)");
  SQLite::Statement drop(db, "DELETE FROM alarm_shelves WHERE node = ?");
  AuditRow row{.at_ns = request.at_ns,
               .actor = request.actor,
               .verb = std::string(to_string(request.verb)),
               .action_id = request.action_id,
               .reason = request.reason,
               .until_ns = request.until_ns,
               .detail = "{}"};
  for (const std::string& node : request.nodes) {
    if (request.verb == Verb::shelve) {
      put.bind(1, node);
      put.bind(2, request.until_ns);
      run_once(put);
    } else if (request.verb == Verb::unshelve) {
      drop.bind(1, node);
      run_once(drop);
    }
    row.detail = json_text(nlohmann::json{{"node", node}});
    append_audit(db, row);
  }
  if (request.nodes.empty()) append_audit(db, row);
}

AlarmStore::AlarmStore(SQLite::Database& db)
    : db_(db),
      put_(db,
           "INSERT OR REPLACE INTO alarms (model, stream, monitor, severity, latched, acknowledged, known, run, ls, "
           "left_ok, verdicts) VALUES (?,?,?,?,?,?,?,?,?,?,?)"),
      put_closed_(db, "INSERT OR REPLACE INTO alarm_streams (model, stream, closed) VALUES (?,?,?)"),
      drop_(db, "DELETE FROM alarms WHERE model = ? AND stream = ? AND monitor = ?") {}

void AlarmStore::set(const AlarmSettings& settings) {
  forget();
  settings_ = settings;
  SQLite::Statement put(db_, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)");
  put.bind(1, kSettings);
  put.bind(2, json_text(to_json(settings)));
  put.exec();
}

void AlarmStore::forget() { streams_.clear(); }

void AlarmStore::apply(const std::vector<AlarmUpdate>& updates) {
  if (updates.empty()) return;
  // Another process's verb changes it (SQLite: of commits by other connections only).
  const std::int64_t version = db_.execAndGet("PRAGMA data_version").getInt64();
  if (version != data_version_) streams_.clear();
  data_version_ = version;
  for (const AlarmUpdate& update : updates) apply(update);
}

AlarmStore::Stream& AlarmStore::stream_of(const AlarmUpdate& update) {
  const auto [at, is_new] = streams_.try_emplace({update.model, update.stream});
  Stream& stream = at->second;
  if (!is_new) return stream;
  SQLite::Statement closed(db_, "SELECT closed FROM alarm_streams WHERE model = ? AND stream = ?");
  bind_names(closed, update.model, update.stream);
  if (closed.executeStep()) stream.closed = static_cast<std::uint64_t>(number(closed, 0));
  SQLite::Statement rows(db_, kStreamLeaves);
  bind_names(rows, update.model, update.stream);
  while (rows.executeStep()) {
    const std::string monitor = rows.getColumn(0).getString();
    Leaf& leaf = stream.leaves[monitor];
    leaf.alarm = alarm_of(rows, 1);
    read_memory(leaf.alarm, rows.getColumn(7).getString(), rows.getColumn(8).getString());
    leaf.rule = settings_.of(node_of(update.model, update.stream, monitor));
    // Windows that are no longer configured close no more: what they said last must not stand for ever.
    const auto gone =
        std::erase_if(leaf.alarm.verdicts, [&](const AlarmVerdict& v) { return !settings_.judges(v.window); });
    leaf.changed = gone > 0;
  }
  return stream;
}

void AlarmStore::apply(const AlarmUpdate& update) {
  Stream& stream = stream_of(update);
  if (update.ended) return end(update, stream);
  if (update.is_lumisection) {
    ++stream.closed;
    bind_names(put_closed_, update.model, update.stream);
    put_closed_.bind(3, static_cast<std::int64_t>(stream.closed));
    run_once(put_closed_);
  }
  if (!update.acts && update.windows.empty()) return;
  for (const AlarmWindow& window : update.windows) {
    for (auto& [monitor, leaf] : stream.leaves) leaf.said.clear();
    for (const AlarmReading& reading : window.readings) {
      const auto [at, is_new] = stream.leaves.try_emplace(reading.monitor);
      Leaf& leaf = at->second;
      if (is_new) leaf.rule = settings_.of(node_of(update.model, update.stream, reading.monitor));
      leaf.said.push_back({reading.statistic, reading.quality});
    }
    // A window says something of every rule there is: of a monitor that it does not name there is none any more.
    for (auto& [monitor, leaf] : stream.leaves) leaf.changed |= leaf.alarm.take(window.name, leaf.said);
  }
  for (auto& [monitor, leaf] : stream.leaves) {
    leaf.changed |= leaf.alarm.close(stream.closed, update.run, update.ls, leaf.rule);
    if (!leaf.changed) continue;
    write(update, monitor, leaf.alarm);
    leaf.changed = false;
  }
}

// Nobody could end what it raised: that is over for the machine, and stays only for those who have not seen it.
void AlarmStore::end(const AlarmUpdate& update, Stream& stream) {
  for (auto& [monitor, leaf] : stream.leaves) {
    leaf.alarm.verdicts.clear();
    leaf.alarm.left.clear();  // its lumisections are counted anew where the stream comes back
    leaf.alarm.close(stream.closed, update.run, update.ls, leaf.rule);
    if (leaf.alarm.latched != Severity::ok) {
      write(update, monitor, leaf.alarm);
      continue;
    }
    bind_names(drop_, update.model, update.stream);
    drop_.bind(3, monitor);
    run_once(drop_);
  }
  SQLite::Statement closed(db_, "DELETE FROM alarm_streams WHERE model = ? AND stream = ?");
  bind_names(closed, update.model, update.stream);
  closed.exec();
  streams_.erase({update.model, update.stream});
}

void AlarmStore::write(const AlarmUpdate& update, const std::string& monitor, const Alarm& alarm) {
  bind_names(put_, update.model, update.stream);
  put_.bind(3, monitor);
  put_.bind(4, std::string(to_string(alarm.severity)));
  put_.bind(5, std::string(to_string(alarm.latched)));
  put_.bind(6, alarm.acknowledged ? 1 : 0);
  put_.bind(7, alarm.known ? 1 : 0);
  put_.bind(8, alarm.run);
  put_.bind(9, alarm.ls);
  put_.bind(10, json_text(nlohmann::json(alarm.left)));
  put_.bind(11, verdicts_text(alarm));
  run_once(put_);
}

}  // namespace store
}  // namespace vigil::alerting
