#include "app/configuration_alarms.h"

#include <gmock/gmock.h>

#include "app/configuration.h"
#include "core/error.h"

namespace vigil::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ConfigurationAlarms, AreReadKeyByKeyAndWrittenAsTheyAreRead) {
  Configuration c;
  set_key(c, "alarms",
          "[{node: '*', delay_ls: 10}, {node: m/s/score, count: 3, latching: false, essential: true, "
          "guidance: 'call: the \"expert\", 12', contact: anna}]");
  set_key(c, "flood_alarms", "7");
  ASSERT_EQ(c.alarms.size(), 2u);
  EXPECT_EQ(c.alarms[0].delay_ls, 10u);
  EXPECT_FALSE(c.alarms[0].latching);
  EXPECT_EQ(c.alarms[1].count, 3u);
  EXPECT_EQ(c.alarms[1].guidance, "call: the \"expert\", 12");
  Configuration back;
  YAML::Emitter out;
  write_alarms(out, c.alarms);
  set_key(back, "alarms", out.c_str());
  EXPECT_EQ(back.alarms, c.alarms);
  const auto settings = alarm_settings(c);
  EXPECT_EQ(settings.flood_alarms, 7u);
  EXPECT_THAT(settings.windows, ElementsAre("10ls", "sequential"));
}

TEST(ConfigurationAlarms, AreRefusedInOneLineThatNamesTheKey) {
  const auto refused = [](const char* value, const char* key, const char* expected) {
    Configuration c;
    try {
      set_key(c, "alarms", value);
      FAIL() << value;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(key)) << value;
      EXPECT_THAT(e.what(), HasSubstr(expected)) << value;
      EXPECT_TRUE(c.alarms.empty());
    }
  };
  refused("{node: a}", "alarms", "a list");
  refused("[{latching: true}]", "alarms", "node");
  refused("[{node: a, colour: red}]", "colour", "one of");
  refused("[{node: ''}]", "node", "a pattern");
  refused("[{node: /a}]", "node", "a pattern");
  refused("[{node: a/}]", "node", "a pattern");
  refused("[{node: [a]}]", "node", "text");
  refused("[{node: a, delay_ls: -1}]", "delay_ls", "0 to 16384");
  refused("[{node: a, delay_ls: 1.5}]", "delay_ls", "whole number");
  refused("[{node: a, count: 3}]", "count", "delay_ls");
  refused("[{node: '*', delay_ls: 3}, {node: a, delay_ls: 0, count: 3}]", "count", "delay_ls");
  refused("[{node: a, count: 1001, delay_ls: 1}]", "count", "0 to 1000");
  refused("[{node: a, latching: maybe}]", "latching", "true or false");
  refused("[{node: a, essential: 7}]", "essential", "true or false");
  refused("[{node: a, guidance: {}}]", "guidance", "text");
  refused("[a]", "alarms", "keys and values");
  Configuration c;
  EXPECT_THROW(set_key(c, "flood_alarms", "-1"), Error);
}

}  // namespace
}  // namespace vigil::app
