// Decision trees: rules that the recorded packages do not exercise, and what the reader refuses.
#include "fpga_model/import/conifer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "temporary_package.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Two trees: x[0] against 1, then x[1] against -0.5; leaves 1 and -1.25, then 0.5 and 2.
constexpr const char* kModel =
    R"({"n_classes": 2, "n_features": 2, "n_trees": 2, "init_predict": [0.25], "splitting_convention": "<", "library": "any",
 "config": {"precision": "ap_fixed<8,4>", "score_precision": "ap_fixed<6,4,AP_TRN,AP_SAT>", "backend": "cpp"}, "metadata": [],
 "trees": [[{"feature": [0, -2, -2], "threshold": [1.0, -2, -2], "value": [0, 1.0, -1.25], "children_left": [1, -1, -1], "children_right": [2, -1, -1]}],
           [{"feature": [1, -2, -2], "threshold": [-0.5, -2, -2], "value": [0, 0.5, 2.0], "children_left": [1, -1, -1], "children_right": [2, -1, -1]}]]})";

std::vector<std::int64_t> scores(const json& model, const std::vector<std::int64_t>& x, bool tree_sum = false) {
  const Conifer engine(model.dump(), "model.json", tree_sum ? ConiferSum::tree : ConiferSum::sequential);
  std::vector<std::int64_t> words(x);
  words.resize(engine.words());
  std::vector<std::int64_t> scratch(engine.scratch_words());
  EXPECT_EQ(engine.run({words.data(), scratch.data(), 1, 1}), Status::ok);
  return {words.begin() + static_cast<std::ptrdiff_t>(x.size()), words.end()};
}

using Words = std::vector<std::int64_t>;

TEST(Conifer, SplittingConventionDecidesEquality) {
  json model = json::parse(kModel);
  EXPECT_EQ(scores(model, {15, -9}), Words{1 + 4 + 2});  // x0 = 15/16 < 1, x1 < -0.5
  EXPECT_EQ(scores(model, {16, -8}), Words{1 - 5 + 8});  // both equal their thresholds: right
  model["splitting_convention"] = "<=";
  EXPECT_EQ(scores(model, {16, -8}), Words{1 + 4 + 2});
  model.erase("splitting_convention");
  EXPECT_EQ(scores(model, {16, -8}), Words{1 + 4 + 2});
}

TEST(Conifer, NormIsAppliedButNotForTheBackendThatIgnoresIt) {
  json model = json::parse(kModel);
  model["norm"] = 0.5;
  EXPECT_EQ(scores(model, {15, -9}), Words{3});  // 7/2 truncated
  model["metadata"] = {{{"version", "1.5"}}};
  EXPECT_EQ(scores(model, {15, -9}), Words{7});
  model["metadata"] = {{{"version", "1.11"}}};
  EXPECT_EQ(scores(model, {15, -9}), Words{3});
  model["config"]["backend"] = "xilinxhls";
  model["metadata"] = {{{"version", "1.4.1"}}};
  EXPECT_EQ(scores(model, {15, -9}), Words{3});
}

TEST(Conifer, SumOrderShowsInASaturatingScore) {
  json model = json::parse(kModel);
  model["init_predict"] = {7.75};  // 31, the largest score
  model["trees"].push_back(model["trees"][0]);
  model["n_trees"] = 3;
  // Leaves 4, 8, 4 in order saturate at every step; -5, 2, -5 as a tree are -8.
  EXPECT_EQ(scores(model, {15, 0}), Words{31});
  EXPECT_EQ(scores(model, {16, 0}), Words{26});            // 31-5 = 26, 31 (of 34), 26
  EXPECT_EQ(scores(model, {16, 0}, true), Words{31 - 2});  // -5 + 8 = 3, -2
}

TEST(Conifer, WeightsMakeObliqueSplits) {
  json model = json::parse(kModel);
  for (auto& row : model["trees"]) row[0]["weight"] = {{0.5, -1.0}, {0, 0}, {0, 0}};
  // v = cast(x0 * 0.5) then cast(v - x1): 9/16 -> 4/16 (truncated), 4/16 + 3/16 = 7/16 < 1; >= -0.5.
  EXPECT_EQ(scores(model, {9, -3}), Words{1 + 4 + 8});
  EXPECT_EQ(scores(model, {9, -12}), Words{1 - 5 + 8});  // 4/16 + 12/16 = 1: right
}

TEST(Conifer, OfTwoInitialValuesOfTwoClassesTheFirstCounts) {
  json model = json::parse(kModel);
  const std::vector<std::int64_t> x = {16, 0};
  const auto one = scores(model, x);
  model["init_predict"] = {0.25, 3.5};
  EXPECT_EQ(scores(model, x), one);
  model["n_classes"] = 1;
  EXPECT_THROW(scores(model, x), Error);
}

TEST(Conifer, OneScoreAClass) {
  json model = json::parse(kModel);
  model["n_classes"] = 3;
  model["init_predict"] = {0.25, 0, -1};
  for (auto& row : model["trees"]) row = {row[0], row[0], row[0]};
  EXPECT_EQ(scores(model, {15, -9}), (Words{7, 6, 2}));
}

std::string refusal(const char* patch) {
  try {
    const Conifer engine(json::parse(kModel).patch(json::parse(patch)).dump(), "model.json", ConiferSum::sequential);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Conifer, RefusesWhatItCannotFollow) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([{"op":"remove","path":"/config"}])", "model.json: key 'config': missing"},
      {R"([{"op":"remove","path":"/config/precision"}])", "key 'config.precision': missing"},
      {R"([{"op":"replace","path":"/config/precision","value":"float"}])", "key 'config.precision': type 'float'"},
      {R"([{"op":"replace","path":"/config/score_precision","value":"ap_fixed<64,4>"}])", "aligned sum of 65 bits"},
      {R"([{"op":"replace","path":"/n_features","value":0}])", "key 'n_features': 0"},
      {R"([{"op":"replace","path":"/n_trees","value":3}])", "key 'n_trees': 3, expected 2"},
      {R"([{"op":"replace","path":"/n_classes","value":3}])", "key 'init_predict': 1 numbers, expected 3"},
      {R"([{"op":"replace","path":"/splitting_convention","value":">"}])", "key 'splitting_convention': '>'"},
      {R"([{"op":"replace","path":"/init_predict","value":["0"]}])", "key 'init_predict': entry 0"},
      {R"([{"op":"replace","path":"/trees","value":[]}])", "key 'trees': an empty list"},
      {R"([{"op":"replace","path":"/trees/0","value":[]}])", "key 'trees': 0 trees for 2 classes, expected 1"},
      {R"([{"op":"replace","path":"/trees/0/0/feature/0","value":2}])",
       "key 'trees[0][0].feature': node 0 has 2, expected -2 or one of 0..1"},
      {R"([{"op":"replace","path":"/trees/0/0/feature/0","value":-1}])", "node 0 has -1"},
      {R"([{"op":"replace","path":"/trees/0/0/feature","value":[]}])", "key 'trees[0][0].feature': an empty list"},
      {R"([{"op":"replace","path":"/trees/0/0/children_left/0","value":3}])",
       "key 'trees[0][0].children_left': node 0 has 3, expected one of 0..2"},
      {R"([{"op":"replace","path":"/trees/0/0/children_left/0","value":-1}])", "node 0 has -1"},
      {R"([{"op":"replace","path":"/trees/0/0/children_left/0","value":0}])", "node 0 is reached twice"},
      {R"([{"op":"replace","path":"/trees/0/0/children_right/0","value":1}])", "node 1 is reached twice"},
      {R"([{"op":"remove","path":"/trees/0/0/threshold/0"}])", "key 'trees[0][0].threshold': 2 entries, expected 3"},
      {R"([{"op":"remove","path":"/trees/0/0/value/0"}])", "key 'trees[0][0].value': 2 entries, expected 3"},
      {R"([{"op":"add","path":"/trees/0/0/weight","value":[[1,1],[0,0]]}])",
       "key 'trees[0][0].weight': 2 entries, expected 3"},
      {R"([{"op":"add","path":"/trees/0/0/weight","value":[[1],[0],[0]]}])", "node 0 has 1 weights, expected 2"},
  };
  for (const auto& [patch, expected] : cases) EXPECT_THAT(refusal(patch), HasSubstr(expected)) << patch;
}

TEST(Conifer, SumOrderComesFromThePackage) {
  const TemporaryPackage package;
  json model = json::parse(kModel);
  model["init_predict"] = {7.75};
  model["trees"].push_back(model["trees"][0]);
  model["n_trees"] = 3;
  package.write("model.json", model.dump());
  const auto score = [&](const std::string& sum) {
    package.write("model.yaml", "name: bdt\nformat: conifer\npath: model.json\n" + sum);
    const auto loaded = load_package(package.folder);
    const std::int64_t x[] = {16, 0};
    std::int64_t out = 0;
    EXPECT_EQ(loaded->predict(vigil::words_of(x, 2), mutable_words_of(&out, 1), 1), Status::ok);
    return out;
  };
  EXPECT_EQ(score(""), 26);
  EXPECT_EQ(score("conifer: {sum: sequential}\n"), 26);
  EXPECT_EQ(score("conifer: {sum: tree}\n"), 29);
  model["config"]["backend"] = "vhdl";  // its firmware adds as a tree; what model.yaml says wins
  package.write("model.json", model.dump());
  EXPECT_EQ(score(""), 29);
  EXPECT_EQ(score("conifer: {sum: sequential}\n"), 26);
  package.write("model.yaml", "name: bdt\nformat: conifer\npath: model.json\nconifer: {sum: random}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("model.yaml:4: key 'sum': 'random', expected sequential or tree"));
}

}  // namespace
}  // namespace vigil::fpga_model
