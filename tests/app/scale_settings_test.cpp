#include "app/scale_settings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "demo_frames.h"

namespace vigil::app {
namespace {

TEST(ScaleSettings, AreOfWhatEntersAPartialAlone) {
  Configuration c = fixtures::demo_configuration();
  const ModelSet models(c.models);
  const std::string before = scale_settings(models, c).sha256;
  EXPECT_EQ(before.size(), 64u);
  const auto json = nlohmann::json::parse(scale_settings(models, c).text);
  EXPECT_EQ(json["models"][0]["hash"], models.all().front()->info().hash);
  EXPECT_EQ(json.dump(), scale_settings(models, c).text) << "sorted keys, no blanks";
  c.monitors.windows = {{"9ls", 9, 3}};
  c.monitors.rules.push_back({"*", {"psi"}, {}, {}, {}, {}});
  c.sequencer.close_after_ls = 5;
  EXPECT_EQ(scale_settings(models, c).sha256, before);
  c.monitors.multivariate.every_orbits = 8;
  EXPECT_NE(scale_settings(models, c).sha256, before);
}

}  // namespace
}  // namespace vigil::app
