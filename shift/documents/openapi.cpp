#include "shift/documents/openapi.h"

#include <memory>

#include "core/json_text.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

// What most paths have in common is said once, what is special stands with the schemas.
ordered_json summaries() {
  return {{"/healthz", "whether the process can answer"},
          {"/readyz", "whether it does its work"},
          {"/metrics", "Prometheus metrics"},
          {"/v1/status", "all that an overview needs"},
          {"/v1/models", "what is monitored"},
          {"/v1/runs", "runs, newest first, with quality and marks"},
          {"/v1/lumisections", "lumisection lines"},
          {"/v1/windows", "window lines"},
          {"/v1/verdicts", "verdict lines"},
          {"/v1/trend", "one statistic of one monitor over a run"},
          {"/v1/histogram", "a window's histogram beside its reference's"},
          {"/v1/bx", "a window by bunch crossing"},
          {"/v1/rate-curve", "a seed's rate by threshold"},
          {"/v1/sources", "who sends"},
          {"/v1/elog", "a window as text to paste"},
          {"/v1/events", "server-sent events"},
          {"/v1/openapi.json", "this document"},
          {"/v1/actions", "actions"},
          {"/v1/actions/{id}", "one action"},
          {"/v1/alarms", "alarms of people"},
          {"/v1/audit", "the audit trail"},
          {"/v1/sinks", "where actions are sent"}};
}

ordered_json problem_response() {
  return {{"description", "a problem (RFC 9457)"},
          {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}};
}

ordered_json parameters_of(const Route& route) {
  ordered_json out = ordered_json::array();
  if (route.pattern.find("{id}") != std::string::npos) {
    out.push_back(
        {{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}, {"format", "uuid"}}}});
  }
  for (const Parameter& parameter : route.parameters) {
    out.push_back({{"name", parameter.name},
                   {"in", "query"},
                   {"required", false},
                   {"description", parameter.expected},
                   {"schema", {{"type", "string"}}}});
  }
  return out;
}

ordered_json body_of(const Route& route) {
  ordered_json properties = ordered_json::object(), required = ordered_json::array();
  for (const Field& field : route.fields) {
    properties[field.name] = {{"description", field.expected}};
    if (field.required) required.push_back(field.name);
  }
  ordered_json schema = {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = std::move(required);
  return {{"required", true}, {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
}

ordered_json success_of(const Route& route, const ordered_json& schemas) {
  if (route.is_stream) {
    return {{"description", "events"}, {"content", {{"text/event-stream", {{"schema", {{"type", "string"}}}}}}}};
  }
  const std::string key = route.method == "GET" ? route.pattern : route.method + " " + route.pattern;
  auto schema = schemas.find(key);
  // What a verb answers is what it acted on.
  if (schema == schemas.end() && route.method == "POST") {
    schema = schemas.find(route.pattern.starts_with("/v1/alarms") ? "/v1/alarms" : "/v1/actions/{id}");
  }
  if (schema == schemas.end()) {
    return {{"description", "text"}, {"content", {{"text/plain", {{"schema", {{"type", "string"}}}}}}}};
  }
  return {{"description", "the document"}, {"content", {{"application/json", {{"schema", *schema}}}}}};
}

}  // namespace

ordered_json openapi_document(const std::vector<Route>& routes, const std::string& version) {
  ordered_json answers = schemas_of_answers();
  const ordered_json of_actions = schemas_of_actions();
  for (const auto& [path, schema] : of_actions.items()) answers[path] = schema;
  ordered_json named = schemas_by_name();
  for (const ordered_json& more : {schemas_of_lines(), action_schemas_by_name()}) {
    for (const auto& [name, schema] : more.items()) named[name] = schema;
  }
  const ordered_json about = summaries();
  ordered_json paths = ordered_json::object();
  for (const Route& route : routes) {
    if (!route.pattern.starts_with("/v1/") && !about.contains(route.pattern)) continue;  // pages and their assets
    ordered_json operation = ordered_json::object();
    const std::string pattern = route.pattern;
    operation["summary"] =
        route.method == "GET" && about.contains(pattern) ? about[pattern] : ordered_json(route.method + " " + pattern);
    operation["parameters"] = parameters_of(route);
    if (route.method == "POST") {
      operation["requestBody"] = body_of(route);
      operation["security"] = ordered_json::array({{{"token", ordered_json::array()}}});
    }
    operation["responses"] = {{"200", success_of(route, answers)}, {"default", problem_response()}};
    if (route.pattern == "/v1/actions" && route.method == "POST") {
      operation["responses"]["201"] = operation["responses"]["200"];
    }
    if (route.pattern == "/readyz") operation["responses"]["503"] = operation["responses"]["200"];
    std::string method = route.method == "GET" ? "get" : "post";
    paths[pattern][method] = std::move(operation);
  }
  return {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "vigil"},
        {"description", "A monitor of machine-learning models in FPGA triggers"},
        {"version", version}}},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", std::move(named)}, {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

Route openapi_route(const std::vector<Route>& routes, const std::string& version) {
  Route out{.method = "GET", .pattern = "/v1/openapi.json"};
  std::vector<Route> all;
  for (const Route& route : routes) all.push_back(route);
  all.push_back(out);
  const auto text = std::make_shared<const std::string>(json_text(openapi_document(all, version)));
  out.handle = [text](const Request&) {
    Answer answer;
    answer.body = *text;
    return answer;
  };
  return out;
}

}  // namespace vigil::shift
