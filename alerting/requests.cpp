#include "alerting/requests.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>

#include "alerting/action_details.h"
#include "alerting/audit_chain.h"
#include "alerting/outbox.h"
#include "alerting/rendering.h"

namespace vigil::alerting::store {
namespace {

constexpr const char* kChanged = "the rendered request is no longer the approved one";

// A sink that says nothing of its requests is approved by its name and the event.
RenderedRequest rendered(const SinkSpec& sink, const OutgoingAction& action) {
  if (sink.render) return sink.render(action);
  return {sink.name, "", "", "", action.cloudevent};
}

std::vector<std::string> pipelines_of(const ActionDetails& action) {
  std::vector<std::string> names;
  for (const SinkEntry& e : action.entries) {
    if (e.pipeline) names.push_back(e.sink);
  }
  return names;
}

// nullopt: one of them cannot be rendered now.
std::optional<std::string> requests_of(const std::vector<std::string>& names, const OutgoingAction& action,
                                       const Present& present) {
  std::vector<RenderedRequest> requests;
  try {
    for (const SinkSpec& sink : present.sinks) {
      if (std::count(names.begin(), names.end(), sink.name) > 0) requests.push_back(rendered(sink, action));
    }
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return canonical(requests);
}

void put_requests(SQLite::Database& db, std::int64_t seq, const std::optional<std::string>& requests) {
  SQLite::Statement put(db, "UPDATE actions SET requests = ?, request_sha256 = ? WHERE seq = ?");
  if (requests) {
    put.bind(1, *requests);
    put.bind(2, sha256_of(*requests));
  }
  put.bind(3, seq);
  put.exec();
}

void put_needed(SQLite::Database& db, std::int64_t seq, ActionKind kind, const Present& present) {
  SQLite::Statement put(db, "UPDATE actions SET needed = ?, queued = 1 WHERE seq = ?");
  put.bind(1, std::string(to_string(present.rules.approval.of(kind))));
  put.bind(2, seq);
  put.exec();
}

// Approvals are void; what is approved and not sent is proposed again.
void take_back(SQLite::Database& db, const ActionDetails& details, std::int64_t now_ns) {
  auto action = find_action(db, details.id);
  if (!action) return;
  if (action->state == ActionState::approved || !approvals_of(db, details).empty()) {
    (void)append_audit(db, {now_ns, "vigil", "void", details.id, kChanged, 0, "{}"});
  }
  (void)change_state(db, *action, Verb::withdraw_approval, Role::vigil, "vigil", kChanged, now_ns);
}

}  // namespace

void queue_action(SQLite::Database& db, std::int64_t seq, const Action& action, const OutgoingAction& outgoing,
                  const Present& present) {
  SQLite::Statement entry(db, "INSERT INTO outbox (action, sink, pipeline) VALUES (?,?,?)");
  std::vector<std::string> pipelines;
  for (const SinkSpec& sink : present.sinks) {
    if (!takes(sink.routing, action)) continue;
    const bool waits = sink.routing.when == SendWhen::approved;
    if (waits) pipelines.push_back(sink.name);
    entry.bind(1, seq);
    entry.bind(2, sink.name);
    entry.bind(3, waits ? 1 : 0);
    entry.exec();
    entry.reset();
  }
  put_needed(db, seq, action.kind, present);
  put_requests(db, seq, requests_of(pipelines, outgoing, present));
}

bool wants_queueing(SQLite::Database& db) {
  return SQLite::Statement(db, "SELECT 1 FROM actions WHERE state = 'proposed' AND queued = 2 LIMIT 1").executeStep();
}

void queue_waiting(SQLite::Database& db, const Present& present) {
  std::vector<std::string> ids;
  SQLite::Statement waiting(db, "SELECT id FROM actions WHERE state = 'proposed' AND queued = 2 ORDER BY seq");
  while (waiting.executeStep()) ids.push_back(waiting.getColumn(0).getString());
  for (const std::string& id : ids) {
    const auto details = details_of(db, id);
    if (!details) continue;
    Action action;
    action.kind = action_kind(details->kind).value_or(ActionKind::notify);
    action.model = details->model;
    queue_action(db, details->seq, action, {details->id, details->line, details->cloudevent}, present);
  }
}

void render_again(SQLite::Database& db, const Present& present, std::int64_t now_ns) {
  std::vector<std::string> ids;
  SQLite::Statement query(db,
                          "SELECT id FROM actions WHERE state IN ('proposed', 'approved') AND queued = 1 ORDER BY seq");
  while (query.executeStep()) ids.push_back(query.getColumn(0).getString());
  for (const std::string& id : ids) {
    const auto details = details_of(db, id);
    if (!details) continue;
    const ActionKind kind = action_kind(details->kind).value_or(ActionKind::notify);
    if (details->state == ActionState::proposed) put_needed(db, details->seq, kind, present);
    if (details->facts.sent && details->needed != Approvers::automatic) continue;  // it stays what was approved
    const auto requests =
        requests_of(pipelines_of(*details), {details->id, details->line, details->cloudevent}, present);
    if (requests == details->requests) continue;
    // What an earlier vigil approved it rendered for nobody.
    if (details->requests && !details->facts.sent) take_back(db, *details, now_ns);
    put_requests(db, details->seq, requests);
  }
}

bool still_approved(SQLite::Database& db, const Present& present, const std::string& id, const std::string& sink,
                    std::int64_t now_ns) {
  const auto details = details_of(db, id);
  if (!details || !details->requests) return details && details->needed == Approvers::automatic;
  const auto entry = std::find_if(details->entries.begin(), details->entries.end(),
                                  [&](const SinkEntry& e) { return e.sink == sink; });
  if (entry == details->entries.end() || !entry->pipeline) return true;  // people are told whatever becomes of it
  const OutgoingAction outgoing{details->id, details->line, details->cloudevent};
  const auto requests = requests_of(pipelines_of(*details), outgoing, present);
  if (requests == details->requests) return true;
  if (!details->facts.sent) {
    take_back(db, *details, now_ns);
    put_requests(db, details->seq, requests);
    return false;
  }
  // Some of it has left already. What this sink would send must still be in what was approved.
  const auto own = requests_of({sink}, outgoing, present);
  const auto approved = nlohmann::json::parse(*details->requests, nullptr, false);
  const auto now = own ? nlohmann::json::parse(*own) : nlohmann::json::array();
  if (details->needed == Approvers::automatic ||
      (!now.empty() && std::find(approved.begin(), approved.end(), now.front()) != approved.end())) {
    return true;
  }
  end_attempt(db, {id, sink, Delivery::refused, kChanged, now_ns, 0}, true);
  return false;
}

}  // namespace vigil::alerting::store
