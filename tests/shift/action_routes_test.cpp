#include "shift/documents/action_routes.h"

#include <gmock/gmock.h>

#include "tests/shift/scripted_desk.h"

namespace vigil::shift {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kId = "01234567-89ab-cdef-0123-456789abcdef";

class ActionRoutes : public testing::Test {
 protected:
  Answer ask(const std::string& method, const std::string& path, Request request = {}, bool with_desk = true) {
    const RouteTable routes(action_routes({.desk = with_desk ? &desk : nullptr,
                                           .now_ms = [] { return std::int64_t{0}; },
                                           .log = [this](const std::string& fact) { said.push_back(fact); }}));
    const auto match = routes.find(method, path);
    if (match.route == nullptr) return {.status = 599};
    request.id = match.id;
    request.path = path;
    return match.route->handle(request);
  }
  ScriptedDesk desk;
  std::vector<std::string> said;
};

TEST_F(ActionRoutes, AskTheDesk) {
  const std::string id = kId;
  Request filtered;
  filtered.parameters = {{"state", "approved"}, {"kind", "retrain"}, {"model", "m"}, {"stream", "s"},
                         {"open", "false"},     {"after", id},       {"limit", "7"}};
  ask("GET", "/v1/actions", filtered);
  ask("GET", "/v1/actions");
  ask("GET", "/v1/actions/" + id);
  ask("GET", "/v1/alarms", {.parameters = {{"node", "m/s"}}});
  ask("GET", "/v1/audit", {.parameters = {{"after", "5"}}});
  ask("GET", "/v1/sinks");
  EXPECT_THAT(desk.calls, ElementsAre("list approved retrain m s closed " + id + " 7", "list - - - - - - 100",
                                      "show " + id, "alarms m/s", "audit 5 100", "sinks"));
}

TEST_F(ActionRoutes, TellTheDeskWhoAsks) {
  const std::string id = kId;
  Request request;
  request.asker = {.actor = "ann", .shifter = true, .expert = true, .pipeline = false};
  request.body = {{"reason", "r"}};
  for (const char* verb : {"approve", "reject", "retry", "discard", "claim", "status", "ack", "shelve"}) {
    ask("POST", "/v1/actions/" + id + "/" + verb, request);
    EXPECT_EQ(desk.calls.back(), std::string(verb) + " " + id + " ann shifter expert {\"reason\":\"r\"}");
  }
  for (const char* verb : {"ack", "shelve", "unshelve"}) {
    ask("POST", std::string("/v1/alarms/") + verb, request);
    EXPECT_EQ(desk.calls.back(), std::string("alarms/") + verb + " ann shifter expert {\"reason\":\"r\"}");
  }
  ask("POST", "/v1/actions", request);
  EXPECT_EQ(desk.calls.back(), "propose ann shifter expert {\"reason\":\"r\"}");
}

TEST_F(ActionRoutes, PassOnWhatTheDeskSays) {
  desk.answer = {.status = 201, .body = {{"b", 1}, {"a", 0.1}}, .problem = {}};
  Answer answer = ask("POST", "/v1/actions");
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, R"({"b":1,"a":0.1})");
  EXPECT_EQ(answer.content_type, "application/json");
  alerting::Problem problem;
  problem.name = "already-claimed";
  problem.status = 409;
  problem.detail = "claimed by \n x";
  problem.state = "running";
  problem.more = {{"claim", {{"run", "7"}}}};
  desk.answer = {.status = 409, .body = {}, .problem = problem};
  answer = ask("POST", std::string("/v1/actions/") + kId + "/claim");
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  const auto document = nlohmann::json::parse(answer.body);
  EXPECT_EQ(document["type"], "urn:vigil:problem:already-claimed");
  EXPECT_EQ(document["state"], "running");
  EXPECT_EQ(document["claim"]["run"], "7");
  EXPECT_THAT(document["detail"].get<std::string>(), Not(HasSubstr("\n")));
  EXPECT_NE(document["title"], "already-claimed");
}

TEST_F(ActionRoutes, AnIdThatIsNoneIsNotAskedFor) {
  for (const char* id : {"x", "..", "%2e%2e", "01234567-89AB-CDEF-0123-456789ABCDEF", "'%20or%201=1"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/actions/") + id).status, 404) << id;
    EXPECT_EQ(ask("POST", std::string("/v1/actions/") + id + "/approve").status, 404) << id;
  }
  EXPECT_THAT(desk.calls, testing::IsEmpty());
}

TEST_F(ActionRoutes, AreBusyWithoutADeskOrWhenItFails) {
  EXPECT_EQ(ask("GET", "/v1/sinks", {}, false).status, 503);
  desk.fails = true;
  const Answer answer = ask("GET", "/v1/sinks");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, Not(HasSubstr("/secret/path")));
  EXPECT_THAT(answer.headers, testing::Contains(testing::Pair("Retry-After", "5")));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said.front(), HasSubstr("disk full"));
}

TEST(HealthRoutes, SayWhyNotReady) {
  std::vector<std::string> reasons;
  const auto routes = health_routes([&] { return reasons; });
  EXPECT_EQ(routes[1].handle({}).body, R"({"status":"ready","reasons":[]})");
  reasons = {"journal: disk full"};
  const Answer answer = routes[1].handle({});
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, R"({"status":"not ready","reasons":["journal: disk full"]})");
  EXPECT_EQ(routes[0].handle({}).body, R"({"status":"ok"})");
}

}  // namespace
}  // namespace vigil::shift
