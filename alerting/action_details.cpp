#include "alerting/action_details.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "alerting/audit_chain.h"
#include "alerting/journal_store.h"
#include "core/utc_time.h"

namespace vigil::alerting::store {
namespace {

using Json = nlohmann::ordered_json;

// The columns of ActionDetails, with what stands for them in a file that has not got them yet.
std::string columns(SQLite::Database& db) {
  const bool states = version(db) > 1, whole = has_column(db, "actions", "gone");
  const auto or_else = [](bool has, const char* column, const std::string& instead) {
    return has ? std::string(column) : instead;
  };
  return "a.seq, a.id, a.line, a.cloudevent, a.kind, a.model, a.model_hash, a.stream, a.open, " +
         or_else(states, "a.state", state_before_states()) + ", " + or_else(states, "a.n", "0") + ", " +
         or_else(states, "a.first_seen_ns", "NULL") + ", " + or_else(whole, "a.needed", "'auto'") + ", " +
         or_else(whole, "a.requests", "NULL") + ", " + or_else(whole, "a.request_sha256", "NULL") + ", " +
         or_else(whole, "a.supersedes", "''") + ", " + or_else(whole, "a.superseded_by", "''") + ", " +
         or_else(whole, "a.job", "''") + ", " + or_else(whole, "a.job_url", "''");
}

ActionDetails details(SQLite::Statement& row) {
  const auto text = [&](int column) { return row.getColumn(column).getString(); };
  const auto maybe = [&](int column) {
    return row.getColumn(column).isNull() ? std::nullopt : std::optional(text(column));
  };
  ActionDetails a;
  a.seq = row.getColumn(0).getInt64();
  a.id = text(1);
  a.line = text(2);
  a.cloudevent = text(3);
  a.kind = text(4);
  a.model = text(5);
  a.model_hash = text(6);
  a.stream = text(7);
  a.open = row.getColumn(8).getInt() != 0;
  a.state = action_state(text(9)).value_or(ActionState::proposed);
  a.n = row.getColumn(10).getInt64();
  if (!row.getColumn(11).isNull()) a.first_seen_ns = row.getColumn(11).getInt64();
  a.needed = approvers(text(12)).value_or(Approvers::automatic);
  a.requests = maybe(13);
  a.request_sha256 = maybe(14);
  a.supersedes = text(15);
  a.superseded_by = text(16);
  a.job = text(17);
  a.job_url = text(18);
  return a;
}

void read_entries(SQLite::Database& db, ActionDetails& action) {
  const bool whole = has_column(db, "outbox", "url"), begun = has_column(db, "outbox", "begun_ns");
  SQLite::Statement query(db, std::string("SELECT sink, pipeline, status, attempts, reason, ") +
                                  (whole ? "run, url, discarded, " : "'', '', 0, ") +
                                  (begun ? "begun_ns IS NOT NULL" : "attempts > 0") +
                                  " FROM outbox WHERE action = ? ORDER BY sink");
  query.bind(1, action.seq);
  while (query.executeStep()) {
    SinkEntry& e = action.entries.emplace_back();
    e.sink = query.getColumn(0).getString();
    e.pipeline = query.getColumn(1).getInt() != 0;
    e.status = delivery_state(query.getColumn(2).getString()).value_or(DeliveryState::pending);
    e.attempts = query.getColumn(3).getInt64();
    e.reason = query.getColumn(4).getString();
    e.run = query.getColumn(5).getString();
    e.url = query.getColumn(6).getString();
    e.discarded = query.getColumn(7).getInt() != 0;
    if (!e.pipeline) continue;
    action.facts.sent |= query.getColumn(8).getInt() != 0;
    action.facts.delivered |= e.status == DeliveryState::delivered;
  }
}

Entries entries_of(const ActionDetails& action) {
  Entries entries;
  entries.facts = action.facts;
  const auto rank = [](DeliveryState s) {
    return s == DeliveryState::pending ? 0 : s == DeliveryState::expired ? 1 : s == DeliveryState::rejected ? 2 : 3;
  };
  for (const SinkEntry& e : action.entries) {
    if (e.pipeline) {
      entries.to_pipelines = true;
    } else if (!entries.to_people || rank(e.status) < rank(*entries.to_people)) {
      entries.to_people = e.status;
    }
  }
  return entries;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

// When it expires: only what a running vigil has seen does.
Json expires(SQLite::Database& db, const ActionDetails& action) {
  if (!action.first_seen_ns) return nullptr;
  SQLite::Statement query(db, "SELECT value FROM meta WHERE key = 'expiry_ns'");
  if (!query.executeStep()) return nullptr;
  const std::string value = query.getColumn(0).getString();
  std::int64_t expiry_ns = 0;
  std::from_chars(value.data(), value.data() + value.size(), expiry_ns);
  return expiry_ns > 0 ? Json(rfc3339(*action.first_seen_ns + expiry_ns)) : Json(nullptr);
}

}  // namespace

std::optional<ActionDetails> details_of(SQLite::Database& db, const std::string& id) {
  SQLite::Statement query(db, "SELECT " + columns(db) + " FROM actions a WHERE a.id = ?");
  query.bind(1, id);
  if (!query.executeStep()) return std::nullopt;
  ActionDetails found = details(query);
  read_entries(db, found);
  return found;
}

std::vector<ActionDetails> matching(SQLite::Database& db, const ActionFilter& filter) {
  std::string where = "1";
  std::vector<std::string> values;
  const auto equals = [&](const std::string& column, const std::optional<std::string>& value) {
    if (!value) return;
    values.push_back(*value);
    where += " AND " + column + " = ?" + std::to_string(values.size() + 1);
  };
  equals(version(db) > 1 ? "a.state" : state_before_states(), filter.state);
  equals("a.kind", filter.kind);
  equals("a.model", filter.model);
  equals("a.stream", filter.stream);
  if (filter.open) where += *filter.open ? " AND a.open" : " AND NOT a.open";
  if (filter.after) {
    values.push_back(*filter.after);
    where += " AND a.seq > (SELECT seq FROM actions WHERE id = ?" + std::to_string(values.size() + 1) + ")";
  }
  if (filter.dead) {
    where += " AND EXISTS (SELECT 1 FROM outbox o WHERE o.action = a.seq AND o.status IN ('rejected', 'expired')" +
             std::string(has_column(db, "outbox", "discarded") ? " AND NOT o.discarded)" : ")");
  }
  SQLite::Statement query(db, "SELECT " + columns(db) + " FROM actions a WHERE " + where + " ORDER BY a.seq LIMIT ?1");
  query.bind(1, static_cast<std::int64_t>(filter.limit));
  for (std::size_t i = 0; i < values.size(); ++i) query.bind(static_cast<int>(i) + 2, values[i]);
  std::vector<ActionDetails> found;
  while (query.executeStep()) found.push_back(details(query));
  for (ActionDetails& action : found) read_entries(db, action);
  return found;
}

std::vector<Approval> approvals_of(SQLite::Database& db, const ActionDetails& action) {
  std::vector<Approval> found;
  for (const AuditEntry& entry : audit_entries(db, 0, INT64_MAX, action.id)) {
    if (entry.row.verb == "void") found.clear();
    if (entry.row.verb != "approve") continue;
    const auto detail = nlohmann::json::parse(entry.row.detail, nullptr, false);
    const auto sha = detail.find("request_sha256");
    // Of another request than this: what an earlier vigil noted has none, and counts for none.
    if (sha == detail.end() || *sha != action.request_sha256.value_or("")) continue;
    found.push_back({entry.row.actor, entry.row.reason, entry.row.at_ns});
  }
  return found;
}

std::optional<Claim> claim_of(SQLite::Database& db, const std::string& id) {
  std::optional<Claim> claim;
  for (const AuditEntry& entry : audit_entries(db, 0, INT64_MAX, id)) {
    if (entry.row.verb == "retry") claim.reset();  // what is sent anew is claimed anew
    if (entry.row.verb != "claim") continue;
    const auto detail = nlohmann::json::parse(entry.row.detail, nullptr, false);
    claim = Claim{entry.row.actor, detail.value("run", ""), detail.value("url", ""), entry.row.at_ns};
  }
  return claim;
}

Json claim_json(const Claim& claim) {
  return {{"actor", claim.actor}, {"run", claim.run}, {"url", text_or_null(claim.url)}, {"at", rfc3339(claim.at_ns)}};
}

std::optional<std::string> proposer_of(SQLite::Database& db, const std::string& id) {
  for (const AuditEntry& entry : audit_entries(db, 0, INT64_MAX, id)) {
    if (entry.row.verb == "propose") return entry.row.actor;
  }
  return std::nullopt;
}

Json listed_json(SQLite::Database& db, const ActionDetails& action) {
  Json json = Json::parse(action.line, nullptr, false);
  if (!json.is_object()) json = Json{{"type", "action"}, {"id", action.id}};
  json["delivery"] = to_string(delivery_of(action.state, entries_of(action)));
  json["open"] = action.open;
  json["state"] = to_string(action.state);
  json["n"] = action.n;
  json["needed"] = to_string(action.needed);
  Json approvals = Json::array();
  for (const Approval& a : approvals_of(db, action)) {
    approvals.push_back({{"actor", a.actor}, {"at", rfc3339(a.at_ns)}, {"reason", a.reason}});
  }
  json["approvals"] = std::move(approvals);
  const auto claim = claim_of(db, action.id);
  json["claim"] = claim ? claim_json(*claim) : Json(nullptr);
  json["supersedes"] = text_or_null(action.supersedes);
  json["superseded_by"] = text_or_null(action.superseded_by);
  json["request_sha256"] = text_or_null(action.request_sha256);
  json["expires"] = expires(db, action);
  return json;
}

Json shown_json(SQLite::Database& db, const ActionDetails& action) {
  Json json = listed_json(db, action);
  json["requests"] = action.requests ? Json::parse(*action.requests, nullptr, false) : Json(nullptr);
  Json sinks = Json::array();
  for (const SinkEntry& e : action.entries) {
    sinks.push_back({{"sink", e.sink},
                     {"status", to_string(e.status)},
                     {"attempts", e.attempts},
                     {"reason", e.reason},
                     {"run", text_or_null(e.run)},
                     {"url", text_or_null(e.url)}});
  }
  json["sinks"] = std::move(sinks);
  json["dataset"] = nullptr;
  Json history = Json::array();
  for (const AuditEntry& entry : audit_entries(db, 0, INT64_MAX, action.id)) history.push_back(audit_json(entry));
  json["history"] = std::move(history);
  return json;
}

}  // namespace vigil::alerting::store
