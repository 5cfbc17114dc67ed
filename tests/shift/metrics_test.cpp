#include "shift/metrics/metrics.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/shift/empty_record.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::Not;

class SomeRecord : public fixtures::EmptyRecord {
 public:
  std::vector<alerting::RecordedStream> streams() override { return {{"m", "hash", "s", 3, 7, facts}}; }
  std::string facts = "{}";
  std::vector<ActionTally> action_tallies() override { return {{"m", "s", "retrain", 2, 1}}; }
  std::map<std::string, std::uint64_t> pending_by_sink() override { return {{"gone", 4}}; }
  std::vector<alerting::RecordedLive> live() override {
    return {
        {"m", "s", 1,
         R"({"newest_lumisection_ns":1500000000000,"sources":{"a":{"newest_batch_ns":2500000000},"b":{"newest_batch_ns":null}}})"},
        {"", "", 1, "{}"},
        {"x", "y", 1, "no JSON"}};
  }
};

ordered_json status() {
  return {{"streams",
           {{{"model", "m"},
             {"stream", "s"},
             {"version", "v4"},
             {"model_hash", "hash"},
             {"firmware", "fw"},
             {"state", "bad"},
             {"run", 3},
             {"ls", 7},
             {"lag_s", 35.5},
             {"families", {{{"name", "score"}, {"state", "bad"}}, {{"name", "data"}, {"state", "shelved"}}}},
             {"rates",
              {{{"seed", "A"}, {"rate_hz", 10.5}, {"target_rate_hz", 10}},
               {{"seed", "B"}, {"rate_hz", 1.5}, {"target_rate_hz", nullptr}}}}}}},
          {"alarms", {{"raised", 2}, {"acknowledged", 1}, {"shelved", 0}}}};
}

struct Fixture {
  SomeRecord record;
  PipelineSnapshot pipeline;
  ordered_json document = status();
  std::shared_ptr<MetricsBoard> board;
  explicit Fixture(ordered_json shown = status()) : document(std::move(shown)) {
    Outlook outlook;
    outlook.record = &record;
    outlook.version = "1.2.0";
    outlook.pipeline = [this] { return pipeline; };
    board = std::make_shared<MetricsBoard>(outlook, MetricsSources{.status = [this] { return document; },
                                                                   .server =
                                                                       [] {
                                                                         ServerCounts counts;
                                                                         counts.refused_host = 3;
                                                                         counts.open_streams = 2;
                                                                         counts.answers = {{200, 5}, {500, 1}};
                                                                         return counts;
                                                                       },
                                                                   .windows = {"10ls"},
                                                                   .sinks = {"queue"}});
  }
};

TEST(Metrics, OneOfTheSixStatesIsOne) {
  Fixture f;
  const std::string text = f.board->text();
  EXPECT_THAT(text, HasSubstr("vigil_state{model=\"m\",stream=\"s\",family=\"all\",state=\"bad\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("vigil_state{model=\"m\",stream=\"s\",family=\"data\",state=\"shelved\"} 1\n"));
  std::size_t ones = 0, all = 0;
  for (std::size_t at = text.find("vigil_state{"); at != std::string::npos; at = text.find("vigil_state{", at + 1)) {
    const std::string sample = text.substr(at, text.find('\n', at) - at);
    ++all;
    ones += sample.ends_with(" 1");
  }
  EXPECT_EQ(ones, 3u);
  EXPECT_EQ(all, 18u);
}

TEST(Metrics, WhatIsNotKnownIsNotTold) {
  Fixture f;
  std::string text = f.board->text();
  EXPECT_THAT(text, HasSubstr("vigil_seed_target_hertz{model=\"m\",stream=\"s\",seed=\"A\"} 10\n"));
  EXPECT_THAT(text, Not(HasSubstr("vigil_seed_target_hertz{model=\"m\",stream=\"s\",seed=\"B\"}")));
  EXPECT_THAT(text, HasSubstr("vigil_data_lag_seconds{model=\"m\",stream=\"s\"} 35.5\n"));
  EXPECT_THAT(text,
              HasSubstr("vigil_source_last_batch_timestamp_seconds{model=\"m\",stream=\"s\",source=\"a\"} 2.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("vigil_source_last_batch_timestamp_seconds{model=\"m\",stream=\"s\",source=\"b\"}")));
  EXPECT_THAT(text, HasSubstr("vigil_last_close_timestamp_seconds{model=\"m\",stream=\"s\"} 1500\n"));
  Fixture none;
  none.document["streams"][0]["lag_s"] = nullptr;
  EXPECT_THAT(none.board->text(), Not(HasSubstr("vigil_data_lag_seconds")));
}

TEST(Metrics, JudgingBeginsWithTheReference) {
  for (const auto& [facts, judging] :
       {std::pair{R"({"reference":{"learned":19,"wanted":20}})", "0"},
        {R"({"reference":{"learned":20,"wanted":20}})", "1"},
        {R"({"reference":{"learned":20,"wanted":20,"known":false}})", "0"},  // too few events yet
        {R"({"reference":{"learned":0,"wanted":0,"known":true}})", "1"},
        {"{}", "0"}}) {
    Fixture f;
    f.record.facts = facts;
    EXPECT_THAT(f.board->text(), HasSubstr(std::string("vigil_judging{model=\"m\",stream=\"s\"} ") + judging + "\n"))
        << facts;
  }
}

TEST(Metrics, EverythingThatHasANameIsThereFromTheStart) {
  SomeRecord record;
  Outlook outlook;
  outlook.record = &record;
  const std::string text = MetricsBoard(outlook, {.windows = {"10ls"}, .sinks = {"queue"}}).text();
  for (const char* sample :
       {"vigil_rejections_total{cause=\"clock jump\"} 0\n", "vigil_stage_frames_total{stage=\"journal\"} 0\n",
        "vigil_http_refused_total{reason=\"slow\"} 0\n", "vigil_http_requests_total{code=\"429\"} 0\n",
        "vigil_journal_commit_seconds_count 0\n", "vigil_deliveries_pending{sink=\"queue\"} 0\n",
        "vigil_deliveries_pending{sink=\"gone\"} 4\n",
        "vigil_actions_open{model=\"m\",stream=\"s\",kind=\"notify\"} 0\n",
        "vigil_actions_open{model=\"m\",stream=\"s\",kind=\"retrain\"} 2\n",
        "vigil_actions_proposed{model=\"m\",stream=\"s\",kind=\"retrain\"} 1\n",
        "vigil_windows_total{model=\"m\",stream=\"s\",window=\"10ls\",quality=\"unknown\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

TEST(Metrics, PipelineSinksAndServer) {
  Fixture f;
  f.pipeline.rejections = {{"not msgpack", 3}};
  f.pipeline.stages = {{"emulate", {1.5, 20}}};
  f.pipeline.emulator_failures = {{"m", 2}};
  f.pipeline.sinks = {{"queue", {.is_up = false, .delivered = 4, .rejected = 3, .expired = 2, .retried = 1}}};
  const std::string text = f.board->text();
  for (const char* sample :
       {"vigil_rejections_total{cause=\"not msgpack\"} 3\n", "vigil_stage_busy_seconds_total{stage=\"emulate\"} 1.5\n",
        "vigil_stage_frames_total{stage=\"emulate\"} 20\n", "vigil_emulator_failures_total{model=\"m\"} 2\n",
        "vigil_sink_up{sink=\"queue\"} 0\n", "vigil_deliveries_total{sink=\"queue\",result=\"delivered\"} 4\n",
        "vigil_deliveries_total{sink=\"queue\",result=\"rejected\"} 3\n",
        "vigil_deliveries_total{sink=\"queue\",result=\"expired\"} 2\n",
        "vigil_deliveries_total{sink=\"queue\",result=\"retry\"} 1\n", "vigil_http_streams 2\n",
        "vigil_http_refused_total{reason=\"host\"} 3\n", "vigil_http_requests_total{code=\"500\"} 1\n",
        "vigil_alarms{state=\"raised\"} 2\n", "vigil_build_info{version=\"1.2.0\"} 1\n",
        "vigil_model_info{model=\"m\",stream=\"s\",version=\"v4\",hash=\"hash\",firmware=\"fw\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

TEST(Metrics, TheRouteAnswersTextThatNobodyKeeps) {
  Fixture f;
  const auto routes = metrics_routes(f.board);
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].pattern, "/metrics");
  EXPECT_EQ(routes[0].caching, Caching::never);
  const Answer answer = routes[0].handle({});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(answer.body.back(), '\n');
}

}  // namespace
}  // namespace vigil::shift
