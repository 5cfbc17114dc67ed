// vigil actions approve, reject, claim, …: what people and pipelines do about an action, beside a running watch or
// without one.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/action_desk.h"
#include "app/shared_options.h"
#include "core/error.h"
#include "core/json_text.h"
#include "core/shown.h"

namespace vigil::app {
namespace {

using nlohmann::ordered_json;

bool needs_reason(const std::string& verb) { return verb == "reject" || verb == "discard" || verb == "shelve"; }

void add(ordered_json& body, const char* key, const std::string& text) {
  if (!text.empty()) body[key] = text;
}

ordered_json body_of(alerting::Desk& desk, const ActionsOptions& o, const std::string& verb) {
  ordered_json body = ordered_json::object();
  add(body, "reason", o.reason);
  if (verb == "claim") body.erase("reason");
  if (verb == "approve") {
    body["sha256"] = o.sha256;
    if (o.sha256.empty()) {
      // What is in the journal now. One that is not rendered has none: the desk says so.
      const ordered_json action = document(desk.show(o.id), o.id, verb);
      const ordered_json& sha256 = action.at("request_sha256");
      body["sha256"] = sha256.is_string() ? sha256 : ordered_json(std::string(64, '0'));
    }
  }
  if (verb == "retry" || verb == "discard") add(body, "sink", o.sink);
  if (verb == "claim" || verb == "status") {
    add(body, "run", o.run);
    add(body, "url", o.url);
  }
  if (verb == "status") body["state"] = o.state;
  if (verb == "shelve") {
    if (o.hours > 0) body["for_s"] = o.hours * 3600;
    add(body, "until", o.until);
  }
  return body;
}

int run_verb(const ActionsOptions& o, const std::string& verb) {
  const auto desk = desk_on(o.journal);
  if (needs_reason(verb) && o.reason.empty()) {
    const ordered_json action = document(desk->show(o.id), o.id, verb);
    throw Error("action " + o.id,
                "cannot " + verb + ": it is " + action.at("state").get<std::string>() + ", no --reason",
                "--reason WHY");
  }
  ordered_json action = document(desk->act(asker(o.actor), o.id, verb, body_of(*desk, o, verb)), o.id, verb);
  if (o.json) {
    action["recorded"] = verb;
    fmt::print("{}\n", line_text(action));
  } else {
    fmt::print("{} recorded for {}, which is {}\n", verb, o.id, action.at("state").get<std::string>());
  }
  return 0;
}

int run_propose(const ActionsOptions& o) {
  ordered_json body = {{"kind", o.kind}, {"model", o.model}, {"stream", o.stream}};
  body["proposal"] = ordered_json::parse(o.proposal, nullptr, false);
  if (!body["proposal"].is_object()) throw Error("--proposal", shown(o.proposal), "a JSON object");
  add(body, "reason", o.reason);
  add(body, "subject", o.subject);
  const auto desk = desk_on(o.journal);
  const ordered_json action = document(desk->propose(asker(o.actor), body), "", "propose");
  if (o.json) {
    fmt::print("{}\n", line_text(action));
  } else {
    fmt::print("{} is {}\n", action.at("id").get<std::string>(), action.at("state").get<std::string>());
  }
  return 0;
}

std::vector<Option> person_options(ActionsOptions& o) {
  return {{"--actor", &o.actor, "who (default: the user)"}, {"--reason", &o.reason, "why"}};
}

Command verb_command(const std::string& verb, const std::string& about, const std::string& example,
                     const std::function<std::vector<Option>(ActionsOptions&)>& own = {}) {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions " + verb, about, "vigil actions " + verb + " ID --journal vigil.db " + example,
          joined({{id_option(*o)}, person_options(*o), own ? own(*o) : std::vector<Option>{}, journal_options(*o)}),
          [o, verb] { return run_verb(*o, verb); }};
}

std::vector<Option> run_options(ActionsOptions& o, Presence run) {
  return {{"--run", &o.run, "name of the job downstream", run}, {"--url", &o.url, "where people see it"}};
}

}  // namespace

Command actions_propose_command() {
  const auto o = std::make_shared<ActionsOptions>();
  return {"actions propose", "propose an action as a person: a retraining, a revalidation, data to keep, a way back",
          "vigil actions propose --journal vigil.db --kind revalidate --model m --stream s --reason why --proposal "
          "'{\"outputs\":[],\"first_event\":null}'",
          joined({{{"--kind", &o->kind, "retrain, revalidate, collect-data or rollback", Presence::required},
                   {"--model", &o->model, "a model of the journal", Presence::required},
                   {"--stream", &o->stream, "its stream", Presence::required},
                   {"--proposal", &o->proposal, "JSON object (docs/actions.md)", Presence::required},
                   {"--subject", &o->subject, "what it is about"}},
                  person_options(*o),
                  journal_options(*o)}),
          [o] { return run_propose(*o); }};
}

Command actions_approve_command() {
  return verb_command("approve", "approve what would be sent of an action", "--actor anna",
                      [](ActionsOptions& o) -> std::vector<Option> {
                        return {{"--sha256", &o.sha256, "of the request (default: what is in the journal now)"}};
                      });
}
Command actions_reject_command() {
  return verb_command("reject", "stop an action that is not sent", "--actor anna --reason known");
}
namespace {
std::vector<Option> sink_option(ActionsOptions& o) { return {{"--sink", &o.sink, "at this sink only"}}; }
}  // namespace
Command actions_retry_command() {
  return verb_command("retry", "send again what every sink refused", "--actor anna", sink_option);
}
Command actions_discard_command() {
  return verb_command("discard", "give up what is not delivered", "--actor anna --reason gone", sink_option);
}
Command actions_claim_command() {
  return verb_command("claim", "take an action as the job that does it, once", "--run job-17",
                      [](ActionsOptions& o) { return run_options(o, Presence::required); });
}
Command actions_status_command() {
  return verb_command("status", "say how far the job is", "--state running", [](ActionsOptions& o) {
    return joined(
        {{{"--state", &o.state, "how far", Presence::required, {"accepted", "running", "succeeded", "failed"}}},
         run_options(o, Presence::optional)});
  });
}
Command actions_ack_command() {
  return verb_command("ack", "acknowledge an action's alarms", "--actor anna --reason 'seen'");
}
Command actions_shelve_command() {
  return verb_command("shelve", "an action's alarms out of sight for a while", "--hours 8 --reason 'known'",
                      [](ActionsOptions& o) -> std::vector<Option> {
                        return {{"--hours", &o.hours, "for so long", Presence::optional, {}, {{0.0003, 24.0 * 366}}},
                                {"--until", &o.until, "until then, like 2026-01-02T03:04:05Z"}};
                      });
}
Command actions_unshelve_command() {
  return verb_command("unshelve", "an action's alarms back in sight", "--actor anna");
}

}  // namespace vigil::app
