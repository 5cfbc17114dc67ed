#include "app/plan_configuration.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/configuration_keys.h"
#include "core/error.h"

namespace vigil::app {
namespace {

replay::Plan plan_of(const std::string& configuration) {
  replay::Plan plan;
  plan.configuration = configuration;
  plan.models = {{"/models/a", "a", "1"}, {"/models/b", "b", "2"}};
  return plan;
}

TEST(PlanConfiguration, comes_back_without_what_is_of_a_machine) {
  PlannedRun run;
  run.configuration.models = {"/models/a", "/models/b"};
  set_key(run.configuration, "windows", "[{window_ls: 3, hop_ls: 2}]");
  set_key(run.configuration, "minimum_events", "77");
  set_key(run.configuration, "close_after_ls", "5");
  PlannedRun here = run;
  set_key(here.configuration, "jobs", "7");
  set_key(here.configuration, "journal", "/here/j.db");
  set_key(here.configuration, "record", "/here/r");
  set_key(here.configuration, "subscribe", "[tcp://127.0.0.1:1]");
  set_key(here.configuration, "actions_to", "tcp://127.0.0.1:2");
  EXPECT_NE(to_yaml(here.configuration), to_yaml(run.configuration));
  EXPECT_EQ(plan_configuration(here), plan_configuration(run));
  EXPECT_EQ(nlohmann::json::parse(plan_configuration(run)).size(), 1u);
  const PlannedRun back = planned_run(plan_of(plan_configuration(here)), "p");
  EXPECT_EQ(to_yaml(back.configuration), to_yaml(run.configuration));
  EXPECT_FALSE(back.from_ls || back.to_ls);
  EXPECT_EQ(plan_configuration(back), plan_configuration(run));
}

TEST(PlanConfiguration, keeps_the_range_and_how_many_are_learned) {
  PlannedRun run;
  run.from_ls = 0;
  run.to_ls = 4294967295u;
  run.configuration.reference = "learn:7";
  const PlannedRun back = planned_run(plan_of(plan_configuration(run)), "p");
  EXPECT_EQ(back.from_ls, run.from_ls);
  EXPECT_EQ(back.to_ls, run.to_ls);
  EXPECT_EQ(back.configuration.reference, "learn:7");
  EXPECT_EQ(back.configuration.monitors.learn_ls, 7u);
}

TEST(PlanConfiguration, every_path_is_absolute) {
  Configuration c;
  std::size_t paths = 0;
  for (const ConfigurationKey& key : configuration_keys()) {
    if (key.is_path && key.type == "path") {
      set_key(c, key.key, "some/" + key.key);
      ++paths;
    }
  }
  c.models = {"m", "/m"};
  const Configuration absolute = with_absolute_paths(c);
  const std::string here = std::filesystem::current_path().string();
  EXPECT_GT(paths, 3u);
  EXPECT_EQ(absolute.models, (std::vector<std::string>{here + "/m", "/m"}));
  EXPECT_EQ(absolute.limits, here + "/some/limits");
  EXPECT_EQ(absolute.reference, "learn:20");
  set_key(c, "reference", "good.json");
  EXPECT_EQ(with_absolute_paths(c).reference, here + "/good.json");
  EXPECT_EQ(to_yaml(with_absolute_paths(with_absolute_paths(c))), to_yaml(with_absolute_paths(c)));
}

TEST(PlanConfiguration, what_is_none_is_refused) {
  for (const char* text :
       {"{}", R"({"yaml":1})", R"({"yaml":"windows: 3\n"})", R"({"yaml":"colour: red\n"})", R"({"yaml":"a: [\n"})",
        R"({"yaml":"","from_ls":-1})", R"({"yaml":"","to_ls":4294967296})", R"({"yaml":"","to_ls":"2"})"}) {
    try {
      planned_run(plan_of(text), "here");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_TRUE(std::string(e.what()).starts_with("here: configuration")) << e.what();
    }
  }
}

}  // namespace
}  // namespace vigil::app
