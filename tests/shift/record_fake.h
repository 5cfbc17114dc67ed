// A record in memory, that tests fill and may let fail. Answers by the words of alerting/record.h, as far as the
// documents ask.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "alerting/record.h"
#include "core/error.h"
#include "core/pattern.h"

namespace vigil::shift {

class RecordFake : public alerting::Record {
 public:
  using Row = alerting::RecordRow;
  using Table = alerting::RecordTable;

  std::map<Table, std::vector<Row>> tables;
  std::vector<alerting::RecordedStream> all_streams;
  std::vector<alerting::RecordedModel> all_models;
  std::vector<alerting::Mark> all_marks;
  std::vector<alerting::RecordedLive> all_live;
  std::vector<alerting::RecordedChange> all_changes;
  std::vector<alerting::RecordedWindow> all_windows;
  ActionCounts actions;
  std::uint64_t number = 1;
  bool fails = false;
  int row_reads = 0;  // rows() calls

  // Appends a row; its line gets the keys of the row and those of `more`.
  Row& add(Table table, Row row, nlohmann::ordered_json more = nlohmann::ordered_json::object()) {
    auto& rows = tables[table];
    row.seq = static_cast<std::int64_t>(rows.size()) + 1;
    nlohmann::ordered_json line = {{"model", row.model}, {"stream", row.stream}, {"run", row.run}};
    if (table == Table::lumisections) {
      line["ls"] = row.last_ls;
    } else {
      line["first_ls"] = row.first_ls;
      line["last_ls"] = row.last_ls;
      line["quality"] = to_string(row.quality);
    }
    if (table == Table::windows) line["name"] = row.window;
    if (table == Table::verdicts) {
      line["window"] = row.window;
      line["monitor"] = row.monitor;
      line["statistic"] = row.statistic;
    }
    line.update(more);
    row.line = line.dump();
    rows.push_back(row);
    ++number;
    return rows.back();
  }
  Row& lumisection(std::uint32_t run, std::uint32_t ls,
                   const nlohmann::ordered_json& more = {{"covered_orbits", 262144}, {"expected_orbits", 262144}},
                   const std::string& stream = "s") {
    return add(Table::lumisections, row_of(stream, run, ls, ls), more);
  }
  Row& window(const std::string& name, std::uint32_t run, std::uint32_t first, std::uint32_t last, Quality quality,
              const nlohmann::ordered_json& more = {{"reason", "why"}}, const std::string& stream = "s") {
    Row row = row_of(stream, run, first, last);
    row.window = name;
    row.quality = quality;
    return add(Table::windows, row, more);
  }
  Row& verdict(const std::string& window, const std::string& monitor, const std::string& statistic, std::uint32_t run,
               std::uint32_t first, std::uint32_t last, Quality quality,
               const nlohmann::ordered_json& more = {{"reason", "why"}}, const std::string& stream = "s") {
    Row row = row_of(stream, run, first, last);
    row.window = window;
    row.monitor = monitor;
    row.statistic = statistic;
    row.quality = quality;
    return add(Table::verdicts, row, more);
  }
  static Row row_of(const std::string& stream, std::uint32_t run, std::uint32_t first, std::uint32_t last) {
    Row row;
    row.model = "m";
    row.model_hash = "h";
    row.stream = stream;
    row.run = run;
    row.first_ls = first;
    row.last_ls = last;
    return row;
  }

  const std::string& file() const override { return file_; }
  std::uint64_t bytes() const override { return 4096; }
  std::uint64_t version() override { return ready(), number; }
  std::map<std::string, std::string> meta() override { return {}; }

  std::vector<Row> rows(Table table, const alerting::RecordFilter& f) override {
    ready();
    ++row_reads;
    std::vector<Row> out;
    for (const Row& row : tables[table]) {
      const bool fits = (!f.model || *f.model == row.model) && (!f.stream || *f.stream == row.stream) &&
                        (!f.run || *f.run == row.run) && (!f.first_ls || row.last_ls >= *f.first_ls) &&
                        (!f.last_ls || row.first_ls <= *f.last_ls) && (!f.window || *f.window == row.window) &&
                        (!f.monitor || matches(*f.monitor, row.monitor)) &&
                        (!f.statistic || *f.statistic == row.statistic) &&
                        (f.qualities.empty() ||
                         std::find(f.qualities.begin(), f.qualities.end(), row.quality) != f.qualities.end()) &&
                        (!f.after || (f.oldest_first ? row.seq > *f.after : row.seq < *f.after));
      if (fits) out.push_back(row);
    }
    if (!f.oldest_first) std::reverse(out.begin(), out.end());
    if (out.size() > f.limit) out.resize(f.limit);
    return out;
  }
  std::vector<Row> rows_after(Table table, std::int64_t seq, std::size_t limit) override {
    alerting::RecordFilter filter;
    filter.after = seq;
    filter.oldest_first = true;
    filter.limit = limit;
    return rows(table, filter);
  }
  std::int64_t newest_seq(Table table) override { return static_cast<std::int64_t>(tables[table].size()); }
  std::vector<Row> newest_verdicts(const std::string& model, const std::string& stream, std::uint32_t run) override {
    return newest(Table::verdicts, model, stream, run);
  }
  std::vector<Row> newest_windows(const std::string& model, const std::string& stream, std::uint32_t run) override {
    return newest(Table::windows, model, stream, run);
  }
  std::optional<alerting::RecordedWindow> window(const std::string& model, const std::string& stream,
                                                 const std::string& name, std::uint32_t run,
                                                 std::optional<std::uint32_t> last_ls) override {
    std::optional<alerting::RecordedWindow> out;
    for (const alerting::RecordedWindow& w : all_windows) {
      const bool fits = w.row.model == model && w.row.stream == stream && w.row.window == name && w.row.run == run;
      if (fits && (!last_ls || w.row.last_ls == *last_ls)) out = w;
    }
    return out;
  }
  std::vector<alerting::RecordedModel> models() override { return all_models; }
  std::optional<alerting::RecordedModel> model(const std::string& hash) override {
    for (const alerting::RecordedModel& m : all_models) {
      if (m.info.hash == hash) return m;
    }
    return {};
  }
  std::vector<alerting::RecordedStream> streams() override { return ready(), all_streams; }
  std::vector<alerting::RecordedRun> runs(const alerting::RecordFilter& filter) override {
    std::vector<alerting::RecordedRun> out;
    for (const Row& row : tables[Table::lumisections]) {
      if ((filter.run && *filter.run != row.run) || (filter.stream && *filter.stream != row.stream)) continue;
      auto at = std::find_if(out.begin(), out.end(),
                             [&](const auto& run) { return run.run == row.run && run.stream == row.stream; });
      if (at == out.end()) at = out.insert(out.end(), {"m", "h", row.stream, row.run, row.last_ls, row.last_ls, 0, 0});
      at->last_ls = std::max(at->last_ls, row.last_ls);
      ++at->lumisections;
      at->newest_seq = row.seq;
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.newest_seq > b.newest_seq; });
    return out;
  }
  std::vector<alerting::Mark> marks(const std::string&, const std::string& stream, std::uint32_t run) override {
    std::vector<alerting::Mark> out;
    for (const alerting::Mark& mark : all_marks) {
      if (mark.stream == stream && mark.run == run) out.push_back(mark);
    }
    return out;
  }
  std::uint64_t actions_of_run(const std::string&, const std::string&, std::uint32_t) override { return 3; }
  std::uint64_t open_actions(const std::string&, const std::string&) override { return actions.open; }
  ActionCounts action_counts() override { return actions; }
  std::vector<alerting::RecordedChange> changes_after(std::int64_t seq, std::size_t limit) override {
    std::vector<alerting::RecordedChange> out;
    for (const auto& change : all_changes) {
      if (change.seq > seq && out.size() < limit) out.push_back(change);
    }
    return out;
  }
  std::int64_t newest_change() override { return static_cast<std::int64_t>(all_changes.size()); }
  std::vector<alerting::RecordedLive> live() override { return all_live; }

 private:
  void ready() const {
    if (fails) throw Error("vigil.db", "disk I/O error");
  }
  std::vector<Row> newest(Table table, const std::string& model, const std::string& stream, std::uint32_t run) {
    std::map<std::tuple<std::string, std::string, std::string>, Row> found;
    for (const Row& row : tables[table]) {
      if (row.model == model && row.stream == stream && row.run == run) {
        found[{row.window, row.monitor, row.statistic}] = row;
      }
    }
    std::vector<Row> out;
    for (const auto& [key, row] : found) out.push_back(row);
    return out;
  }
  std::string file_ = "vigil.db";
};

}  // namespace vigil::shift
