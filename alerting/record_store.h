// The tables of a journal that people look at besides the result lines: models, streams, marks, merged summaries and
// their references. Written in the transaction of the lines they belong to; read by journal_record.cpp. Used by the
// journal only. Not synchronised. Lets SQLite::Exception through.
// Tests: tests/alerting/record_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>
#include <vector>

#include "alerting/journal.h"
#include "alerting/record.h"

namespace vigil::alerting::store {

// Makes what is missing; streams of earlier lines come in without facts. In the caller's transaction.
void make_record_tables(SQLite::Database& db);
bool has_record_tables(SQLite::Database& db);

void put_models(SQLite::Database& db, const std::vector<RecordedModel>& models);
void put_streams(SQLite::Database& db, const std::vector<RecordedStream>& streams);
void put_marks(SQLite::Database& db, const std::vector<Mark>& marks);

// What a window was judged on, as it goes into the file. Made outside of transactions: it takes milliseconds.
struct PackedContents {
  std::string summary;           // compressed
  std::string reference_sha256;  // empty: none
  std::string reference;         // compressed; empty where it is in the file already
};
// `seq` of the window row. Of its model, stream and name the newest `keep` stay.
void put_contents(SQLite::Database& db, std::int64_t seq, const JournalRow& window, const PackedContents& contents,
                  const std::string& reference_name, std::uint64_t keep);

std::string packed(const std::string& text);
// Throws Error where it is damaged.
std::string unpacked(const void* data, std::size_t bytes);

}  // namespace vigil::alerting::store
