#include "core/model_text.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace vigil {
namespace {

ModelInfo model() {
  ModelInfo m;
  m.name = "axol1tl";
  m.version = "v4";
  m.description = "anomaly \"score\"\n";
  m.source = "hls4ml";
  m.firmware = "0x1f";
  m.format = "network";
  m.hash = std::string(64, 'a');
  m.inputs = {{"jet[0].pt", parse_fixed_point("ap_fixed<18,13,AP_RND,AP_SAT>", ""), true, 0.5, "GeV"},
              {"x[1]", parse_fixed_point("ap_ufixed<7,9>", ""), false, {}, ""}};
  m.outputs = {{"latent", parse_fixed_point("ap_fixed<18,8>", ""), 0, 8},
               {"score", parse_fixed_point("ap_ufixed<18,14>", ""), 8, 1}};
  m.seeds = {{"L1_AXO", 1, 0, 3, 1200, 1000.0}, {"L1_Tight", 1, 0, 63, INT64_MAX, {}}};
  m.warnings = {"one", "two"};
  return m;
}

TEST(ModelText, ReadsBackWhatItWrote) {
  const ModelInfo m = model(), back = model_from_text(model_text(m), "here");
  EXPECT_EQ(model_text(back), model_text(m));
  EXPECT_EQ(back.hash, m.hash);
  EXPECT_EQ(back.description, m.description);
  ASSERT_EQ(back.inputs.size(), 2u);
  EXPECT_EQ(back.inputs[0].type, m.inputs[0].type);
  EXPECT_TRUE(back.inputs[0].integer_on_wire);
  EXPECT_EQ(back.inputs[0].lsb, 0.5);
  EXPECT_FALSE(back.inputs[1].lsb);
  ASSERT_EQ(back.outputs.size(), 2u);
  EXPECT_EQ(back.outputs[1].first_word, 8u);
  EXPECT_EQ(back.output_words(), 9u);
  EXPECT_EQ(back.seeds[1].threshold, INT64_MAX);
  EXPECT_EQ(back.seeds[0].target_rate_hz, 1000.0);
  EXPECT_FALSE(back.seeds[1].target_rate_hz);
  EXPECT_EQ(back.warnings, m.warnings);
}

TEST(ModelText, SaysWhereTextIsOfAnotherHand) {
  for (const std::string text : {"", "{}", "[]", R"({"name":1})"}) {
    try {
      (void)model_from_text(text, "journal, table models");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).rfind("journal, table models: ", 0), 0u) << e.what();
    }
  }
  std::string text = model_text(model());
  text.replace(text.find("\"output\":1"), 10, "\"output\":7");
  EXPECT_THROW((void)model_from_text(text, "here"), Error);
}

}  // namespace
}  // namespace vigil
