// Everything the journal holds of one action, as people and pipelines ask for it: its place in the life cycle, its
// approvals and its claim (both read from the audit), its request and its entries at the sinks. Used by the desk and by
// what changes states. Not synchronised; inside the caller's transaction. Reads journals of every version.
// Tests: tests/alerting/desk_test.cpp.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "alerting/approval.h"
#include "alerting/desk.h"
#include "alerting/life_cycle.h"

namespace vigil::alerting::store {

struct SinkEntry {
  std::string sink;
  bool pipeline = false;  // waits for approval
  DeliveryState status = DeliveryState::pending;
  std::int64_t attempts = 0;
  std::string reason, run, url;
  bool discarded = false;
};

struct ActionDetails {
  std::int64_t seq = 0;
  std::string id, line, cloudevent, kind, model, model_hash, stream;
  bool open = false;
  ActionState state = ActionState::proposed;
  std::int64_t n = 0;
  Approvers needed = Approvers::automatic;
  std::optional<std::string> requests, request_sha256;  // none: not rendered yet
  std::string supersedes, superseded_by;
  std::string job, job_url;  // what runs downstream
  std::optional<std::int64_t> first_seen_ns;
  ActionFacts facts;
  std::vector<SinkEntry> entries;  // by name of sink
};

std::optional<ActionDetails> details_of(SQLite::Database& db, const std::string& id);
// Oldest first, at most filter.limit; `after` that is no id finds nothing.
std::vector<ActionDetails> matching(SQLite::Database& db, const ActionFilter& filter);

struct Approval {
  std::string actor, reason;
  std::int64_t at_ns = 0;
};
// Those of the request as it is now, in order.
std::vector<Approval> approvals_of(SQLite::Database& db, const ActionDetails& action);

struct Claim {
  std::string actor, run, url;
  std::int64_t at_ns = 0;
};
std::optional<Claim> claim_of(SQLite::Database& db, const std::string& id);
nlohmann::ordered_json claim_json(const Claim& claim);

// Who proposed it, where a person did.
std::optional<std::string> proposer_of(SQLite::Database& db, const std::string& id);

// The action as `GET /v1/actions` lists it, and as `GET /v1/actions/ID` shows it alone.
nlohmann::ordered_json listed_json(SQLite::Database& db, const ActionDetails& action);
nlohmann::ordered_json shown_json(SQLite::Database& db, const ActionDetails& action);

}  // namespace vigil::alerting::store
