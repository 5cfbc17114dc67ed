#include "alerting/follow_up.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "alerting/action_details.h"
#include "alerting/outbox.h"

namespace vigil::alerting::store {
namespace {

constexpr const char* kVigil = "vigil";

// What a window must say of an action to verify it.
struct Succeeded {
  std::string id, model_hash, line, kind;
  std::int64_t seq = 0, mark_run = 0, mark_ls = 0;
  bool gone = false;
};

std::vector<Succeeded> succeeded(SQLite::Database& db, const std::string& model, const std::string& stream) {
  SQLite::Statement query(db,
                          "SELECT id, model_hash, line, kind, seq, mark_run, mark_ls, gone FROM actions "
                          "WHERE state = 'succeeded' AND model = ? AND stream = ? ORDER BY seq");
  query.bind(1, model);
  query.bind(2, stream);
  std::vector<Succeeded> found;
  while (query.executeStep()) {
    found.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(), query.getColumn(2).getString(),
                     query.getColumn(3).getString(), query.getColumn(4).getInt64(), query.getColumn(5).getInt64(),
                     query.getColumn(6).getInt64(), query.getColumn(7).getInt() != 0});
  }
  return found;
}

// Every monitor the action names.
std::set<std::string> monitors_of(const std::string& line) {
  std::set<std::string> names;
  const auto action = nlohmann::json::parse(line, nullptr, false);
  if (!action.is_object()) return names;
  const auto proposal = action.value("proposal", nlohmann::json::object());
  const auto add = [&](const nlohmann::json& name, const char* prefix) {
    if (name.is_string()) names.insert(prefix + name.get<std::string>());
  };
  if (proposal.contains("monitor")) add(proposal["monitor"], "");
  if (proposal.contains("seed")) add(proposal["seed"], "seed/");
  for (const auto& [key, prefix] : {std::pair{"monitors", ""}, std::pair{"outputs", "mismatch/"}}) {
    const auto list = proposal.find(key);
    if (list == proposal.end() || !list->is_array()) continue;
    for (const auto& name : *list) add(name, prefix);
  }
  return names;
}

// Of one window: monitors whose every verdict is good, and whether they are.
bool verifies(const Succeeded& action, const std::vector<JournalRow>& rows, std::size_t window) {
  const JournalRow& w = rows[window];
  const bool same_model = w.model_hash == action.model_hash;
  const bool needs_another = action.kind == "retrain" || action.kind == "threshold-adjust" || action.kind == "rollback";
  if (needs_another && same_model) return false;
  // A closed run does not open again: of another run all came later.
  if (w.run == action.mark_run && w.first_ls <= action.mark_ls) return false;
  const auto names = monitors_of(action.line);
  if (names.empty()) return w.quality == Quality::good;
  std::set<std::string> good;
  for (std::size_t i = window + 1; i < rows.size() && rows[i].table == JournalRow::Table::verdict; ++i) {
    if (!names.contains(rows[i].monitor)) continue;
    if (rows[i].quality != Quality::good) return false;
    good.insert(rows[i].monitor);
  }
  return good.size() == names.size();
}

void change(SQLite::Database& db, const std::string& id, Verb verb, const std::string& reason, std::int64_t now_ns) {
  if (auto action = find_action(db, id)) (void)change_state(db, *action, verb, Role::vigil, kVigil, reason, now_ns);
}

void take_lumisection(SQLite::Database& db, const JournalRow& row, std::int64_t now_ns) {
  for (const Succeeded& action : succeeded(db, row.model, row.stream)) {
    const bool same = row.model_hash == action.model_hash;
    if (same && action.gone) {
      change(db, action.id, Verb::revert, "the stream is back at model hash " + action.model_hash, now_ns);
    } else if (!same && !action.gone) {
      SQLite::Statement left(db, "UPDATE actions SET gone = 1 WHERE seq = ?");
      left.bind(1, action.seq);
      left.exec();
    }
  }
}

std::string place(const JournalRow& window) {
  return "window " + window.window + " run " + std::to_string(window.run) + " LS " + std::to_string(window.first_ls) +
         "-" + std::to_string(window.last_ls);
}

}  // namespace

void supersede(SQLite::Database& db, const Action& action, std::int64_t now_ns) {
  SQLite::Statement query(db,
                          "SELECT id FROM actions WHERE state = 'proposed' AND model = ? AND stream = ? AND kind = ? "
                          "AND cause = ? AND subject = ? AND id <> ? "
                          "AND NOT (queued = 1 AND needed = 'auto' AND request_sha256 IS NOT NULL) ORDER BY seq");
  query.bind(1, action.model);
  query.bind(2, action.stream);
  query.bind(3, std::string(to_string(action.kind)));
  query.bind(4, std::string(to_string(action.cause)));
  query.bind(5, action.subject);
  query.bind(6, action.id);
  std::vector<std::string> older;
  while (query.executeStep()) older.push_back(query.getColumn(0).getString());
  for (const std::string& id : older) {
    change(db, id, Verb::supersede, "superseded by " + action.id, now_ns);
    SQLite::Statement names(db,
                            "UPDATE actions SET supersedes = CASE id WHEN ?1 THEN ?2 ELSE supersedes END, "
                            "superseded_by = CASE id WHEN ?2 THEN ?1 ELSE superseded_by END WHERE id IN (?1, ?2)");
    names.bind(1, action.id);
    names.bind(2, id);
    names.exec();
  }
}

void follow(SQLite::Database& db, const std::vector<JournalRow>& rows, std::int64_t now_ns) {
  // Nearly always there is none.
  if (!SQLite::Statement(db, "SELECT 1 FROM actions WHERE state = 'succeeded' LIMIT 1").executeStep()) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].table == JournalRow::Table::lumisection) take_lumisection(db, rows[i], now_ns);
    if (rows[i].table != JournalRow::Table::window) continue;
    for (const Succeeded& action : succeeded(db, rows[i].model, rows[i].stream)) {
      if (verifies(action, rows, i)) {
        change(db, action.id, Verb::verify, place(rows[i]) + ": its monitors are good", now_ns);
      }
    }
  }
}

void put_job(SQLite::Database& db, const std::string& id, const std::string& run, const std::string& url) {
  SQLite::Statement put(db,
                        "UPDATE actions SET job = CASE ?1 WHEN '' THEN job ELSE ?1 END, "
                        "job_url = CASE ?2 WHEN '' THEN job_url ELSE ?2 END WHERE id = ?3");
  put.bind(1, run);
  put.bind(2, url);
  put.bind(3, id);
  put.exec();
}

void take_answer(SQLite::Database& db, const Attempt& attempt) {
  if (attempt.delivery != Delivery::delivered) return;
  if (!attempt.run.empty()) {
    put_job(db, attempt.id, attempt.run, attempt.url);
    change(db, attempt.id, Verb::accept, attempt.sink + " runs it as " + attempt.run, attempt.now_ns);
  }
  if (attempt.done) change(db, attempt.id, Verb::succeed, "the alias is set", attempt.now_ns);
}

void take_progress(SQLite::Database& db, const std::string& id, const std::string& run, const std::string& state,
                   const std::string& reason, std::int64_t now_ns) {
  put_job(db, id, run, "");
  const std::optional<Verb> verb = state == "accepted"    ? std::optional(Verb::accept)
                                   : state == "running"   ? std::optional(Verb::run)
                                   : state == "succeeded" ? std::optional(Verb::succeed)
                                   : state == "failed"    ? std::optional(Verb::fail)
                                                          : std::nullopt;
  if (verb) change(db, id, *verb, reason, now_ns);
}

}  // namespace vigil::alerting::store
