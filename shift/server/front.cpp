#include "shift/server/front.h"

#include <algorithm>

#include "core/shown.h"
#include "shift/server/address.h"

namespace vigil::shift {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    out.push_back(trimmed(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

// The token of "Bearer <token>"; nullopt where there is none, or more than one header.
std::optional<std::string> bearer(const Head& head) {
  const auto given = head.all("authorization");
  if (given.size() != 1) return {};
  const auto space = given.front().find(' ');
  if (space == std::string::npos || lower(given.front().substr(0, space)) != "bearer") return {};
  const std::string token = trimmed(given.front().substr(space));
  if (token.empty() || token.find_first_of(" \t,") != std::string::npos) return {};
  return token;
}

// Path and query of a target; the host of one in absolute form.
struct Target {
  std::string path, query;
  std::optional<std::string> host;
};

Target target_of(const std::string& text) {
  Target out;
  std::string rest = text;
  const std::string scheme = lower(text.substr(0, 8));
  const std::size_t prefix = scheme.starts_with("http://") ? 7 : scheme.starts_with("https://") ? 8 : 0;
  if (prefix > 0) {
    const auto end = std::min(text.find_first_of("/?", prefix), text.size());
    out.host = text.substr(prefix, end - prefix);
    rest = text.substr(end);
    if (!rest.starts_with('/')) rest.insert(0, "/");
  }
  const auto question = std::min(rest.find('?'), rest.size());
  out.path = rest.substr(0, question);
  out.query = rest.substr(std::min(question + 1, rest.size()));
  return out;
}

bool has_role(const alerting::Asker& asker, Role role) {
  switch (role) {
    case Role::shifter:
      return asker.shifter || asker.expert;
    case Role::expert:
      return asker.expert;
    case Role::pipeline:
      return asker.pipeline;
    case Role::anyone:
      return true;
  }
  return false;
}

const char* name_of(Role role) {
  return role == Role::shifter    ? "shifter"
         : role == Role::expert   ? "expert"
         : role == Role::pipeline ? "pipeline"
                                  : "anyone";
}

}  // namespace

Front::Front(std::vector<Route> routes, FrontSettings settings)
    : routes_(std::move(routes)),
      settings_(std::move(settings)),
      tokens_(settings_.tokens_file, settings_.log),
      limiter_(settings_.requests_per_s) {}

std::optional<Answer> Front::refuse_head(const Head& head) const {
  if (head.target.size() > kTargetBytes) {
    return problem_answer("uri-too-long", "path: " + std::to_string(head.target.size()) + " bytes, expected at most " +
                                              std::to_string(kTargetBytes));
  }
  if (head.field_bytes > kFieldBytes) {
    return problem_answer("headers-too-large", "headers: " + std::to_string(head.field_bytes) +
                                                   " bytes, expected at most " + std::to_string(kFieldBytes));
  }
  const auto codings = head.all("transfer-encoding");
  const auto lengths = head.all("content-length");
  if (codings.size() > 1 || (codings.size() == 1 && lower(codings.front()) != "chunked")) {
    return problem_answer("bad-request", "Transfer-Encoding: expected chunked or none");
  }
  if (lengths.size() > 1 || (!codings.empty() && !lengths.empty()) || (!lengths.empty() && !head.content_length())) {
    return problem_answer("bad-request", "Content-Length: expected one number, and none beside Transfer-Encoding");
  }
  return {};
}

std::optional<Answer> Front::refuse_asker(const Head& head, const Route& route, Request& request) {
  if (route.role == Role::anyone) return {};
  const auto token = bearer(head);
  const auto asker = token ? tokens_.find(*token) : std::nullopt;
  if (!asker) {
    return problem_answer("unauthorized", token ? "Authorization: a token that is not known"
                                                : "Authorization: expected Bearer and one token");
  }
  request.asker = *asker;
  if (!has_role(*asker, route.role)) {
    return problem_answer("forbidden", asker->actor + ": not allowed, expected the role " + name_of(route.role));
  }
  return {};
}

std::optional<Answer> Front::refuse_body(const Head& head, const Route& route) {
  if (route.method == "POST") {
    const auto types = head.all("content-type");
    const std::string type = types.size() == 1 ? lower(trimmed(split(types.front(), ';').front())) : std::string{};
    if (type != "application/json" || !head.all("content-encoding").empty()) {
      return problem_answer("unsupported-media-type",
                            "Content-Type: " + (types.empty() ? "none" : shown(types.front())) +
                                ", expected application/json, not encoded");
    }
  }
  if (const auto length = head.content_length(); length && *length > kBodyBytes) {
    return problem_answer(
        "too-large", "body: " + std::to_string(*length) + " bytes, expected at most " + std::to_string(kBodyBytes));
  }
  return {};
}

Front::Decision Front::examine(const Head& head, RateLimiter::Clock::time_point now) {
  Decision out;
  const Target target = target_of(head.target);
  const bool is_api = target.path == "/v1" || target.path.starts_with("/v1/");
  if (is_api) out.caching = Caching::revalidate;
  const auto refused = [&](std::optional<Answer> answer) {
    out.refusal = std::move(answer);
    return out.refusal.has_value();
  };
  if (refused(refuse_head(head))) return out;
  auto hosts = head.all("host");
  if (hosts.size() > 1) {
    out.refusal = problem_answer("bad-request", "Host: given twice, expected once");
    return out;
  }
  if (target.host) hosts = {*target.host};
  if (hosts.empty() || !is_own_host(hosts.front(), head.local_address, head.local_is_loopback, settings_.names)) {
    out.refusal = problem_answer("misdirected", "Host: " + (hosts.empty() ? "none" : shown(hosts.front())) +
                                                    ", expected the address of this server or a name it answers to");
    return out;
  }
  if (is_api || target.path == "/metrics") {
    if (const auto wait_s = limiter_.refuse(head.peer, now)) {
      out.refusal =
          problem_answer("too-many-requests", head.peer + ": expected at most " +
                                                  std::to_string(settings_.requests_per_s) + " requests a second");
      out.refusal->headers.emplace_back("Retry-After", std::to_string(*wait_s));
      return out;
    }
  }
  const RouteTable::Match match = routes_.find(head.method, target.path);
  if (match.allowed.empty()) {
    out.refusal = problem_answer("not-found", "path: " + shown(target.path) + " is none of this server's");
    return out;
  }
  if (match.route == nullptr) {
    out.refusal =
        problem_answer("method-not-allowed", shown(head.method) + ": expected one of " + joined(match.allowed));
    out.refusal->headers.emplace_back("Allow", joined(match.allowed));
    return out;
  }
  out.caching = match.route->caching;
  out.request.path = target.path;
  out.request.id = match.id;
  out.request.host = hosts.front();
  if (const auto seen = head.all("last-event-id"); !seen.empty()) out.request.last_event_id = seen.back();
  if (refused(refuse_asker(head, *match.route, out.request)) || refused(refuse_body(head, *match.route))) return out;
  out.route = match.route;
  out.query = target.query;
  return out;
}

Answer Front::answer(Decision decision, const std::string& body) const {
  try {
    decision.request.parameters = parse_query(decision.query, decision.route->parameters);
    if (decision.route->method == "POST") decision.request.body = parse_body(body, *decision.route);
    return decision.route->handle(decision.request);
  } catch (const BadRequest& bad) {
    return problem_answer("bad-request", bad.detail);
  } catch (const std::exception& e) {
    if (settings_.log) settings_.log(shown(decision.request.path) + ": " + e.what());
    return problem_answer("busy", "this could not be answered now; nothing was changed");
  }
}

bool takes_gzip(const std::vector<std::string>& accept_encoding) {
  std::optional<bool> gzip, any;
  for (const std::string& header : accept_encoding) {
    for (const std::string& entry : split(header, ',')) {
      const auto parts = split(entry, ';');
      bool wanted = true;
      for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string weight = lower(parts[i]);
        if (weight.starts_with("q=")) wanted = weight.find_first_of("123456789") != std::string::npos;
      }
      const std::string coding = lower(parts.front());
      if (coding == "gzip" || coding == "x-gzip") gzip = wanted;
      if (coding == "*") any = wanted;
    }
  }
  return gzip.value_or(any.value_or(false));
}

bool matches_tag(const std::vector<std::string>& if_none_match, const std::string& tag) {
  const auto bare = [](const std::string& text) { return text.starts_with("W/") ? text.substr(2) : text; };
  for (const std::string& header : if_none_match) {
    for (const std::string& entry : split(header, ',')) {
      if (entry == "*" || bare(entry) == bare(tag)) return true;
    }
  }
  return false;
}

}  // namespace vigil::shift
