// One request and its answer as the routes see them, free of sockets: what the server read, what it shall send. Plain
// values; used by every file of the room and by those who add routes.
// Tests: tests/shift/front_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alerting/desk.h"

namespace vigil::shift {

class EventStream;

// The head of a request as it came; nothing in it is to be trusted. A header given twice stands twice.
struct Head {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::size_t field_bytes = 0;                              // of all header lines together
  std::string peer;                                         // address of the client, without port
  std::string local_address;                                // that it connected to, without port; IPv6 without brackets
  bool local_is_loopback = false;

  // Values of a header, `name` in lower case.
  std::vector<std::string> all(const std::string& name) const;
  // Of a body to come; nullopt: the headers say nothing that could be one. 0 where there is none.
  std::optional<std::uint64_t> content_length() const;
  bool is_chunked() const;
};

struct Request {
  std::string path = {};
  std::map<std::string, std::string> parameters = {};  // of the query, decoded, valid UTF-8
  std::string id = {};                                 // what {id} of the pattern stands for
  std::string host = {};                               // as the client named this server, port and all; checked
  std::optional<std::string> last_event_id = {};       // header Last-Event-ID, of a client that resumes
  nlohmann::ordered_json body = {};                    // of a POST, checked against the route's fields
  alerting::Asker asker = {};                          // of a POST
};

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  // A body that is gzip already, of a lifetime that never ends; `body` is empty then. Who takes no gzip gets it
  // unpacked.
  std::string_view packed = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  // besides those that every answer has
  // Where set, the answer does not end with `body`: called once, on a handler's thread, with what the client reads.
  std::function<void(std::shared_ptr<EventStream>)> stream = {};
};

// A to Z as a to z, all else as it is.
std::string lower(std::string text);

// An answer with a JSON document, floats in their shortest digits.
Answer json_answer(int status, const nlohmann::ordered_json& document);
// RFC 9457: application/problem+json.
Answer problem_answer(const alerting::Problem& problem);
// 503 busy, with Retry-After.
Answer busy_answer(const std::string& why);
// A problem of the server's own: `name` is one of problem.cpp's table, which knows status and title.
Answer problem_answer(const std::string& name, const std::string& detail);

}  // namespace vigil::shift
