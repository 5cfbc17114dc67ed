#include "alerting/record_query.h"

namespace vigil::alerting::store {
namespace {

// Our `*` as SQLite's GLOB.
std::string as_glob(const std::string& pattern) {
  std::string out;
  for (const char c : pattern) {
    if (c == '?' || c == '[') {
      out.append({'[', c, ']'});
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Columns columns_of(RecordTable table) {
  switch (table) {
    case RecordTable::lumisections:
      return {"lumisections", "ls", "ls", false, false};
    case RecordTable::windows:
      return {"windows", "first_ls", "last_ls", true, false};
    case RecordTable::verdicts:
      return {"verdicts", "first_ls", "last_ls", true, true};
    case RecordTable::kept_events:
      return {"kept_events", "ls", "ls", false, false};
    case RecordTable::actions:
      break;
  }
  return {"actions", "first_ls", "last_ls", false, false};
}

std::string select_rows(const Columns& c) {
  const std::string window = !c.has_window ? "''" : c.has_verdict ? "window" : "name";
  return std::string("SELECT seq, model, model_hash, stream, run, ") + c.first_ls + ", " + c.last_ls + ", " + window +
         ", " + (c.has_verdict ? "monitor, statistic" : "'', ''") + ", " + (c.has_window ? "quality" : "''") +
         ", line FROM " + c.table;
}

RecordRow row_of(SQLite::Statement& query) {
  RecordRow row;
  row.seq = query.getColumn(0).getInt64();
  row.model = query.getColumn(1).getString();
  row.model_hash = query.getColumn(2).getString();
  row.stream = query.getColumn(3).getString();
  row.run = query.getColumn(4).getUInt();
  row.first_ls = query.getColumn(5).getUInt();
  row.last_ls = query.getColumn(6).getUInt();
  row.window = query.getColumn(7).getString();
  row.monitor = query.getColumn(8).getString();
  row.statistic = query.getColumn(9).getString();
  row.quality = quality_of(query.getColumn(10).getString()).value_or(Quality::unknown);
  row.line = query.getColumn(11).getString();
  return row;
}

std::vector<RecordRow> rows_of(SQLite::Statement& query) {
  std::vector<RecordRow> rows;
  while (query.executeStep()) rows.push_back(row_of(query));
  return rows;
}

std::optional<std::string> text_or_null(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional(column.getString());
}

Where::Where(const RecordFilter& filter, const Columns& c) {
  if (filter.model) add("model = ?", *filter.model);
  if (filter.stream) add("stream = ?", *filter.stream);
  if (filter.run) add("run = ?", std::int64_t{*filter.run});
  if (filter.first_ls) add(std::string(c.last_ls) + " >= ?", std::int64_t{*filter.first_ls});
  if (filter.last_ls) add(std::string(c.first_ls) + " <= ?", std::int64_t{*filter.last_ls});
  if (filter.window && c.has_window) add(c.has_verdict ? "window = ?" : "name = ?", *filter.window);
  if (filter.monitor && c.has_verdict) {
    if (filter.monitor->find('*') == std::string::npos) {
      add("monitor = ?", *filter.monitor);
    } else {
      add("monitor GLOB ?", as_glob(*filter.monitor));
    }
  }
  if (filter.statistic && c.has_verdict) add("statistic = ?", *filter.statistic);
  if (!filter.qualities.empty() && c.has_window) {
    std::string list;
    for (const Quality quality : filter.qualities) {
      list.append(list.empty() ? "'" : ", '").append(to_string(quality)).append("'");
    }
    add("quality IN (" + list + ")");
  }
}

void Where::add(const std::string& condition, std::variant<std::string, std::int64_t> value) {
  add(condition);
  values_.push_back(std::move(value));
}

void Where::bind(SQLite::Statement& statement) const {
  int index = 0;
  for (const auto& value : values_) {
    ++index;
    if (const auto* text = std::get_if<std::string>(&value)) {
      statement.bind(index, *text);
    } else {
      statement.bind(index, std::get<std::int64_t>(value));
    }
  }
}

}  // namespace vigil::alerting::store
