// Schemas written as the shape of what they describe, so that they read like the documents of docs/api.md:
//   {"model":"string","value":"number?","state":"=good|bad","items":["#Line"],"note?":"string","*":"integer"}
// A type, `?` behind it: or null; `=`: one of these texts; `#`: what is defined under this name, which may have a `?`;
// `any`. [x]: a list of x. A key with `?` may be missing, all others are always there, more may come; `*`: any key.
// Used by openapi_*.cpp. Pure. Tests: tests/shift/documents_test.cpp.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace vigil::shift {

nlohmann::ordered_json schema_of(const nlohmann::ordered_json& shape);
// Each member of a JSON object of shapes.
nlohmann::ordered_json schemas_of(std::string_view shapes);

}  // namespace vigil::shift
