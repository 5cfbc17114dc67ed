#include <utility>

#include "alerting/alarm_store.h"
#include "alerting/audit_chain.h"
#include "alerting/journal.h"
#include "alerting/journal_store.h"

namespace vigil::alerting {

struct JournalReader::Store {
  SQLite::Database db;
  store::OpenFile open;  // after db: it exists
  Store(const std::string& file, const JournalSettings& settings)
      : db(store::open_for_reading(file, settings)), open(file) {}
};

JournalReader::JournalReader(const std::string& file, JournalSettings settings)
    : file_(file), store_(std::make_unique<Store>(file, settings)) {}
JournalReader::~JournalReader() = default;

std::vector<JournalAction> JournalReader::actions() const {
  return store::guarded(file_, [&] { return store::actions(store_->db); });
}
JournalCounts JournalReader::counts() const {
  return store::guarded(file_, [&] {
    // One snapshot for all counts.
    SQLite::Transaction snapshot(store_->db);
    return store::counts(store_->db);
  });
}
std::map<std::string, std::string> JournalReader::meta() const {
  return store::guarded(file_, [&] { return store::pairs(store_->db, "meta"); });
}
std::map<std::string, std::string> JournalReader::state() const {
  return store::guarded(file_, [&] { return store::pairs(store_->db, "state"); });
}
std::string JournalReader::position() const {
  return store::guarded(file_, [&] { return store::position(store_->db); });
}
std::vector<LiveRow> JournalReader::live() const {
  return store::guarded(file_, [&] { return store::live(store_->db); });
}
AlarmTable JournalReader::alarms() const {
  return store::guarded(file_, [&] {
    SQLite::Transaction snapshot(store_->db);
    return store::alarm_table(store_->db);
  });
}
std::vector<AuditRow> JournalReader::audit_trail() const {
  return store::guarded(file_, [&] { return store::audit_trail(store_->db); });
}
std::vector<AuditEntry> JournalReader::audit_entries(std::int64_t after, std::int64_t limit) const {
  return store::guarded(file_, [&] { return store::audit_entries(store_->db, after, limit); });
}
AuditCheck JournalReader::verify_audit(const std::optional<std::string>& expect) const {
  return store::guarded(file_, [&] {
    SQLite::Transaction snapshot(store_->db);
    return store::verify_audit(store_->db, expect);
  });
}
std::vector<std::string> JournalReader::lines(JournalRow::Table table) const {
  return store::guarded(file_, [&] {
    return store::texts(store_->db, std::string("SELECT line FROM ") + store::table_name(table) + " ORDER BY seq");
  });
}

std::vector<std::string> JournalReader::newest_lines(JournalRow::Table table) const {
  std::string key = "model, stream";
  if (table == JournalRow::Table::window) key += ", name";
  if (table == JournalRow::Table::verdict) key += ", window, monitor, statistic";
  const std::string name = store::table_name(table);
  return store::guarded(file_, [&] {
    return store::texts(store_->db, "SELECT line FROM " + name + " WHERE seq IN (SELECT max(seq) FROM " + name +
                                        " GROUP BY " + key + ") ORDER BY " + key);
  });
}

std::string JournalReader::integrity() const {
  return store::guarded(file_, [&] {
    std::string found;
    for (const std::string& line : store::texts(store_->db, "PRAGMA integrity_check")) {
      found += (found.empty() ? "" : "; ") + line;
    }
    return found;
  });
}

}  // namespace vigil::alerting
