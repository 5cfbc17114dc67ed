// Journals in a folder of their own and commits in a few words, for the tests of the journal and the dispatcher.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "alerting/journal.h"

namespace vigil::alerting {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "vigil_journal_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline Action test_action(std::uint32_t ls) {
  Action a;
  a.kind = ActionKind::notify;
  a.cause = Cause::input;
  a.model = "axol1tl";
  a.model_hash = std::string(64, 'a');
  a.stream = "scouting";
  a.subject = "input/x[0]";
  a.run = 1;
  a.first_ls = ls;
  a.last_ls = ls;
  a.reason = "input/x[0] is dead";
  a.proposal = Notify{"input/x[0]", {"input/x[0]"}};
  a.id = action_id(a.model_hash, a.stream, a.kind, a.cause, a.subject, a.run, a.last_ls);
  return a;
}

inline JournalRow test_row(JournalRow::Table table, std::uint32_t ls) {
  JournalRow row;
  row.table = table;
  row.model = "axol1tl";
  row.model_hash = std::string(64, 'a');
  row.stream = "scouting";
  row.run = 1;
  row.first_ls = row.last_ls = ls;
  row.window = "10ls";
  row.monitor = "score";
  row.statistic = "ks";
  row.quality = Quality::good;
  row.line = "{\"ls\":" + std::to_string(ls) + "}";
  return row;
}

// What a worker of this sink would send first.
inline std::optional<OutboxEntry> head_of(Journal& journal, const std::string& sink, std::int64_t now_ns) {
  const auto heads = journal.heads(sink, now_ns);
  return heads.empty() ? std::nullopt : std::optional(heads.front());
}

// One closed lumisection with one action.
inline Commit commit_of(std::uint32_t ls, bool with_action = true) {
  Commit c;
  using Table = JournalRow::Table;
  for (const Table table : {Table::lumisection, Table::window, Table::verdict, Table::kept_event}) {
    c.rows.push_back(test_row(table, ls));
  }
  if (with_action) c.actions.push_back(action_row(test_action(ls)));
  c.state["policy"] = "state " + std::to_string(ls);
  c.position = std::to_string(ls);
  return c;
}

}  // namespace vigil::alerting
