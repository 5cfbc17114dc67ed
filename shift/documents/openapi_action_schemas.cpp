// The shapes of what docs/actions.md and docs/alarms.md answer.
#include "shift/documents/openapi.h"
#include "shift/documents/schema_shape.h"

namespace vigil::shift {
namespace {

constexpr std::string_view kListed = R"shape(
  "id":"string","kind":"=retrain|threshold-adjust|revalidate|notify|collect-data|rollback","model":"string",
  "stream":"string","cause":"string","run":"integer","first_ls":"integer","last_ls":"integer","reason":"string",
  "proposal":"object","delivery":"=pending|delivered|rejected|expired","open":"boolean","state":"#ActionState",
  "n":"integer","needed":"=auto|one|two","approvals":[{"actor":"string","at":"string","reason":"string"}],
  "claim":"#Claim?","supersedes":"string?","superseded_by":"string?","request_sha256":"string?","expires":"string?")shape";

}  // namespace

nlohmann::ordered_json schemas_of_actions() {
  nlohmann::ordered_json out = schemas_of(R"shapes({
"/v1/alarms": {"alarms":["#Alarm"],"groups":["#AlarmGroup"],"shelves":[{"node":"string","until":"string"}]},
"/v1/audit": {"rows":["#AuditRow"]},
"/v1/sinks": {"sinks":[{"name":"string","type":"string","state":"string","pending":"integer","oldest_s":"number?",
  "reason":"string"}]}
})shapes");
  const std::string listed(kListed);
  out["/v1/actions"] =
      schema_of(nlohmann::ordered_json::parse(R"({"actions":[{)" + listed + R"(}],"next":"string?"})"));
  out["/v1/actions/{id}"] = schema_of(nlohmann::ordered_json::parse(
      "{" + listed + R"(,"requests":"any","sinks":[{"sink":"string","status":"string","attempts":"integer",)" +
      R"("reason":"string","run":"string?","url":"string?"}],"dataset":"any","history":["#AuditRow"]})"));
  return out;
}

nlohmann::ordered_json action_schemas_by_name() {
  return schemas_of(R"shapes({
"ActionState": "=proposed|approved|rejected|expired|superseded|dispatched|accepted|running|succeeded|failed|verified|reverted",
"Claim": {"actor":"string","run":"string","url":"string?","at":"string"},
"Alarm": {"node":"string","model":"string","stream":"string","monitor":"string","severity":"=ok|minor|major",
  "latched":"=ok|minor|major","acknowledged":"boolean","known":"boolean","run":"integer","ls":"integer",
  "shelved_until":"string?","essential":"boolean","guidance":"string","contact":"string"},
"AlarmGroup": {"node":"string","severity":"=ok|minor|major","raised":"integer","unacknowledged":"integer",
  "shelved":"integer","spoken":["string"]},
"AuditRow": {"seq":"integer","at_ns":"integer","actor":"string","verb":"string","action_id":"string","reason":"string",
  "until_ns":"integer","detail":"object","prev":"string","hash":"string"}
})shapes");
}

}  // namespace vigil::shift
