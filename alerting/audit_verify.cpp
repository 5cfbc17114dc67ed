// Reading the audit trail, and telling whether it is whole.
#include <map>
#include <nlohmann/json.hpp>

#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "core/error.h"

namespace vigil::alerting {

nlohmann::ordered_json audit_json(const AuditEntry& entry) {
  const AuditRow& row = entry.row;
  return {{"seq", entry.seq},           {"at_ns", row.at_ns},
          {"actor", row.actor},         {"verb", row.verb},
          {"action_id", row.action_id}, {"reason", row.reason},
          {"until_ns", row.until_ns},   {"detail", nlohmann::ordered_json::parse(row.detail, nullptr, false)},
          {"prev", entry.prev},         {"hash", entry.hash}};
}

namespace store {
namespace {

// What the rows read so far say of an action.
struct Told {
  std::string state{to_string(ActionState::proposed)};
  std::int64_t n = 0;
  std::int64_t seq = 0;  // of its newest change
};

bool in_table(const std::string& from, const std::string& to) {
  for (const Transition& t : transitions()) {
    if (to_string(t.from) == from && to_string(t.to) == to) return true;
  }
  return false;
}

// Takes a change of state; returns what is wrong with it.
std::string take_change(const AuditRow& row, const nlohmann::json& detail, Told& told) {
  const auto text = [&](const char* key) {
    const auto found = detail.find(key);
    return found != detail.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  const std::string from = text("from"), to = text("to");
  const std::string action = "action " + row.action_id;
  if (to != row.verb) return action + ": verb " + row.verb + " goes to " + to;
  if (from != told.state) return action + " was " + told.state + ", the row says from " + from;
  if (!in_table(from, to)) return action + ": " + from + " to " + to + " is in no table";
  const auto n = detail.find("n");
  if (n == detail.end() || !n->is_number_integer() || n->get<std::int64_t>() != told.n + 1) {
    return action + ": change " + std::to_string(told.n + 1) + " has another number";
  }
  ++told.n;
  told.state = to;
  return {};
}

// Whether every action is what its rows say.
void compare_states(SQLite::Database& db, const std::map<std::string, Told>& told, AuditCheck& check) {
  SQLite::Statement query(db, "SELECT id, state, n FROM actions ORDER BY seq");
  const Told untold;
  std::size_t found = 0;
  while (query.executeStep()) {
    const std::string id = query.getColumn(0).getString(), state = query.getColumn(1).getString();
    const auto entry = told.find(id);
    found += entry != told.end() ? 1 : 0;
    const Told& says = entry == told.end() ? untold : entry->second;
    if (state == says.state && query.getColumn(2).getInt64() == says.n) continue;
    check.ok = false;
    check.seq = says.seq;
    check.what = "action " + id + " is " + state + " after " + query.getColumn(2).getString() +
                 " changes, its rows say " + says.state + " after " + std::to_string(says.n);
    return;
  }
  if (found == told.size()) return;
  check.ok = false;
  check.what = "a row tells of an action that is not there";
}

}  // namespace

std::vector<AuditEntry> audit_entries(SQLite::Database& db, std::int64_t after, std::int64_t limit,
                                      const std::optional<std::string>& id) {
  std::vector<AuditEntry> found;
  const bool old = version(db) == 1;
  SQLite::Statement query(db, std::string("SELECT seq, at_ns, actor, verb, action_id, reason, until_ns, ") +
                                  (old ? "'{}', '', ''" : "detail, prev, hash") + " FROM audit WHERE seq > ?1" +
                                  (id ? " AND action_id = ?3" : "") + " ORDER BY seq LIMIT ?2");
  query.bind(1, after);
  query.bind(2, limit);
  if (id) query.bind(3, *id);
  while (query.executeStep()) {
    const auto text = [&](int column) { return query.getColumn(column).getString(); };
    found.push_back(
        {query.getColumn(0).getInt64(),
         {query.getColumn(1).getInt64(), text(2), text(3), text(4), text(5), query.getColumn(6).getInt64(), text(7)},
         text(8),
         text(9)});
  }
  return found;
}

AuditCheck verify_audit(SQLite::Database& db, const std::optional<std::string>& expect) {
  if (version(db) == 1) {
    throw Error("audit", "a journal of version 1, which has no chain", "one that this vigil has written to");
  }
  constexpr std::int64_t kPage = 1000;
  AuditCheck check;
  check.head = std::string(64, '0');
  bool expected = !expect || *expect == check.head;
  std::map<std::string, Told> told;
  const auto bad = [&](std::int64_t seq, std::string what) {
    check.ok = false;
    check.seq = seq;
    check.what = std::move(what);
    return check;
  };
  std::int64_t after = INT64_MIN;
  while (true) {
    const auto page = audit_entries(db, after, kPage);
    for (const AuditEntry& entry : page) {
      const std::int64_t seq = check.rows + 1;
      if (entry.seq != seq) return bad(seq, "row " + std::to_string(seq) + " is missing");
      if (entry.prev != check.head) return bad(seq, "prev is not the hash of the row before");
      const auto detail = nlohmann::json::parse(entry.row.detail, nullptr, false);
      if (!detail.is_object()) return bad(seq, "detail is no JSON object");
      if (entry.hash != audit_hash(check.head, seq, entry.row)) return bad(seq, "hash is not that of the row");
      // A journal that began as version 1 has rows of sinks that say `rejected` too: those tell of no change.
      if (detail.contains("to") || (action_state(entry.row.verb) && !detail.empty())) {
        Told& of = told[entry.row.action_id];
        std::string wrong = take_change(entry.row, detail, of);
        if (!wrong.empty()) return bad(seq, std::move(wrong));
        of.seq = seq;
      }
      check.rows = seq;
      check.head = entry.hash;
      expected = expected || entry.hash == *expect;
      after = entry.seq;
    }
    if (static_cast<std::int64_t>(page.size()) < kPage) break;
  }
  compare_states(db, told, check);
  if (check.ok && !expected) return bad(check.rows + 1, "no row has the hash that is expected: the tail was cut");
  return check;
}

}  // namespace store
}  // namespace vigil::alerting
