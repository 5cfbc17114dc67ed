// What bodies may hold: parse_body, the fields of every POST, and times.
#include <gmock/gmock.h>

#include "shift/documents/action_routes.h"
#include "shift/server/instant.h"

namespace vigil::shift {
namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'000;  // 2027-01-15T08:00:00Z
const std::string kSha256(64, 'a');

// Why a body is refused; empty: it is not.
std::string refusal(const std::string& pattern, const std::string& body) {
  for (const Route& route : action_routes({.desk = nullptr, .now_ms = [] { return kNowMs; }, .log = {}})) {
    if (route.method != "POST" || route.pattern != pattern) continue;
    try {
      (void)parse_body(body, route);
      return {};
    } catch (const BadRequest& bad) {
      return bad.detail;
    }
  }
  return "no such route";
}

struct Case {
  std::string pattern;
  std::vector<std::string> right, wrong;
};

TEST(Fields, OfEveryPost) {
  const std::string id = "/v1/actions/{id}/";
  const std::string proposal =
      R"("kind":"retrain","model":"m","stream":"scouting/jets[0].pt-x_y","reason":"r","proposal":{})";
  const std::vector<Case> cases{
      {"/v1/actions",
       {"{" + proposal + "}", "{" + proposal + R"(,"subject":"a"})", "{" + proposal + R"(,"subject":""})"},
       {"{}", "{" + proposal + R"(,"subject":"a b"})", "{" + proposal + R"(,"cause":"person"})",
        R"({"kind":"notify","model":"m","stream":"s","reason":"r","proposal":{}})",
        R"({"kind":"retrain","model":"","stream":"s","reason":"r","proposal":{}})",
        R"({"kind":"retrain","model":"m","stream":"","reason":"r","proposal":{}})",
        R"({"kind":"retrain","model":"m","stream":"sé","reason":"r","proposal":{}})",
        R"({"kind":"retrain","model":"m","stream":")" + std::string(65, 's') + R"(","reason":"r","proposal":{}})",
        R"({"kind":"retrain","model":"m","stream":"s","reason":" ","proposal":{}})",
        R"({"kind":"retrain","model":"m","stream":"s","reason":"r","proposal":[]})"}},
      {id + "approve",
       {R"({"sha256":")" + kSha256 + "\"}", R"({"sha256":")" + kSha256 + R"(","reason":""})"},
       {"{}", R"({"sha256":null})", R"({"sha256":"a"})", R"({"sha256":")" + std::string(64, 'A') + "\"}"}},
      {id + "reject",
       {R"({"reason":"r"})"},
       {"{}", R"({"reason":""})", R"({"reason":1})", R"({"reason":"r","sink":"s"})"}},
      {id + "retry", {R"({"reason":"r"})", R"({"reason":"r","sink":"s"})"}, {"{}", R"({"reason":"r","sink":""})"}},
      {id + "discard", {R"({"reason":"r"})", R"({"reason":"r","sink":"s"})"}, {"{}", R"({"sink":"s"})"}},
      {id + "claim", {R"({"run":"7"})", R"({"run":"7","url":"https://x"})"}, {"{}", R"({"run":7})", R"({"run":""})"}},
      {id + "status",
       {R"({"state":"running"})", R"({"state":"failed","reason":"r","run":"7","url":"u"})"},
       {"{}", R"({"state":"approved"})", R"({"state":"running","run":7})"}},
      {id + "ack", {"{}", R"({"reason":"r"})"}, {R"({"reason":[]})", R"({"node":"n"})"}},
      {id + "shelve",
       {R"({"for_s":1,"reason":"r"})", R"({"for_s":31536000,"reason":"r"})", R"({"for_s":3600.0,"reason":"r"})",
        R"({"until":"2027-01-15T08:00:01Z","reason":"r"})", R"({"until":"2028-01-15T08:00:00Z","reason":"r"})"},
       {"{}", R"({"for_s":1})", R"({"reason":"r"})", R"({"for_s":0,"reason":"r"})", R"({"for_s":-1,"reason":"r"})",
        R"({"for_s":1.5,"reason":"r"})", R"({"for_s":1e300,"reason":"r"})", R"({"for_s":31536001,"reason":"r"})",
        R"({"for_s":"1","reason":"r"})", R"({"for_s":true,"reason":"r"})",
        R"({"for_s":1,"until":"2027-01-15T08:00:01Z","reason":"r"})",
        R"({"until":"2027-01-15T08:00:00.999Z","reason":"r"})", R"({"until":"2028-01-15T08:00:00.001Z","reason":"r"})",
        R"({"until":"2027-01-16T08:00:00+00:00","reason":"r"})", R"({"until":"tomorrow","reason":"r"})",
        R"({"until":1800000001,"reason":"r"})"}},
      {"/v1/alarms/ack",
       {R"({"node":"m/s"})", R"({"node":"m","reason":"r"})"},
       {"{}", R"({"node":""})", R"({"node":"m","for_s":1})"}},
      {"/v1/alarms/shelve",
       {R"({"node":"m","for_s":60,"reason":"r"})"},
       {R"({"node":"m","for_s":60})", R"({"node":"m","reason":"r"})"}},
      {"/v1/alarms/unshelve", {R"({"node":"m"})"}, {"{}", R"({"node":"m","until":"2027-01-16T08:00:00Z"})"}},
  };
  for (const Case& one : cases) {
    for (const std::string& body : one.right) EXPECT_EQ(refusal(one.pattern, body), "") << one.pattern << " " << body;
    for (const std::string& body : one.wrong) {
      EXPECT_NE(refusal(one.pattern, body), "") << one.pattern << " " << body;
      EXPECT_NE(refusal(one.pattern, body), "no such route") << one.pattern;
    }
  }
}

TEST(Body, IsOneStrictObject) {
  const std::string ack = "/v1/actions/{id}/ack";
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"), std::string("\"x\""),
        std::string("{} x"), std::string(R"({"reason":"a","reason":"a"})"), std::string("{\"reason\":\"\xff\"}"),
        std::string(60000, '['), std::string(R"({"reason":)") + std::string(40, '[') + std::string(40, ']') + "}",
        std::string("\0{}", 3), std::string("{'a':1}")}) {
    EXPECT_NE(refusal(ack, bad), "") << bad.substr(0, 50);
  }
  EXPECT_EQ(refusal(ack, "\xef\xbb\xbf{\"reason\":\"\\u0000\"}"), "");
  EXPECT_EQ(refusal(ack, R"({"colour":1})"), "colour: unknown key, expected one of: reason");
  EXPECT_EQ(refusal("/v1/actions/{id}/claim", R"({"run":7})"), "run: 7, expected the name of the run");
  EXPECT_EQ(refusal("/v1/actions/{id}/reject", "{}"), "reason: missing, expected a text that says why");
}

TEST(Instant, IsRfc3339InUtc) {
  EXPECT_EQ(parse_instant_ms("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_instant_ms("2027-01-15T08:00:00Z"), kNowMs);
  EXPECT_EQ(parse_instant_ms("2027-01-15T08:00:00.5Z"), kNowMs + 500);
  EXPECT_EQ(parse_instant_ms("2027-01-15T08:00:00.123456789Z"), kNowMs + 123);
  EXPECT_EQ(parse_instant_ms("2028-02-29T23:59:60Z"), parse_instant_ms("2028-03-01T00:00:00Z"));
  for (const char* bad :
       {"", "2027-01-15", "2027-01-15T08:00:00", "2027-01-15T08:00:00z", "2027-01-15t08:00:00Z", "2027-01-15 08:00:00Z",
        "2027-01-15T08:00:00+00:00", "2027-13-01T00:00:00Z", "2027-02-29T00:00:00Z", "2027-01-00T00:00:00Z",
        "2027-01-15T24:00:00Z", "2027-01-15T08:60:00Z", "2027-01-15T08:00:61Z", "2027-01-15T08:00:00.Z",
        "2027-01-15T08:00:00.xZ", "1969-12-31T23:59:59Z", "-027-01-15T08:00:00Z", "2027-01-15T8:00:00Z0"}) {
    EXPECT_EQ(parse_instant_ms(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace vigil::shift
