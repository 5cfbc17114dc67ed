// An answer as the bytes of HTTP: the headers that every one has, caching, gzip, HEAD. Internal to the room.
// Tests: tests/shift/server_test.cpp, tests/contract/http_rules_test.py.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "shift/server/exchange.h"
#include "shift/server/routes.h"

namespace vigil::shift {

using Response = boost::beast::http::response<boost::beast::http::string_body>;

// What of the request decides the form of its answer.
struct AnswerForm {
  unsigned version = 11;  // 10 or 11
  bool keep_alive = true;
  bool is_head = false;
  bool takes_gzip = false;
  std::vector<std::string> if_none_match = {};
  Caching caching = Caching::never;
};

// Thread-safe. Of a stream the head only: its body is chunked, or ends with the connection in HTTP/1.0.
Response make_response(const AnswerForm& form, Answer answer);

}  // namespace vigil::shift
