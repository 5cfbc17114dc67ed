#include <algorithm>
#include <array>

#include "core/json_text.h"
#include "core/shown.h"
#include "shift/server/exchange.h"

namespace vigil::shift {
namespace {

struct Kind {
  const char* name;
  int status;
  const char* title;
};

// docs/actions.md and docs/http_api.md: urn:vigil:problem:<name>.
constexpr std::array kKinds{
    Kind{"bad-request", 400, "The request is not as expected"},
    Kind{"unauthorized", 401, "A valid token is needed"},
    Kind{"forbidden", 403, "The token's roles do not allow this"},
    Kind{"not-found", 404, "There is nothing here"},
    Kind{"method-not-allowed", 405, "This method is not for this path"},
    Kind{"timeout", 408, "The request took too long"},
    Kind{"illegal-transition", 409, "The action's state does not allow this"},
    Kind{"request-changed", 409, "What would be sent is not what was approved"},
    Kind{"same-approver", 409, "Approvers differ from each other and from who proposed"},
    Kind{"already-claimed", 409, "Another job has claimed the action"},
    Kind{"not-sent", 409, "The action was not sent yet"},
    Kind{"not-the-claimant", 409, "Another job has claimed the action"},
    Kind{"gone", 410, "This was given up"},
    Kind{"too-large", 413, "The body is too large"},
    Kind{"uri-too-long", 414, "The path is too long"},
    Kind{"unsupported-media-type", 415, "The body must be JSON"},
    Kind{"misdirected", 421, "This server does not answer to that name"},
    Kind{"too-many-requests", 429, "Too many requests"},
    Kind{"headers-too-large", 431, "The headers are too large"},
    Kind{"busy", 503, "Not now"},
};

const Kind* find(const std::string& name) {
  const auto* const at =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) { return kind.name == name; });
  return at == kKinds.end() ? nullptr : at;
}

}  // namespace

Answer json_answer(int status, const nlohmann::ordered_json& document) {
  return {.status = status, .body = line_text(document)};
}

Answer problem_answer(const alerting::Problem& problem) {
  const Kind* const kind = find(problem.name);
  nlohmann::ordered_json out = {{"type", "urn:vigil:problem:" + problem.name},
                                {"title", kind != nullptr ? kind->title : problem.name},
                                {"status", problem.status},
                                {"detail", escaped(problem.detail)}};
  if (problem.state) out["state"] = *problem.state;
  for (const auto& [key, value] : problem.more.items()) out[key] = value;
  Answer answer = json_answer(problem.status, out);
  answer.content_type = "application/problem+json";
  return answer;
}

Answer problem_answer(const std::string& name, const std::string& detail) {
  const Kind* const kind = find(name);
  alerting::Problem problem;
  problem.name = name;
  problem.status = kind != nullptr ? kind->status : 500;
  problem.detail = detail;
  Answer answer = problem_answer(problem);
  if (name == "unauthorized") answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

Answer busy_answer(const std::string& why) {
  Answer answer = problem_answer("busy", why);
  answer.headers.emplace_back("Retry-After", "5");
  return answer;
}

}  // namespace vigil::shift
