// What a person does to an action from beside the program, in a few words. Tests only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "alerting/desk_actions.h"
#include "core/error.h"

namespace vigil::alerting {

// `row.verb` of `row.action_id` on the file, as the command line does it; the state it is in then. Throws Error with
// the problem's detail.
inline ActionState act_on_action(const std::string& file, const AuditRow& row) {
  const auto desk =
      make_desk(file, {.models = {}, .now_ns = [&] { return row.at_ns; }, .changed = {}, .sinks = {}, .alarms = {}});
  const auto document = [](const DeskAnswer& answer) {
    if (answer.problem) {
      const std::string& detail = answer.problem->detail;
      const auto colon = detail.find(": ");
      if (colon == std::string::npos) throw Error("desk", detail);
      throw Error(detail.substr(0, colon), detail.substr(colon + 2));
    }
    return answer.body;
  };
  nlohmann::ordered_json body = nlohmann::ordered_json::object();
  // Some verbs want to know why; who writes a test does not always.
  if (row.verb != "claim") body["reason"] = row.reason.empty() ? "why" : row.reason;
  if (row.verb == "approve") {
    const auto action = document(desk->show(row.action_id));
    const auto& sha256 = action.at("request_sha256");
    body["sha256"] = sha256.is_null() ? std::string(64, '0') : sha256.get<std::string>();
  }
  if (row.verb == "claim") body["run"] = row.reason.empty() ? "job" : row.reason;
  if (row.verb == "shelve") body["for_s"] = 60;
  const Asker asker{row.actor, true, true, true};
  return *action_state(document(desk->act(asker, row.action_id, row.verb, body)).at("state").get<std::string>());
}

}  // namespace vigil::alerting
