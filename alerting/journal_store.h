// The SQLite side of the journal: opening and checking a file, its schema, and the queries that writer and readers
// share. Used by journal.cpp and journal_reader.cpp only. Not synchronised. Lets SQLite::Exception through inside
// `guarded`.
// Tests: tests/alerting/journal_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>
#include <utility>
#include <vector>

#include "alerting/journal.h"
#include "alerting/journal_file.h"
#include "core/error.h"

namespace vigil::alerting::store {

// Why SQLite failed on `file`, in words an operator understands, with SQLite's own text.
std::string cause_of(const SQLite::Exception& error, const std::string& file);

// Runs `body`; what SQLite throws becomes an Error that names the file.
template <class Body>
auto guarded(const std::string& file, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const SQLite::Exception& error) {
    throw Error("journal " + file, cause_of(error, file));
  }
}

// Of a file's format. Readers read all up to kVersion, a writer upgrades.
int version(SQLite::Database& db);
// Brings a journal of version 1 to kVersion, in the caller's transaction (journal_upgrade.cpp).
void upgrade(SQLite::Database& db);
// Adds what files of this version got later, where it is missing (journal_columns.cpp). In the caller's transaction.
bool is_complete(SQLite::Database& db);
void complete(SQLite::Database& db);
bool has_column(SQLite::Database& db, const std::string& table, const std::string& column);
// The state of an action `a` of a version 1 journal, as an SQL expression: what its entries and notes come to.
std::string state_before_states();

// Opens for writing; creates the schema in a new or empty file, upgrades an older one. Throws Error (see Journal).
SQLite::Database open_for_writing(const std::string& file, const JournalSettings& settings);
// Opens an existing journal; changes nothing. Also on a disk or in a folder that cannot be written.
SQLite::Database open_for_reading(const std::string& file, const JournalSettings& settings);

// One look at a file, in a snapshot, on a connection of its own.
void look_at(const std::string& file, const JournalSettings& settings,
             const std::function<void(SQLite::Database&)>& body);

const char* table_name(JournalRow::Table table);

std::vector<JournalAction> actions(SQLite::Database& db);
JournalCounts counts(SQLite::Database& db);
std::map<std::string, std::string> pairs(SQLite::Database& db, const char* table);
std::string position(SQLite::Database& db);
std::vector<LiveRow> live(SQLite::Database& db);  // none in a journal that has never had one
std::vector<AuditRow> audit_trail(SQLite::Database& db);
std::vector<std::string> texts(SQLite::Database& db, const std::string& query);

}  // namespace vigil::alerting::store
