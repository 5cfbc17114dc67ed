#include "app/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "app/configuration_keys.h"
#include "core/error.h"

namespace vigil::app {
namespace {

std::string configuration_file(const std::string& text) {
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
  read_configuration(back, configuration_file(to_yaml(c)));
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

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(std::string(VIGIL_SOURCE_DIR) + "/" + file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The default of a key as one line of YAML.
std::string default_of(const ConfigurationKey& key) {
  YAML::Emitter out;
  out << YAML::Flow;
  key.write(out, Configuration{});
  return out.c_str();
}

TEST(ConfigurationKeys, TheCommentedFileHasALineForEachWithItsText) {
  const auto lines = lines_of("conf/watch.yaml");
  std::vector<std::string> found, expected;
  for (const std::string& line : lines) {
    if (!line.empty() && line[0] != '#') found.push_back(line);
  }
  for (const ConfigurationKey& key : configuration_keys()) expected.push_back(key.key);
  ASSERT_EQ(found.size(), expected.size()) << "one line a key";
  for (std::size_t k = 0; k < found.size(); ++k) {
    EXPECT_THAT(found[k], testing::StartsWith(expected[k] + ": "));
    EXPECT_THAT(found[k], testing::EndsWith(" # " + configuration_keys()[k].text));
  }
}

TEST(ConfigurationKeys, ThePageHasARowForEachAndNoOther) {
  std::vector<std::string> found, expected;
  for (const std::string& line : lines_of("docs/configuration.md")) {
    if (line.starts_with("| `")) found.push_back(line);
  }
  for (const ConfigurationKey& key : configuration_keys()) {
    expected.push_back("| `" + key.key + "` | `" + default_of(key) + "` | " + key.type + " | " + key.unit + " | " +
                       key.text + " |");
  }
  EXPECT_EQ(found, expected);
}

TEST(ConfigurationKeys, PathsAreTheFilesAndOnlyThey) {
  for (const ConfigurationKey& key : configuration_keys()) {
    if (key.key == "name") continue;  // of a bridge or worker: no path fits
    if (default_of(key) != "\"\"" && key.type != "list of paths" && key.type != "list of texts") continue;
    Configuration c;
    const std::string file = configuration_file(key.key + ": some/thing\n");
    read_configuration(c, file);
    YAML::Emitter out;
    out << YAML::Flow;
    key.write(out, c);
    const std::string beside = (std::filesystem::path(file).parent_path() / "some/thing").string();
    EXPECT_EQ(std::string(out.c_str()).find(beside) != std::string::npos, key.is_path) << key.key << ' ' << out.c_str();
    set_key(c, key.key, "some/thing");
    EXPECT_THAT(to_yaml(c), testing::Not(testing::HasSubstr(beside))) << "a path of --set is the working directory's";
  }
}

TEST(ConfigurationKeys, EachRefusesAMapByNameAndPlace) {
  for (const ConfigurationKey& key : configuration_keys()) {
    Configuration c;
    try {
      read_configuration(c, configuration_file("\n" + key.key + ": {nonsense: [1]}\n"));
      ADD_FAILURE() << key.key << " takes a map";
    } catch (const Error& e) {
      const std::string what = key.type.starts_with("map") ? "unknown key 'nonsense'" : "key '" + key.key + "'";
      EXPECT_THAT(e.what(), testing::HasSubstr(".yaml:2: " + what));
      EXPECT_THAT(e.what(), testing::HasSubstr("expected ")) << key.key;
    }
  }
}

TEST(Configuration, MultivariateNamesStatisticsAndOrbits) {
  Configuration c;
  EXPECT_EQ(c.monitors.multivariate.statistics, (std::vector<std::string>{"hotelling", "pca"}));
  EXPECT_EQ(c.monitors.multivariate.every_orbits, 16u);
  set_key(c, "multivariate", "{statistics: [pca], every_orbits: 1}");
  EXPECT_EQ(c.monitors.multivariate.statistics, std::vector<std::string>{"pca"});
  EXPECT_EQ(c.monitors.multivariate.sampling(), 1u);
  set_key(c, "multivariate", "{statistics: []}");
  EXPECT_EQ(c.monitors.multivariate.every_orbits, 16u) << "what is absent is the default";
  EXPECT_EQ(c.monitors.multivariate.sampling(), 0u) << "off";
  for (const char* wrong : {"{statistics: [ks]}", "{statistics: [pca, pca]}", "{every_orbits: 0}", "{orbits: 3}",
                            "{every_orbits: 262145}", "[pca]", "{every_orbits: many}"}) {
    EXPECT_THROW(set_key(c, "multivariate", wrong), Error) << wrong;
  }
}

TEST(Configuration, TheBudgetIsOneNumberAWeek) {
  Configuration c;
  set_key(c, "budget", "{page: 2.5/week, warn: 30/week}");
  EXPECT_EQ(c.monitors.budget.page, 2.5);
  EXPECT_EQ(c.monitors.budget.warn, 30);
  EXPECT_EQ(c.monitors.budget.shares, monitors::FalseAlarmBudget::Shares{});
  set_key(c, "budget", "{shares: {inputs: 0.5, outputs: 0.1}}");
  EXPECT_EQ(c.monitors.budget.page, 2.5);
  EXPECT_EQ(c.monitors.budget.shares.inputs, 0.5);
  Configuration old;
  set_key(old, "false_alarms_per_day", "2");
  EXPECT_EQ(old.monitors.budget.page, 14);
  EXPECT_EQ(old.monitors.budget.warn, 140);
  const auto message = [](Configuration from, const std::string& key, const std::string& value) {
    try {
      set_key(from, key, value);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(message(old, "budget", "{page: 1/week}"), testing::HasSubstr("false_alarms_per_day is given too"));
  EXPECT_THAT(message(c, "false_alarms_per_day", "1"), testing::HasSubstr("budget is given too"));
  EXPECT_THAT(message({}, "budget", "{page: 20/week}"), testing::HasSubstr("warn 10/week, expected at least page"));
  for (const char* page : {"1", "1/day", "0/week", "-1/week", "nan/week", "week", "1 /week", "inf/week"}) {
    EXPECT_THAT(message({}, "budget", "{page: " + std::string(page) + "}"),
                testing::HasSubstr("expected N/week with N above 0"));
  }
  EXPECT_THAT(message({}, "budget", "{shares: {inputs: 0.5}}"), testing::HasSubstr("sum 1.1"));
  EXPECT_THAT(message({}, "budget", "{shares: {inputs: -0.1}}"), testing::HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(message({}, "budget", "3"), testing::HasSubstr("expected"));
  EXPECT_THAT(message({}, "week_ls", "0"), testing::HasSubstr("whole number"));
}

TEST(Configuration, RefusesNamingLineAndExpectation) {
  const auto message = [](const std::string& text) {
    try {
      Configuration c;
      read_configuration(c, configuration_file(text));
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
  EXPECT_THAT(message("rules: [{statistic: ks}]\n"),
              testing::HasSubstr(".yaml:1: key 'rules': a rule without monitor"));
  EXPECT_THAT(message("sources: some\n"), testing::HasSubstr("all or split"));
  EXPECT_THAT(message("reference: learn:many\n"), testing::HasSubstr("learn:N"));
  EXPECT_THAT(message("- a list\n"), testing::HasSubstr("not a map"));
  EXPECT_THAT(message("windows:\n  - window_ls: 2\n    hop: 3\n"), testing::HasSubstr(".yaml:3: unknown key 'hop'"));
  EXPECT_THAT(message("rules:\n  - monitor: score\n    bad: much\n"),
              testing::HasSubstr(".yaml:3: key 'bad': 'much', expected a number from 0"));
  EXPECT_THAT(message("a: [\n"), testing::HasSubstr("expected YAML"));
}

}  // namespace
}  // namespace vigil::app
