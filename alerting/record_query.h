// The queries behind a Record: which columns a table has, a filter as SQL, rows from answers. Used by
// journal_record.cpp only. Not synchronised. Lets SQLite::Exception through. Tests: tests/alerting/record_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "alerting/record.h"

namespace vigil::alerting::store {

struct Columns {
  const char* table;
  const char* first_ls;
  const char* last_ls;
  bool has_window, has_verdict;
};
Columns columns_of(RecordTable table);
// SELECT … FROM its table, as row_of() reads it.
std::string select_rows(const Columns& columns);
RecordRow row_of(SQLite::Statement& query);
std::vector<RecordRow> rows_of(SQLite::Statement& query);
std::optional<std::string> text_or_null(const SQLite::Column& column);

// A WHERE clause and what is bound to it.
class Where {
 public:
  Where() = default;
  Where(const RecordFilter& filter, const Columns& columns);  // but for its order, `after` and limit
  void add(const std::string& condition, std::variant<std::string, std::int64_t> value);
  std::string text() const { return text_.empty() ? std::string() : " WHERE " + text_; }
  void bind(SQLite::Statement& statement) const;

 private:
  void add(const std::string& condition) { text_ += (text_.empty() ? "" : " AND ") + condition; }
  std::string text_;
  std::vector<std::variant<std::string, std::int64_t>> values_;
};

}  // namespace vigil::alerting::store
