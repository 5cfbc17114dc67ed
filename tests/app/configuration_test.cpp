#include "app/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/error.h"

namespace vigil::app {
namespace {

std::string file_with(const std::string& text) {
  const auto path =
      std::filesystem::temp_directory_path() / ("vigil-configuration-" + std::to_string(getpid()) + ".yaml");
  std::ofstream(path) << text;
  return path.string();
}

TEST(Configuration, WhatIsPrintedReadsBackTheSame) {
  Configuration c;
  set_key(c, "models", "[a, b]");
  set_key(c, "windows", "[{window_ls: 4}, {name: long, window_ls: 20, hop_ls: 5}]");
  set_key(c, "rules", "[{monitor: 'input/*', statistic: psi, bad: 0.25, m: 1, n: 2}]");
  set_key(c, "sources", "split");
  set_key(c, "minimum_coverage", "0.9");
  Configuration back;
  read_configuration(back, file_with(to_yaml(c)));
  back.models = c.models;  // relative paths became the file's
  EXPECT_EQ(to_yaml(back), to_yaml(c));
  EXPECT_EQ(back.monitors.windows.at(0).hop_ls, 4u);
  EXPECT_EQ(back.monitors.windows.at(1).name, "long");
}

TEST(Configuration, EveryKeyOfTheCommentedFileIsKnownAndDefault) {
  Configuration c;
  read_configuration(c, std::string(VIGIL_SOURCE_DIR) + "/conf/watch.yaml");
  Configuration defaults;
  c.models = defaults.models;
  c.subscribe = defaults.subscribe;
  EXPECT_EQ(to_yaml(c), to_yaml(defaults));
}

TEST(Configuration, RefusesNamingLineAndExpectation) {
  const auto message = [](const std::string& text) {
    try {
      Configuration c;
      read_configuration(c, file_with(text));
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message("jobs: 1\ncolour: red\n"), testing::HasSubstr(".yaml:2: unknown key 'colour', expected one of"));
  EXPECT_THAT(message("jobs: many\n"),
              testing::HasSubstr("key 'jobs': 'many', expected a whole number from 0 to 1024"));
  EXPECT_THAT(message("jobs: -1\n"), testing::HasSubstr("whole number"));
  EXPECT_THAT(message("jobs: 1\njobs: 2\n"), testing::HasSubstr(".yaml:2: key 'jobs' given twice"));
  EXPECT_THAT(message("minimum_coverage: nan\n"), testing::HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(message("windows: [{hop_ls: 2}]\n"), testing::HasSubstr("window_ls"));
  EXPECT_THAT(message("windows: [{window_ls: 2}, {window_ls: 2}]\n"), testing::HasSubstr("two windows named '2ls'"));
  EXPECT_THAT(message("rules: [{statistic: ks}]\n"), testing::HasSubstr("monitor"));
  EXPECT_THAT(message("sources: some\n"), testing::HasSubstr("all or split"));
  EXPECT_THAT(message("reference: learn:many\n"), testing::HasSubstr("learn:N"));
  EXPECT_THAT(message("- a list\n"), testing::HasSubstr("not a map"));
  EXPECT_THAT(message("a: [\n"), testing::HasSubstr("expected YAML"));
}

}  // namespace
}  // namespace vigil::app
