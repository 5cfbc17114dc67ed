// The document of /v1/openapi.json: every path of the server from the one table of routes, with what it takes, and a
// schema of every answer that is JSON. Used by app/http_service.cpp.
// Tests: tests/shift/documents_test.cpp, tests/contract/api_documents_test.py.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shift/server/routes.h"

namespace vigil::shift {

nlohmann::ordered_json openapi_document(const std::vector<Route>& routes, const std::string& version);
// The path itself, which is in the document too.
Route openapi_route(const std::vector<Route>& routes, const std::string& version);

// Schemas of answers by path (GET), and what they refer to by name: openapi_schemas.cpp, openapi_action_schemas.cpp.
nlohmann::ordered_json schemas_of_answers();
nlohmann::ordered_json schemas_of_actions();
nlohmann::ordered_json schemas_by_name();
nlohmann::ordered_json action_schemas_by_name();
nlohmann::ordered_json schemas_of_lines();

}  // namespace vigil::shift
