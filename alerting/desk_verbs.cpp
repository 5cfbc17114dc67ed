// What people and pipelines do about an action, verb by verb: what of it is refused, in the order of docs/actions.md.
#include <algorithm>

#include "alerting/audit_chain.h"
#include "alerting/desk_access.h"
#include "alerting/follow_up.h"
#include "alerting/outbox.h"
#include "alerting/rendering.h"
#include "core/shown.h"
#include "core/utc_time.h"

namespace vigil::alerting {
namespace {

using Json = nlohmann::ordered_json;
using store::ActionDetails;

constexpr std::size_t kRunBytes = 512, kUrlBytes = 2048;
constexpr std::int64_t kSecond = 1'000'000'000, kYearSeconds = 366 * 86400;

// All that a verb may take, checked.
struct Asked {
  std::string reason, run, url, sha256, sink, state;
  std::int64_t until_ns = 0;
};

std::int64_t until_of(BodyReader& body, std::int64_t now_ns) {
  const auto until = body.maybe_text("until", 64);
  const auto* for_s = body.value("for_s");
  if ((until ? 1 : 0) + (for_s != nullptr ? 1 : 0) != 1)
    bad_request("until, for_s", "not one of the two", "one of them");
  const std::string expected = "1 s to 1 year from now";
  if (until) {
    const auto at = parse_rfc3339(*until);
    if (!at) bad_request("until", "'" + shown(*until) + "'", "a time like 2026-01-02T03:04:05Z");
    if (*at < now_ns + kSecond || *at - now_ns > kYearSeconds * kSecond) bad_request("until", shown(*until), expected);
    return *at;
  }
  if (!for_s->is_number()) bad_request("for_s", std::string("a ") + for_s->type_name(), "seconds, " + expected);
  const double seconds = for_s->get<double>();
  if (!(seconds >= 1 && seconds <= static_cast<double>(kYearSeconds))) bad_request("for_s", for_s->dump(), expected);
  return now_ns + static_cast<std::int64_t>(seconds * 1e9);
}

Asked read(const std::string& verb, const Json& json, std::int64_t now_ns) {
  BodyReader body(json);
  Asked asked;
  const auto optional = [&](const char* key, std::size_t most) { return body.maybe_text(key, most).value_or(""); };
  if (verb == "approve") {
    asked.sha256 = body.text("sha256", 64);
    const bool hex = asked.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex || asked.sha256.size() != 64)
      bad_request("sha256", shown(asked.sha256), "64 lower-case hexadecimal digits");
  }
  if (verb == "reject" || verb == "discard" || verb == "shelve") {
    asked.reason = body.text("reason");
  } else if (verb != "claim") {
    asked.reason = optional("reason", 4096);
  }
  if (verb == "retry" || verb == "discard") asked.sink = optional("sink", 4096);
  if (verb == "claim") asked.run = body.text("run", kRunBytes);
  if (verb == "status") {
    asked.state = body.text("state");
    if (asked.state != "accepted" && asked.state != "running" && asked.state != "succeeded" &&
        asked.state != "failed") {
      bad_request("state", "'" + shown(asked.state) + "'", "accepted, running, succeeded or failed");
    }
    asked.run = optional("run", kRunBytes);
  }
  if (verb == "claim" || verb == "status") asked.url = optional("url", kUrlBytes);
  if (verb == "shelve") asked.until_ns = until_of(body, now_ns);
  body.done();
  return asked;
}

std::string state_in_words(const ActionDetails& action) {
  const char* sent = action.facts.delivered ? " and is delivered" : action.facts.sent ? " and is sent" : "";
  return std::string(to_string(action.state)) + sent;
}

[[noreturn]] void conflict(const char* name, const ActionDetails& action, const std::string& verb,
                           const std::string& why, const std::string& expected, Json more = {}) {
  Problem problem{name, 409, "action " + action.id + ": cannot " + verb + ": " + why + ", expected " + expected,
                  std::string(to_string(action.state)), std::move(more)};
  throw Refused{std::move(problem)};
}

[[noreturn]] void illegal(const ActionDetails& action, const std::string& verb, const std::string& expected) {
  conflict("illegal-transition", action, verb, "it is " + state_in_words(action), expected);
}

class Act {
 public:
  Act(SQLite::Database& db, ActionDetails& action, const Asker& asker, Asked asked, std::int64_t now_ns)
      : db_(db), action_(action), asker_(asker), asked_(std::move(asked)), now_ns_(now_ns) {}

  void approve() {
    if (action_.state != ActionState::proposed) illegal(action_, "approve", "state proposed");
    if (!action_.request_sha256) {
      conflict("request-changed", action_, "approve", "it is proposed and its request is not rendered yet",
               "a running vigil to render it");
    }
    if (asked_.sha256 != *action_.request_sha256) {
      conflict("request-changed", action_, "approve",
               "it is proposed and its request is no longer the one with sha256 " + asked_.sha256,
               *action_.request_sha256);
    }
    const auto approvals = store::approvals_of(db_, action_);
    const bool again = std::any_of(approvals.begin(), approvals.end(),
                                   [&](const store::Approval& a) { return a.actor == asker_.actor; });
    if (again || store::proposer_of(db_, action_.id) == asker_.actor) {
      conflict("same-approver", action_, "approve",
               "it is proposed and " + shown(asker_.actor) + (again ? " has approved it" : " proposed it"),
               "another person");
    }
    note("approve", canonical(nlohmann::json{{"request_sha256", *action_.request_sha256}}));
    if (approvals.size() + 1 >= number_of(action_.needed)) change(Verb::approve, Role::vigil);
  }

  void reject() {
    if (!change(Verb::reject, Role::expert)) illegal(action_, "reject", "state proposed, or approved and not sent");
  }

  void retry() {
    const std::string possible = "state failed, and delivered nowhere";
    if (!next_state(action_.state, Verb::retry, Role::expert, action_.facts)) illegal(action_, "retry", possible);
    std::vector<const store::SinkEntry*> others;
    bool found = asked_.sink.empty();
    for (const store::SinkEntry& e : action_.entries) {
      if (e.status != DeliveryState::rejected) continue;
      if (e.sink == asked_.sink) found = found || e.pipeline;
      if (!asked_.sink.empty() && e.sink != asked_.sink) others.push_back(&e);
    }
    if (!found) illegal(action_, "retry", "a sink that refused it");
    note("retry", sink_detail());
    change(Verb::retry, Role::expert);
    SQLite::Statement still(db_, "UPDATE outbox SET status = 'rejected', discarded = ? WHERE action = ? AND sink = ?");
    for (const store::SinkEntry* other : others) {
      still.bind(1, other->discarded ? 1 : 0);
      still.bind(2, action_.seq);
      still.bind(3, other->sink);
      still.exec();
      still.reset();
    }
  }

  // Entries that wait are given up, those that are dead are out of sight.
  void discard() {
    bool any = false;
    for (const store::SinkEntry& e : action_.entries) {
      const bool asked = asked_.sink.empty() || e.sink == asked_.sink;
      const bool waits = e.status == DeliveryState::pending && (!e.pipeline || action_.state != ActionState::proposed);
      const bool dead = (e.status == DeliveryState::rejected || e.status == DeliveryState::expired) && !e.discarded;
      any = any || (asked && (waits || dead));
    }
    if (!any) illegal(action_, "discard", "an entry that is pending, refused or expired at a sink");
    note("discard", sink_detail());
    SQLite::Statement entries(
        db_,
        "UPDATE outbox SET discarded = 1, status = CASE status WHEN 'pending' THEN 'rejected' ELSE status END, "
        "reason = CASE status WHEN 'pending' THEN ?1 ELSE reason END WHERE action = ?2 AND (?3 = '' OR sink = ?3) AND "
        "status <> 'delivered' AND (status <> 'pending' OR NOT pipeline OR ?4)");
    entries.bind(1, "discarded by " + asker_.actor);
    entries.bind(2, action_.seq);
    entries.bind(3, asked_.sink);
    entries.bind(4, action_.state != ActionState::proposed ? 1 : 0);
    entries.exec();
    SQLite::Statement left(db_, "SELECT count(*), sum(status = 'rejected') FROM outbox WHERE action = ? AND pipeline");
    left.bind(1, action_.seq);
    const bool all = left.executeStep() && left.getColumn(0).getInt() > 0 &&
                     left.getColumn(0).getInt() == left.getColumn(1).getInt();
    if (all && action_.state == ActionState::approved) change(Verb::fail, Role::vigil);
  }

  void claim() {
    if (const auto claim = store::claim_of(db_, action_.id)) {
      conflict("already-claimed", action_, "claim",
               "it is " + state_in_words(action_) + " and claimed by run " + shown(claim->run), "no claim",
               {{"claim", store::claim_json(*claim)}});
    }
    require_sent("claim");
    const bool stays = action_.state == ActionState::accepted || action_.state == ActionState::running;
    if (!stays && !next_state(action_.state, Verb::accept, Role::pipeline, action_.facts)) {
      illegal(action_, "claim", "what is sent and has not ended");
    }
    nlohmann::json detail = {{"run", asked_.run}};
    if (!asked_.url.empty()) detail["url"] = asked_.url;
    note("claim", canonical(detail));
    store::put_job(db_, action_.id, asked_.run, asked_.url);
    if (!stays) change(Verb::accept, Role::pipeline);
  }

  void status() {
    const auto claim = store::claim_of(db_, action_.id);
    if (claim && !asked_.run.empty() && claim->run != asked_.run) {
      conflict("not-the-claimant", action_, "status",
               "it is " + state_in_words(action_) + " and claimed by run " + shown(claim->run), "that run",
               {{"claim", store::claim_json(*claim)}});
    }
    if (to_string(action_.state) == asked_.state) return;
    require_sent("status");
    const Verb verb = asked_.state == "accepted"    ? Verb::accept
                      : asked_.state == "running"   ? Verb::run
                      : asked_.state == "succeeded" ? Verb::succeed
                                                    : Verb::fail;
    if (!next_state(action_.state, verb, Role::pipeline, action_.facts)) {
      illegal(action_, "status", "a state before " + asked_.state);
    }
    store::put_job(db_, action_.id, asked_.run, asked_.url);
    change(verb, Role::pipeline);
  }

  void remark(const std::string& verb) {
    (void)store::append_audit(db_, {now_ns_, asker_.actor, verb, action_.id, asked_.reason, asked_.until_ns,
                                    canonical(nlohmann::json{{"node", action_.model + "/" + action_.stream}})});
  }

 private:
  void require_sent(const char* verb) {
    if (action_.state != ActionState::approved || action_.facts.sent) return;
    conflict("not-sent", action_, verb, "it is approved and not sent", "what is sent");
  }

  std::string sink_detail() const {
    return asked_.sink.empty() ? "{}" : canonical(nlohmann::json{{"sink", asked_.sink}});
  }

  void note(const char* verb, const std::string& detail) {
    (void)store::append_audit(db_, {now_ns_, asker_.actor, verb, action_.id, asked_.reason, 0, detail});
  }

  bool change(Verb verb, Role by) {
    auto now = store::find_action(db_, action_.id);
    const std::string actor = by == Role::vigil ? "vigil" : asker_.actor;
    return now && store::change_state(db_, *now, verb, by, actor, asked_.reason, now_ns_);
  }

  SQLite::Database& db_;
  ActionDetails& action_;
  const Asker& asker_;
  Asked asked_;
  std::int64_t now_ns_;
};

}  // namespace

void check_body(const std::string& verb, const Json& body, std::int64_t now_ns) { (void)read(verb, body, now_ns); }

void act_on(SQLite::Database& db, ActionDetails& action, const Asker& asker, const std::string& verb, const Json& body,
            std::int64_t now_ns) {
  Act act(db, action, asker, read(verb, body, now_ns), now_ns);
  if (verb == "approve") return act.approve();
  if (verb == "reject") return act.reject();
  if (verb == "retry") return act.retry();
  if (verb == "discard") return act.discard();
  if (verb == "claim") return act.claim();
  if (verb == "status") return act.status();
  act.remark(verb);
}

}  // namespace vigil::alerting
