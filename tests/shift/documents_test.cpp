#include <gmock/gmock.h>

#include "shift/documents/document_routes.h"
#include "shift/documents/openapi.h"
#include "shift/documents/schema_shape.h"
#include "tests/shift/record_fake.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

class DocumentRoutes : public testing::Test {
 protected:
  DocumentRoutes() {
    outlook.record = &record;
    outlook.windows = {"10ls"};
    outlook.now_ns = [] { return std::int64_t{1'790'000'000'000'000'000}; };
    record.all_streams = {{"m", "h", "s", 1, 3, "{}"}};
    for (std::uint32_t ls = 1; ls <= 3; ++ls) record.lumisection(1, ls);
  }
  Answer ask(const std::string& path, const std::string& query = "") {
    for (const Route& route : routes) {
      if (route.pattern != path) continue;
      Request request;
      request.path = path;
      try {
        request.parameters = parse_query(query, route.parameters);
        return route.handle(request);
      } catch (const BadRequest& bad) {
        return problem_answer("bad-request", bad.detail);
      }
    }
    throw std::out_of_range(path);
  }
  ordered_json get(const std::string& path, const std::string& query = "") {
    const Answer answer = ask(path, query);
    EXPECT_EQ(answer.status, 200) << path << " " << query << " " << answer.body;
    return ordered_json::parse(answer.body);
  }
  std::string detail(int status, const std::string& path, const std::string& query) {
    const Answer answer = ask(path, query);
    EXPECT_EQ(answer.status, status) << path << " " << query << " " << answer.body;
    return ordered_json::parse(answer.body)["detail"];
  }
  std::vector<std::uint32_t> ls_of(const ordered_json& page) {
    std::vector<std::uint32_t> out;
    for (const auto& line : page["items"]) out.push_back(line["ls"]);
    return out;
  }

  RecordFake record;
  Outlook outlook;
  Documents documents{outlook};
  std::vector<Route> routes = documents.routes();
};

TEST_F(DocumentRoutes, PagesNeitherRepeatNorSkipWhileLinesAreAdded) {
  for (std::uint32_t ls = 4; ls <= 10; ++ls) record.lumisection(1, ls);
  std::uint32_t added = 100;
  for (const std::string order : {"desc", "asc"}) {
    std::vector<std::uint32_t> seen;
    std::string after;
    for (int page = 0; page < 20; ++page) {
      const ordered_json document = get("/v1/lumisections", "limit=2&order=" + order + after);
      for (const std::uint32_t ls : ls_of(document)) seen.push_back(ls);
      if (document["next"].is_null()) break;
      after = "&after=" + document["next"].get<std::string>();
      if (page < 3) record.lumisection(1, added++);
    }
    std::vector<std::uint32_t> sorted = seen;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end()) << order;
    for (std::uint32_t ls = 1; ls <= 10; ++ls) EXPECT_THAT(seen, testing::Contains(ls)) << order;
  }
  EXPECT_EQ(get("/v1/lumisections", "limit=1000")["next"], nullptr);
}

TEST_F(DocumentRoutes, ItemsAreTheLinesByteForByte) {
  record.window("10ls", 1, 1, 3, Quality::bad, {{"coverage", 1e-05}});
  const std::string line = record.tables[RecordFake::Table::windows].back().line;
  EXPECT_EQ(ask("/v1/windows").body, R"({"items":[)" + line + R"(],"next":null})");
  EXPECT_EQ(get("/v1/windows", "quality=good,medium")["items"].size(), 0u);
  EXPECT_EQ(get("/v1/windows", "quality=good,bad&window=10ls")["items"].size(), 1u);
  EXPECT_EQ(get("/v1/windows", "window=none&model=nobody")["items"].size(), 0u);
}

TEST_F(DocumentRoutes, SayWhatIsWrongWithASelector) {
  EXPECT_THAT(detail(404, "/v1/bx", "model=x"), HasSubstr("model: \"x\", expected one of m"));
  EXPECT_THAT(detail(404, "/v1/bx", "stream=x"), HasSubstr("stream: \"x\", expected one of s"));
  EXPECT_THAT(detail(404, "/v1/bx", "window=x"), HasSubstr("window: \"x\", expected one of 10ls"));
  EXPECT_THAT(detail(404, "/v1/bx", "run=9"), HasSubstr("run: 9"));
  EXPECT_THAT(detail(404, "/v1/bx", "ls=9"), HasSubstr("ls: 9"));
  EXPECT_THAT(detail(404, "/v1/bx", ""), HasSubstr("none has closed yet"));
  EXPECT_EQ(detail(400, "/v1/bx", "ls=x"), "ls: \"x\", expected 1..16384");
  EXPECT_EQ(detail(400, "/v1/verdicts", "first_ls=5&last_ls=4"), "first_ls: 5, expected at most last_ls, 4");
  EXPECT_THAT(detail(400, "/v1/trend", ""), HasSubstr("monitor: missing"));
  for (const char* query : {"rate_hz=0", "rate_hz=-1", "rate_hz=nan", "rate_hz=inf", "rate_hz=1x", "rate_hz="}) {
    EXPECT_THAT(detail(400, "/v1/rate-curve", std::string("seed=a&") + query), HasSubstr("rate_hz")) << query;
  }
  record.all_streams.push_back({"m", "h", "t", 1, 1, "{}"});
  EXPECT_THAT(detail(400, "/v1/bx", ""), HasSubstr("stream: missing, expected one of s, t"));
  record.all_streams.push_back({"n", "h2", "s", 1, 1, "{}"});
  EXPECT_THAT(detail(400, "/v1/bx", ""), HasSubstr("model: missing, expected one of m, n"));
  EXPECT_THAT(detail(400, "/v1/bx", "stream=s"), HasSubstr("model: missing"));
  EXPECT_EQ(ask("/v1/bx", "model=n").status, 404) << "one stream, and no window of it";
  record.all_streams.clear();
  EXPECT_THAT(detail(404, "/v1/bx", ""), HasSubstr("none has a lumisection yet"));
}

TEST_F(DocumentRoutes, AWindowWhoseSummaryWasGivenUpIsGone) {
  alerting::RecordedWindow window;
  window.row = RecordFake::row_of("s", 1, 1, 3);
  window.row.window = "10ls";
  window.given_up = true;
  record.all_windows = {window};
  EXPECT_THAT(detail(410, "/v1/bx", ""), HasSubstr("window 10ls of m s run 1 LS 1-3"));
  record.all_windows[0].given_up = false;
  EXPECT_THAT(detail(404, "/v1/bx", ""), HasSubstr("no summary"));
}

TEST_F(DocumentRoutes, ATrendIsOneStatisticOfARun) {
  record.verdict("10ls", "score", "ks", 1, 1, 2, Quality::good,
                 {{"value", 0.1}, {"p_value", nullptr}, {"limit", 0.2}, {"reason", ""}});
  record.verdict("10ls", "score", "psi", 1, 1, 2, Quality::bad);
  record.verdict("10ls", "score2", "chi2", 1, 1, 2, Quality::bad);
  record.verdict("10ls", "score", "ks", 1, 2, 3, Quality::medium);
  record.verdict("10ls", "score", "ks", 2, 1, 2, Quality::medium);
  record.all_marks = {{1, "m", "s", 1, 2, "menu", {}, "v1"}, {2, "m", "s", 1, 3, "menu", "v1", "v2"}};
  ordered_json trend = get("/v1/trend", "monitor=score");
  EXPECT_EQ(trend["statistic"], "ks");
  ASSERT_EQ(trend["points"].size(), 2u);
  EXPECT_EQ(trend["points"][0].dump(),
            R"({"first_ls":1,"last_ls":2,"quality":"good","value":0.1,"p_value":null,"limit":0.2,"reason":""})");
  EXPECT_EQ(trend["marks"].size(), 2u);
  EXPECT_EQ(trend["marks"][0].dump(), R"({"ls":2,"kind":"menu","from":null,"to":"v1"})");
  trend = get("/v1/trend", "monitor=score&first_ls=3&statistic=ks");
  EXPECT_EQ(trend["points"].size(), 1u);
  EXPECT_EQ(trend["marks"].size(), 1u);
  EXPECT_THAT(detail(404, "/v1/trend", "monitor=score&statistic=x"), HasSubstr("expected one of ks, psi"));
  EXPECT_THAT(detail(404, "/v1/trend", "monitor=x"), HasSubstr("monitor: \"x\""));
}

TEST_F(DocumentRoutes, RunsHaveTheQualityOfTheirWindows) {
  record.window("10ls", 1, 1, 2, Quality::good);
  record.window("2ls", 1, 2, 2, Quality::bad);
  record.lumisection(2, 1);
  record.all_streams[0].run = 2;
  record.all_streams[0].facts =
      R"({"runs":{"1":{"fill":9000,"run_start_ns":1790000000000000000},"2":{"fill":null,"run_start_ns":null}}})";
  const ordered_json runs = get("/v1/runs")["runs"];
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0]["run"], 2);
  EXPECT_EQ(runs[0]["fill"], nullptr);
  EXPECT_EQ(runs[1]["fill"], 9000);
  EXPECT_EQ(runs[1]["start"], "2026-09-21T14:13:20.000Z");
  EXPECT_EQ(runs[1]["quality"].dump(), R"({"good":1,"medium":0,"bad":1,"unknown":1})");
  EXPECT_EQ(runs[1]["ranges"].dump(), R"([[1,1,"good"],[2,2,"bad"],[3,3,"unknown"]])");
  EXPECT_EQ(get("/v1/runs", "first_ls=2")["runs"].size(), 1u);
  EXPECT_EQ(get("/v1/runs", "run=7")["runs"].size(), 0u);
}

TEST_F(DocumentRoutes, SourcesKnowHowFarTheyAreBehind) {
  record.lumisection(
      1, 4, {{"sources", {{"a", {{"batches", 3}, {"late", 1}}}, {"b", {{"batches", 0}, {"silent_since_ls", 2}}}}}});
  record.all_live = {
      {"m", "s", 1, R"({"sources":{"a":{"newest_batch_ns":1789999999000000000,"run":1,"ls":5,"orbit":1050000},
    "b":{"newest_batch_ns":1789999000000000000,"run":1,"ls":2,"orbit":500000,"silent_since":{"run":1,"ls":2}}}})"}};
  const ordered_json sources = get("/v1/sources")["sources"];
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0]["behind_orbits"], 0);
  EXPECT_EQ(sources[0]["age_s"], 1.0);
  EXPECT_EQ(sources[0]["state"], "medium");
  EXPECT_EQ(sources[0]["totals"]["late"], 1);
  EXPECT_EQ(sources[1]["behind_orbits"], 550000);
  EXPECT_EQ(sources[1]["in_set"], false);
  EXPECT_EQ(sources[1]["state"], "stale");
  EXPECT_EQ(sources[1]["newest"]["silent_since_ls"], 2);
}

TEST_F(DocumentRoutes, AnAnswerIsMadeOnceUntilSomethingIsCommitted) {
  record.window("10ls", 1, 1, 3, Quality::bad);
  ask("/v1/runs");
  record.row_reads = 0;
  for (int i = 0; i < 50; ++i) ask("/v1/runs");
  EXPECT_EQ(record.row_reads, 0);
  ask("/v1/runs", "run=1");
  EXPECT_GT(record.row_reads, 0) << "another question";
  record.lumisection(1, 4);
  EXPECT_EQ(get("/v1/runs")["runs"][0]["last_ls"], 4);
}

TEST_F(DocumentRoutes, WithoutAJournalTheyAreBusy) {
  outlook.record = nullptr;
  for (const Route& route : routes) {
    const Answer answer = ask(route.pattern, route.pattern == "/v1/trend" ? "monitor=x" : "");
    EXPECT_EQ(answer.status, 503) << route.pattern;
  }
}

TEST(SchemaShape, ReadsAsItLooks) {
  const ordered_json schema = schema_of(ordered_json::parse(
      R"({"a":"string","b?":"number?","c":["#Line"],"d":"=x|y","e":{"*":"integer"},"f":"#Line?","g":"any"})"));
  EXPECT_EQ(schema["required"].dump(), R"(["a","c","d","e","f","g"])");
  EXPECT_EQ(schema["properties"]["b"].dump(), R"({"type":["number","null"]})");
  EXPECT_EQ(schema["properties"]["c"].dump(), R"({"type":"array","items":{"$ref":"#/components/schemas/Line"}})");
  EXPECT_EQ(schema["properties"]["d"].dump(), R"({"type":"string","enum":["x","y"]})");
  EXPECT_EQ(schema["properties"]["e"]["additionalProperties"].dump(), R"({"type":"integer"})");
  EXPECT_EQ(schema["properties"]["f"]["anyOf"].size(), 2u);
  EXPECT_TRUE(schema["properties"]["g"].empty());
}

// Every $ref leads somewhere, and every path of the table is described.
TEST_F(DocumentRoutes, TheDescriptionIsWhole) {
  const ordered_json document = openapi_document(routes, "1.2.0");
  for (const Route& route : routes) {
    const ordered_json& operation = document["paths"][route.pattern]["get"];
    EXPECT_EQ(operation["parameters"].size(), route.parameters.size()) << route.pattern;
    EXPECT_TRUE(operation["responses"]["200"]["content"].contains("application/json")) << route.pattern;
  }
  const std::function<void(const ordered_json&)> look = [&](const ordered_json& value) {
    if (value.is_object() && value.contains("$ref")) {
      const std::string name = value["$ref"].get<std::string>().substr(21);
      EXPECT_TRUE(document["components"]["schemas"].contains(name)) << name;
    }
    if (value.is_structured()) {
      for (const auto& inner : value) look(inner);
    }
  };
  look(document);
}

}  // namespace
}  // namespace vigil::shift
