// What is looked at before a request's body is read, in the order docs/http.md gives, and what calls the handler after.
// Knows no socket. Used by the server.
// Tests: tests/shift/front_test.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shift/server/exchange.h"
#include "shift/server/rate_limiter.h"
#include "shift/server/routes.h"
#include "shift/server/tokens.h"

namespace vigil::shift {

inline constexpr std::size_t kTargetBytes = 8 * 1024;
inline constexpr std::size_t kFieldBytes = 16 * 1024;
inline constexpr std::size_t kBodyBytes = 64 * 1024;

struct FrontSettings {
  std::string tokens_file;         // empty: no POST is allowed
  std::vector<std::string> names;  // further hosts it answers to
  std::uint32_t requests_per_s = 100;
  std::function<void(const std::string&)> log;
};

class Front {
 public:
  // Throws Error for the tokens file.
  Front(std::vector<Route> routes, FrontSettings settings);

  struct Decision {
    std::optional<Answer> refusal;  // then nothing further of the request is read
    const Route* route = nullptr;   // null with a refusal only
    Caching caching = Caching::never;
    std::string query;
    Request request;  // but for parameters and body
  };
  // One thread.
  Decision examine(const Head& head, RateLimiter::Clock::time_point now);
  // The rest: parameters, body, handler; problems as answers, never an exception. Thread-safe.
  Answer answer(Decision decision, const std::string& body) const;

  const RouteTable& routes() const { return routes_; }

 private:
  std::optional<Answer> refuse_head(const Head& head) const;
  std::optional<Answer> refuse_asker(const Head& head, const Route& route, Request& request);
  static std::optional<Answer> refuse_body(const Head& head, const Route& route);

  RouteTable routes_;
  FrontSettings settings_;
  TokenFile tokens_;
  RateLimiter limiter_;
};

// Whether a list like that of Accept-Encoding takes gzip (RFC 9110, 12.5.3).
bool takes_gzip(const std::vector<std::string>& accept_encoding);
// Whether an If-None-Match names `tag`, compared weakly.
bool matches_tag(const std::vector<std::string>& if_none_match, const std::string& tag);

}  // namespace vigil::shift
