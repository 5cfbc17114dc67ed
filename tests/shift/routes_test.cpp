#include "shift/server/routes.h"

#include <gmock/gmock.h>

#include "shift/documents/action_routes.h"

namespace vigil::shift {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RouteTable table() {
  return RouteTable({{.method = "GET", .pattern = "/a", .handle = {}},
                     {.method = "POST", .pattern = "/a", .handle = {}},
                     {.method = "GET", .pattern = "/a/{id}", .handle = {}},
                     {.method = "POST", .pattern = "/a/{id}/do", .handle = {}}});
}

TEST(Routes, AreFoundByMethodAndPath) {
  const RouteTable routes = table();
  EXPECT_EQ(routes.find("GET", "/a").route, &routes.all()[0]);
  EXPECT_EQ(routes.find("HEAD", "/a").route, &routes.all()[0]);
  EXPECT_EQ(routes.find("POST", "/a").route, &routes.all()[1]);
  EXPECT_EQ(routes.find("GET", "/a/x").id, "x");
  EXPECT_EQ(routes.find("POST", "/a/%78%2f/do").id, "x/");
  EXPECT_EQ(routes.find("DELETE", "/a").route, nullptr);
  EXPECT_THAT(routes.find("DELETE", "/a").allowed, ElementsAre("GET", "HEAD", "POST"));
  EXPECT_THAT(routes.find("GET", "/a/x/do").allowed, ElementsAre("POST"));
  for (const char* path :
       {"", "/", "a", "/a/", "//a", "/a//do", "/a/x/do/", "/A", "/a%", "/a%2", "/a%zz", "*", "/a/..", "/a%00"}) {
    const auto match = routes.find("GET", path);
    if (std::string(path) == "/a/..") {
      EXPECT_EQ(match.id, "..");  // an id like any other: no UUID, so not found
    } else {
      EXPECT_THAT(match.allowed, IsEmpty()) << path;
    }
  }
}

// Each row can be reached, once, by its own method.
TEST(Routes, OfActionsAreEachTheirOwn) {
  const RouteTable routes(action_routes({}));
  EXPECT_EQ(routes.all().size(), 17u);
  for (const Route& route : routes.all()) {
    std::string path = route.pattern;
    if (const auto at = path.find("{id}"); at != std::string::npos)
      path.replace(at, 4, "01234567-89ab-cdef-0123-456789abcdef");
    EXPECT_EQ(routes.find(route.method, path).route, &route) << route.method << " " << path;
    EXPECT_EQ(route.method == "POST", route.role != Role::anyone) << path;
    EXPECT_EQ(route.method == "POST", !route.fields.empty()) << path;
  }
}

std::string refusal(const std::string& query) {
  const std::vector<Parameter> parameters{{"n", "1..9", [](const std::string& s) { return s.size() == 1 && s >= "1"; }},
                                          {"name", "a name", [](const std::string&) { return true; }}};
  try {
    (void)parse_query(query, parameters);
  } catch (const BadRequest& bad) {
    return bad.detail;
  }
  return {};
}

TEST(Query, IsDecodedAndStrict) {
  const std::vector<Parameter> any{{"name", "a name", [](const std::string&) { return true; }}};
  EXPECT_EQ(parse_query("name=a%2Fb%5B0%5D+c%2B%c3%a9", any).at("name"), "a/b[0] c+é");
  EXPECT_EQ(parse_query("&name=&", any).at("name"), "");
  EXPECT_EQ(parse_query("name", any).at("name"), "");
  EXPECT_EQ(parse_query("name=a=b", any).at("name"), "a=b");
  EXPECT_EQ(refusal("n=0"), "n: \"0\", expected 1..9");
  EXPECT_EQ(refusal("n=1&n=1"), "n: given twice, expected once");
  EXPECT_EQ(refusal("m=1"), "m: unknown parameter, expected one of: n, name");
  for (const char* bad : {"name=%", "name=%0", "name=%gg", "name=%ff", "name=%00", "%00=1", "%=1", "=1", "n=", "n"}) {
    EXPECT_NE(refusal(bad), "") << bad;
  }
}

TEST(Uuid, IsLowerCaseHexWithDashes) {
  EXPECT_TRUE(is_uuid("01234567-89ab-cdef-0123-456789abcdef"));
  for (const char* bad : {"", "01234567-89AB-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcde",
                          "01234567-89ab-cdef-0123-456789abcdeff", "0123456789abcdef0123456789abcdef0000",
                          "01234567-89ab-cdef-0123_456789abcdef"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
  }
}

}  // namespace
}  // namespace vigil::shift
