// The alarms in the journal: three tables, changed in the transaction of the lumisection or of the person's verb, so
// that both come in the one order in which the journal took them (docs/alarms.md). Used by the journal, its readers and
// the board. Not synchronised; lets SQLite::Exception through. Tests: tests/alerting/alarm_board_test.cpp,
// alarms_property_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "alerting/alarms.h"

namespace vigil::alerting {

namespace store {

// Makes what is missing.
void make_alarm_tables(SQLite::Database& db);

// Of any journal, in a read transaction of the caller (leaves and shelves of one moment); empty where it has none yet.
AlarmTable alarm_table(SQLite::Database& db);

// With an audit row for each node (without nodes: one), in the caller's write transaction.
void act_on_alarms(SQLite::Database& db, const AlarmRequest& request);

// The writer's side: keeps in memory what it wrote, and reads it anew after anybody else has written.
class AlarmStore {
 public:
  explicit AlarmStore(SQLite::Database& db);  // after make_alarm_tables

  // Of the lumisections from now on; also kept in the journal for its readers. In the caller's write transaction.
  void set(const AlarmSettings& settings);
  // In the caller's write transaction; see Rollback.
  void apply(const std::vector<AlarmUpdate>& updates);
  // What is in memory is not what the journal holds: act_on_alarms through this connection.
  void forget();

  // Stands around a write transaction, and forgets where it was rolled back.
  class Rollback {
   public:
    explicit Rollback(AlarmStore& alarms) : alarms_(&alarms) {}
    ~Rollback() {
      if (alarms_ != nullptr) alarms_->forget();
    }
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    void committed() { alarms_ = nullptr; }

   private:
    AlarmStore* alarms_;
  };

 private:
  struct Leaf {
    Alarm alarm;
    AlarmRule rule;
    bool changed = false;
    std::vector<Said> said;  // by the window being applied
  };
  struct Stream {
    std::uint64_t closed = 0;
    std::map<std::string, Leaf> leaves;  // by monitor
  };
  Stream& stream_of(const AlarmUpdate& update);
  void apply(const AlarmUpdate& update);
  void end(const AlarmUpdate& update, Stream& stream);
  void write(const AlarmUpdate& update, const std::string& monitor, const Alarm& alarm);

  SQLite::Database& db_;
  AlarmSettings settings_;
  std::map<std::pair<std::string, std::string>, Stream> streams_;  // model, stream
  std::int64_t data_version_ = -1;
  SQLite::Statement put_, put_closed_, drop_;
};

}  // namespace store
}  // namespace vigil::alerting
