// The one table of what the server answers: method, path, role, parameters, body, handler. 405 with Allow, the checks
// of query and body, and the tests are derived from it. Used by the front; whoever adds a path adds a row. Tests:
// tests/shift/routes_test.cpp, tests/shift/fields_test.cpp.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "shift/server/exchange.h"

namespace vigil::shift {

enum class Role : std::uint8_t { anyone, shifter, expert, pipeline };

enum class Caching : std::uint8_t {
  revalidate,  // no-cache, with ETag
  never,       // no-store
  forever,     // public, immutable: the path holds a hash of the content
};

// A parameter of the query.
struct Parameter {
  std::string name;
  std::string expected;  // in words
  std::function<bool(const std::string&)> fits;
};

// A key of the JSON object that a POST takes.
struct Field {
  std::string name;
  bool required = false;
  std::string expected;  // in words
  std::function<bool(const nlohmann::ordered_json&)> fits;
};

struct Route {
  std::string method;   // GET (HEAD is answered likewise) or POST
  std::string pattern;  // /v1/actions/{id}/approve; {id}: a UUID, the one placeholder
  Role role = Role::anyone;
  Caching caching = Caching::revalidate;
  std::vector<Parameter> parameters = {};
  std::vector<Field> fields = {};
  std::vector<std::string> exactly_one_of = {};  // of the fields
  bool is_quick = false;                         // its handler waits for nothing: called on the thread of the sockets
  bool is_stream = false;                        // one of at most http_streams
  // On a handler's thread; several at a time.
  std::function<Answer(const Request&)> handle = {};
};

class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {}

  struct Match {
    const Route* route = nullptr;           // null where the path has no such method
    std::vector<std::string> allowed = {};  // methods of the path; empty: no such path
    std::string id = {};
  };
  // `path`: as it came, percent-encoded, without query.
  Match find(const std::string& method, const std::string& path) const;
  const std::vector<Route>& all() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

// What is wrong with a request, as a bad-request's detail: `what: found, expected what was expected`.
struct BadRequest {
  std::string detail;
};

// The decoded query (without '?'). Throws BadRequest: unknown, repeated, malformed.
std::map<std::string, std::string> parse_query(const std::string& query, const std::vector<Parameter>& parameters);

// The JSON object of a body. Throws BadRequest: no JSON object, a key twice, unknown, missing, of the wrong type or
// value, nested deeper than 32. Whole numbers written as 3600.0 come out whole.
nlohmann::ordered_json parse_body(const std::string& text, const Route& route);

// Percent-decoded, + as space where `plus`; nullopt where an escape is none.
std::optional<std::string> percent_decoded(const std::string& text, bool plus);

bool is_uuid(const std::string& text);

}  // namespace vigil::shift
