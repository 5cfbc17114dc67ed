// What a configuration may say of a sink, and that a sink is one file and one row of sinks.def.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "alerting/sinks.h"
#include "core/error.h"

namespace vigil::alerting {
namespace {

namespace fs = std::filesystem;

GivenKey given(const std::string& key, const std::string& value) { return {key, "watch.yaml:3", {value}}; }
GivenKey given(const std::string& key, const std::vector<std::string>& values) {
  return {key, "watch.yaml:3", values, true};
}
std::string refusal(const std::vector<GivenKey>& keys) {
  try {
    (void)read_sink(keys, "watch.yaml:2");
  } catch (const Error& error) {
    return error.what();
  }
  return "not refused";
}

TEST(SinkSettings, DefaultsAreTheTypes) {
  const SinkSettings pipeline = read_sink({given("endpoint", "tcp://a:1"), given("type", "zeromq")}, "w");
  EXPECT_EQ(pipeline.routing.when, SendWhen::approved);
  EXPECT_EQ(pipeline.number("reply_timeout_ms"), 5000);
  EXPECT_TRUE(pipeline.routing.kinds.empty());
  EXPECT_EQ(named({pipeline}, "w").at(0).name, "zeromq");
  EXPECT_EQ(read_sink({given("type", "file"), given("path", "a.jsonl")}, "w").routing.when, SendWhen::proposed);
}

TEST(SinkSettings, WhatIsGivenIsRead) {
  const SinkSettings sink =
      read_sink({given("type", "zeromq"), given("name", "retraining"), given("endpoint", "tcp://a:1"),
                 given("reply_timeout_ms", "250"), given("kinds", std::vector<std::string>{"retrain", "rollback"}),
                 given("models", "axo*"), given("when", "proposed")},
                "w");
  EXPECT_EQ(sink.name, "retraining");
  EXPECT_EQ(sink.text("endpoint"), "tcp://a:1");
  EXPECT_EQ(sink.number("reply_timeout_ms"), 250);
  EXPECT_EQ(sink.routing.kinds, (std::vector<ActionKind>{ActionKind::retrain, ActionKind::rollback}));
  EXPECT_EQ(sink.routing.models, std::vector<std::string>{"axo*"});
  EXPECT_EQ(sink.routing.when, SendWhen::proposed);
}

TEST(SinkSettings, WhatIsWrongIsNamed) {
  const GivenKey type = given("type", "zeromq"), endpoint = given("endpoint", "tcp://a:1");
  EXPECT_EQ(refusal({endpoint}), "watch.yaml:2: a sink without type, expected type, one that `vigil list` shows");
  EXPECT_EQ(refusal({given("type", "fax")}),
            "watch.yaml:3: unknown sink 'fax', expected one of log, file, zeromq, webhook, "
            "kubeflow, gitlab, argo, alertmanager, mlflow" +
                std::string(sink_catalogue().back().name == "kafka" ? ", kafka" : ""));
  EXPECT_EQ(refusal({type}),
            "watch.yaml:2: sink 'zeromq' has no key 'endpoint', expected what the pipeline binds, "
            "like tcp://127.0.0.1:6000");
  EXPECT_EQ(refusal({type, endpoint, given("path", "x")}),
            "watch.yaml:3: unknown key 'path' of a sink of type zeromq, expected one of type, name, kinds, models, "
            "when, dry_run, first_back_off_ms, longest_back_off_ms, breaker_failures, breaker_open_s, endpoint, "
            "reply_timeout_ms");
  for (const std::string value : {"0", "600001", "5s", "-1", "1e3", ""}) {
    EXPECT_EQ(refusal({type, endpoint, given("reply_timeout_ms", value)}),
              "watch.yaml:3: key 'reply_timeout_ms': '" + value + "', expected a whole number from 1 to 600000");
  }
  EXPECT_NE(refusal({type, endpoint, given("when", "later")}).find("'later', expected proposed or approved"),
            std::string::npos);
  EXPECT_NE(
      refusal({type, endpoint, given("kinds", "retrain, notify")}).find("expected some of retrain, threshold-adjust"),
      std::string::npos);
  EXPECT_NE(refusal({type, endpoint, given("kinds", std::vector<std::string>{})}).find("at least one kind"),
            std::string::npos);
  EXPECT_NE(refusal({type, endpoint, given("name", std::vector<std::string>{"a"})}).find("'name': a list"),
            std::string::npos);
  EXPECT_NE(refusal({type, endpoint, given("name", "")}).find("expected a name"), std::string::npos);
}

TEST(SinkSettings, NamesDiffer) {
  const SinkSettings sink = read_sink({given("type", "zeromq"), given("endpoint", "tcp://a:1")}, "w");
  EXPECT_THROW((void)named({sink, sink}, "w"), Error);
  SinkSettings other = sink;
  other.name = "other";
  EXPECT_EQ(named({sink, other}, "w").at(1).name, "other");
}

std::string text_of(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// A sink is its own file and its row: no other code of this room names it. The program names a type only where a key of
// the configuration is short for one, and where no sink is configured.
TEST(SinkSettings, NothingElseNamesASink) {
  for (const SinkDescription& sink : sink_catalogue()) {
    const std::regex mention("(\"" + sink.name + "\"|make_" + sink.name + "_sink|VIGIL_SINK\\(" + sink.name + ",)");
    std::vector<std::string> where;
    for (const char* room : {"core", "alerting"}) {
      for (const auto& file : fs::directory_iterator(fs::path(VIGIL_SOURCE_DIR) / room)) {
        if (std::regex_search(text_of(file.path()), mention)) where.push_back(file.path().filename());
      }
    }
    EXPECT_THAT(where, testing::UnorderedElementsAre(sink.name + "_sink.cpp", "sinks.def")) << sink.name;
    const std::string short_forms = text_of(fs::path(VIGIL_SOURCE_DIR) / "app" / "configuration_sinks.cpp");
    const std::regex quoted("\\{\"" + sink.name + "\"\\}");
    const std::set<std::string> with_short_form{"log", "file", "zeromq"};
    EXPECT_EQ(std::distance(std::sregex_iterator(short_forms.begin(), short_forms.end(), quoted), {}),
              with_short_form.contains(sink.name) ? 1 : 0)
        << sink.name;
    for (const auto& file : fs::directory_iterator(fs::path(VIGIL_SOURCE_DIR) / "app")) {
      const std::string text = text_of(file.path());
      if (text.find("alerting/") == std::string::npos || file.path().filename() == "configuration_sinks.cpp") continue;
      EXPECT_FALSE(std::regex_search(text, std::regex("(kind|type|name) *(==|=) *\"" + sink.name + "\"")))
          << file.path();
    }
  }
}

}  // namespace
}  // namespace vigil::alerting
