#include "app/configuration_sinks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/configuration.h"
#include "core/error.h"

namespace vigil::app {
namespace {

namespace fs = std::filesystem;

std::string file_with(const std::string& text) {
  const auto path = fs::temp_directory_path() / ("vigil-sinks-" + std::to_string(getpid()) + ".yaml");
  std::ofstream(path) << text;
  return path.string();
}
Configuration configuration_of(const std::string& text) {
  Configuration c;
  read_configuration(c, file_with(text));
  return c;
}
std::vector<std::string> names(const Configuration& c) {
  std::vector<std::string> all;
  for (const auto& sink : configured_sinks(c)) all.push_back(sink.name);
  return all;
}
constexpr const char* kThree = R"(
sinks:
  - {type: zeromq, name: retraining, endpoint: "tcp://127.0.0.1:6001", kinds: [retrain, collect-data], models: ["a*", b]}
  - type: zeromq
    endpoint: tcp://127.0.0.1:6002
    reply_timeout_ms: 250
    when: proposed
  - {type: file, path: actions.jsonl}
)";

TEST(ConfiguredSinks, WhatIsPrintedReadsBackTheSame) {
  const Configuration c = configuration_of(kThree);
  EXPECT_EQ(names(c), (std::vector<std::string>{"retraining", "zeromq", "file"}));
  EXPECT_EQ(c.sinks.at(1).number("reply_timeout_ms"), 250);
  EXPECT_EQ(c.sinks.at(1).routing.when, alerting::SendWhen::proposed);
  EXPECT_EQ(c.sinks.at(0).routing.models, (std::vector<std::string>{"a*", "b"}));
  EXPECT_EQ(c.sinks.at(2).text("path"), (fs::temp_directory_path() / "actions.jsonl").string());
  EXPECT_EQ(to_yaml(configuration_of(to_yaml(c))), to_yaml(c));
}

TEST(ConfiguredSinks, ShortFormsStandBesideTheList) {
  Configuration c = configuration_of(std::string("actions_to: tcp://127.0.0.1:6000\nreply_timeout_ms: 700\n") +
                                     "sinks: [{type: file, name: archive, path: a.jsonl}]\n");
  c.actions_file = "b.jsonl";
  EXPECT_EQ(names(c), (std::vector<std::string>{"file", "zeromq", "archive"}));
  EXPECT_EQ(configured_sinks(c).at(1).number("reply_timeout_ms"), 700);
  EXPECT_EQ(names(Configuration{}), std::vector<std::string>{"log"});
  // The short form of a sink that is in the list under its own name.
  EXPECT_THROW((void)names(configuration_of("actions_file: a\nsinks: [{type: file, path: b}]\n")), Error);
}

TEST(ConfiguredSinks, RefusedByLineAndKey) {
  const auto message = [](const std::string& text) {
    try {
      (void)configuration_of(text);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  using testing::HasSubstr;
  EXPECT_THAT(message("jobs: 1\nsinks: file\n"), HasSubstr(".yaml:2: key 'sinks', expected a list of {type, …}"));
  EXPECT_THAT(message("sinks:\n  - file\n"), HasSubstr(".yaml:2: not a map"));
  EXPECT_THAT(message("sinks:\n  - {type: fax}\n"), HasSubstr(".yaml:2: unknown sink 'fax', expected one of"));
  EXPECT_THAT(message("sinks:\n  - type: file\n    path: a\n    endpoint: b\n"),
              HasSubstr(".yaml:4: unknown key 'endpoint' of a sink of type file"));
  EXPECT_THAT(message("sinks:\n  - type: file\n    path: a\n    path: b\n"), HasSubstr("key 'path' given twice"));
  EXPECT_THAT(message("sinks:\n  - {type: file}\n"), HasSubstr(".yaml:2: sink 'file' has no key 'path'"));
  EXPECT_THAT(message("sinks:\n  - {type: file, path: a}\n  - {type: file, path: b}\n"),
              HasSubstr(".yaml:3: two sinks named 'file', expected names that differ"));
  EXPECT_THAT(message("sinks:\n  - {type: zeromq, endpoint: e, reply_timeout_ms: soon}\n"),
              HasSubstr(".yaml:2: key 'reply_timeout_ms': 'soon', expected a whole number from 1 to 600000"));
  EXPECT_THAT(message("sinks:\n  - {type: file, path: {a: b}}\n"), HasSubstr(".yaml:2: key 'path'"));
  EXPECT_THAT(message("sinks:\n  - {type: file, path: a, kinds: [retrain, redo]}\n"),
              HasSubstr("key 'kinds': 'redo', expected some of retrain"));
}

}  // namespace
}  // namespace vigil::app
