#include "shift/documents/action_routes.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

#include "core/shown.h"
#include "shift/server/instant.h"

namespace vigil::shift {
namespace {

using alerting::ActionFilter;
using alerting::Desk;
using alerting::DeskAnswer;
using nlohmann::ordered_json;

constexpr std::int64_t kLongestShelveS = 365 * 24 * 3600;
constexpr std::size_t kNameBytes = 64;

// ---- values of bodies

bool is_text(const ordered_json& value) { return value.is_string(); }

bool is_said(const ordered_json& value) {  // a text that says something
  return value.is_string() && value.get_ref<const std::string&>().find_first_not_of(" \t\r\n") != std::string::npos;
}

bool is_one_of(const std::string& text, const std::vector<std::string>& allowed) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

std::string either(const std::vector<std::string>& allowed) {
  std::string out = "one of ";
  for (const std::string& one : allowed) out += (&one == allowed.data() ? "" : ", ") + one;
  return out;
}

bool is_name(const ordered_json& value, std::size_t least) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() >= least && text.size() <= kNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  std::string_view("_./[]-").find(c) != std::string_view::npos;
         });
}

bool is_sha256(const ordered_json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Field required(std::string name, std::string expected, std::function<bool(const ordered_json&)> fits) {
  return {std::move(name), true, std::move(expected), std::move(fits)};
}
Field optional(std::string name, std::string expected, std::function<bool(const ordered_json&)> fits) {
  return {std::move(name), false, std::move(expected), std::move(fits)};
}
Field choice(std::string name, const std::vector<std::string>& allowed) {
  return required(std::move(name), either(allowed), [allowed](const ordered_json& value) {
    return value.is_string() && is_one_of(value.get<std::string>(), allowed);
  });
}

Field reason() { return required("reason", "a text that says why", is_said); }
Field any_reason() { return optional("reason", "a text", is_text); }
Field sink() { return optional("sink", "the name of a sink", is_said); }
Field node() { return required("node", "<model>/<stream>/<monitor> or what it begins with", is_said); }

std::vector<Field> until_fields(const std::function<std::int64_t()>& now_ms) {
  return {optional("until", "a time like 2026-05-01T12:00:00Z, 1 s to 1 year from now",
                   [now_ms](const ordered_json& value) {
                     if (!value.is_string()) return false;
                     const auto at = parse_instant_ms(value.get<std::string>());
                     if (!at) return false;
                     const std::int64_t ahead_ms = *at - now_ms();
                     return ahead_ms >= 1000 && ahead_ms <= kLongestShelveS * 1000;
                   }),
          optional("for_s", "a whole number of seconds from 1 to " + std::to_string(kLongestShelveS),
                   [](const ordered_json& value) {
                     return value.is_number_unsigned() && value.get<std::uint64_t>() >= 1 &&
                            value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kLongestShelveS);
                   })};
}

std::vector<Field> with(std::vector<Field> fields, std::vector<Field> more) {
  fields.insert(fields.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return fields;
}

// ---- parameters of queries

std::optional<std::uint64_t> whole(const std::string& text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return out;
}

Parameter any(std::string name, std::string expected) {
  return {std::move(name), std::move(expected), [](const std::string&) { return true; }};
}
Parameter one_of(std::string name, const std::vector<std::string>& allowed) {
  return {std::move(name), either(allowed), [allowed](const std::string& text) { return is_one_of(text, allowed); }};
}
Parameter limit() {
  return {"limit", "1..1000", [](const std::string& text) {
            const auto n = whole(text);
            return n && *n >= 1 && *n <= 1000;
          }};
}

std::uint32_t limit_of(const Request& request) {
  const auto at = request.parameters.find("limit");
  return at == request.parameters.end() ? 100 : static_cast<std::uint32_t>(*whole(at->second));
}

std::optional<std::string> parameter(const Request& request, const std::string& name) {
  const auto at = request.parameters.find(name);
  return at == request.parameters.end() ? std::nullopt : std::optional(at->second);
}

const std::vector<std::string> kStates{"proposed", "approved", "rejected",  "expired", "superseded", "dispatched",
                                       "accepted", "running",  "succeeded", "failed",  "verified",   "reverted"};
const std::vector<std::string> kKinds{"retrain", "threshold-adjust", "revalidate",
                                      "notify",  "collect-data",     "rollback"};

// ---- asking the desk

class Counter {
 public:
  explicit Counter(ActionRouteSettings settings) : settings_(std::move(settings)) {}

  using Ask = std::function<DeskAnswer(Desk&, const Request&)>;
  std::function<Answer(const Request&)> handler(Ask ask) const {
    return [settings = settings_, ask = std::move(ask)](const Request& request) {
      if (settings.desk == nullptr) return busy_answer("no journal of actions is open here");
      try {
        DeskAnswer answer = ask(*settings.desk, request);
        return answer.problem ? problem_answer(*answer.problem) : json_answer(answer.status, answer.body);
      } catch (const std::exception& e) {
        // What failed is for who runs vigil; a client is told that nothing was done.
        if (settings.log) settings.log(request.path + ": " + e.what());
        return busy_answer("the journal could not be read or written; nothing was changed");
      }
    };
  }
  // An id that is no UUID is not asked for.
  std::function<Answer(const Request&)> on_id(Ask ask) const {
    return [asked = handler(std::move(ask))](const Request& request) {
      if (!is_uuid(request.id)) return problem_answer("not-found", "no action " + shown(request.id));
      return asked(request);
    };
  }

 private:
  ActionRouteSettings settings_;
};

Route get(std::string pattern, std::vector<Parameter> parameters, std::function<Answer(const Request&)> handle) {
  return {
      .method = "GET", .pattern = std::move(pattern), .parameters = std::move(parameters), .handle = std::move(handle)};
}

Route post(std::string pattern, Role role, std::vector<Field> fields, std::function<Answer(const Request&)> handle) {
  return {.method = "POST",
          .pattern = std::move(pattern),
          .role = role,
          .fields = std::move(fields),
          .handle = std::move(handle)};
}

}  // namespace

std::vector<Route> action_routes(const ActionRouteSettings& settings) {
  const Counter counter(settings);
  std::vector<Route> out;
  out.push_back(get("/v1/actions",
                    {one_of("state", kStates),
                     one_of("kind", kKinds),
                     any("model", "a model"),
                     any("stream", "a stream"),
                     one_of("open", {"true", "false"}),
                     {"after", "the id of an action", is_uuid},
                     limit()},
                    counter.handler([](Desk& desk, const Request& request) {
                      ActionFilter filter;
                      filter.state = parameter(request, "state");
                      filter.kind = parameter(request, "kind");
                      filter.model = parameter(request, "model");
                      filter.stream = parameter(request, "stream");
                      filter.after = parameter(request, "after");
                      if (const auto open = parameter(request, "open")) filter.open = *open == "true";
                      filter.limit = limit_of(request);
                      return desk.list(filter);
                    })));
  out.push_back(post(
      "/v1/actions", Role::expert,
      {choice("kind", {"retrain", "revalidate", "collect-data", "rollback"}),
       required("model", "the name of a loaded model", is_said),
       required("stream", "1 to 64 of A-Z a-z 0-9 _ . / [ ] -", [](const ordered_json& v) { return is_name(v, 1); }),
       reason(), required("proposal", "an object", [](const ordered_json& v) { return v.is_object(); }),
       optional("subject", "at most 64 of A-Z a-z 0-9 _ . / [ ] -",
                [](const ordered_json& v) { return is_name(v, 0); })},
      counter.handler([](Desk& desk, const Request& request) { return desk.propose(request.asker, request.body); })));
  out.push_back(get("/v1/actions/{id}", {},
                    counter.on_id([](Desk& desk, const Request& request) { return desk.show(request.id); })));
  const auto act = [&](const std::string& verb, Role role, std::vector<Field> fields) -> Route& {
    return out.emplace_back(post("/v1/actions/{id}/" + verb, role, std::move(fields),
                                 counter.on_id([verb](Desk& desk, const Request& request) {
                                   return desk.act(request.asker, request.id, verb, request.body);
                                 })));
  };
  const std::vector<std::string> until{"until", "for_s"};
  act("approve", Role::expert,
      {required("sha256", "64 hex digits, the request_sha256 of the action", is_sha256), any_reason()});
  act("reject", Role::expert, {reason()});
  act("retry", Role::expert, {reason(), sink()});
  act("discard", Role::expert, {reason(), sink()});
  act("claim", Role::pipeline, {required("run", "the name of the run", is_said), optional("url", "a text", is_text)});
  act("status", Role::pipeline,
      {choice("state", {"accepted", "running", "succeeded", "failed"}), any_reason(),
       optional("run", "a text", is_text), optional("url", "a text", is_text)});
  act("ack", Role::shifter, {any_reason()});
  act("shelve", Role::shifter, with(until_fields(settings.now_ms), {reason()})).exactly_one_of = until;

  out.push_back(get("/v1/alarms", {any("node", "a node")}, counter.handler([](Desk& desk, const Request& request) {
    return desk.alarms(parameter(request, "node").value_or(""));
  })));
  const auto act_on_alarms = [&](const std::string& verb, std::vector<Field> fields) -> Route& {
    return out.emplace_back(post("/v1/alarms/" + verb, Role::shifter, std::move(fields),
                                 counter.handler([verb](Desk& desk, const Request& request) {
                                   return desk.act_on_alarms(request.asker, verb, request.body);
                                 })));
  };
  act_on_alarms("ack", {node(), any_reason()});
  act_on_alarms("shelve", with({node(), reason()}, until_fields(settings.now_ms))).exactly_one_of = until;
  act_on_alarms("unshelve", {node(), any_reason()});

  out.push_back(get("/v1/audit",
                    {{"after", "a number of a row",
                      [](const std::string& text) { return whole(text) <= (1ull << 62) && whole(text); }},
                     limit()},
                    counter.handler([](Desk& desk, const Request& request) {
                      return desk.audit(whole(parameter(request, "after").value_or("0")).value_or(0),
                                        limit_of(request));
                    })));
  out.push_back(get("/v1/sinks", {}, counter.handler([](Desk& desk, const Request&) { return desk.sinks(); })));
  return out;
}

std::vector<Route> health_routes(std::function<std::vector<std::string>()> reasons) {
  Route health = get("/healthz", {}, [](const Request&) { return json_answer(200, {{"status", "ok"}}); });
  Route ready = get("/readyz", {}, [reasons = std::move(reasons)](const Request&) {
    const std::vector<std::string> why = reasons();
    return json_answer(why.empty() ? 200 : 503, {{"status", why.empty() ? "ready" : "not ready"}, {"reasons", why}});
  });
  for (Route* route : {&health, &ready}) {
    route->caching = Caching::never;
    route->is_quick = true;
  }
  std::vector<Route> out;
  out.push_back(std::move(health));
  out.push_back(std::move(ready));
  return out;
}

}  // namespace vigil::shift
