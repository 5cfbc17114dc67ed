// Decision trees in lanes: every instruction set gives the words of the reference path, for the public packages and for
// random forests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "core/error.h"
#include "engine_runs.h"
#include "fpga_model/import/conifer.h"
#include "fpga_model/package/npy.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Compares every target on the first n rows for each n. Returns how many targets have a fast form.
std::size_t compare(const Conifer& engine, const std::vector<std::int64_t>& inputs,
                    const std::vector<std::size_t>& counts) {
  std::size_t fast_targets = 0;
  const std::size_t most = *std::max_element(counts.begin(), counts.end());
  const EngineResult expected = reference_outputs(engine, inputs, most);
  EXPECT_EQ(expected.status, Status::ok);
  for (const SimdTarget target : simd_targets()) {
    const auto fast = engine.fast(target);
    EXPECT_TRUE(target != SimdTarget::reference || fast == nullptr);
    if (fast == nullptr) continue;
    ++fast_targets;
    EXPECT_FALSE(fast->kernel(0).empty());
    for (const std::size_t rows : counts) {
      const EngineResult found = fast_outputs(engine, *fast, inputs, rows);
      EXPECT_EQ(found.status, Status::ok);
      for (std::size_t i = 0; i < found.words.size(); ++i) {
        if (found.words[i] == expected.words[i]) continue;
        ADD_FAILURE() << to_string(target) << ", " << rows << " rows, word " << i << ": " << found.words[i]
                      << ", expected " << expected.words[i] << "; " << fast->kernel(0);
        return fast_targets;
      }
    }
  }
  return fast_targets;
}

class PublicForest : public testing::TestWithParam<const char*> {};

TEST_P(PublicForest, EveryTargetGivesTheGoldenWords) {
  const fs::path folder = fs::path(VIGIL_SHARED) / "data" / "models" / GetParam();
  if (!fs::exists(folder)) GTEST_SKIP() << "needs ../shared";
  std::stringstream text;
  text << std::ifstream(folder / "model.json").rdbuf();
  const Conifer engine(text.str(), "model.json", ConiferSum::sequential);
  const NpyArray inputs = read_npy(folder / "golden_inputs.npy");
  const NpyArray outputs = read_npy(folder / "golden_outputs.npy");
  std::vector<std::int64_t> rows;
  for (std::size_t r = 0; r < 4096; ++r) {
    const auto from = inputs.integers.begin() + static_cast<std::ptrdiff_t>(r % inputs.rows() * inputs.columns());
    rows.insert(rows.end(), from, from + static_cast<std::ptrdiff_t>(inputs.columns()));
  }
  std::vector<std::size_t> counts = {4096};
  for (std::size_t n = 1; n <= 200; ++n) counts.push_back(n);
  EXPECT_EQ(compare(engine, rows, counts), simd_targets().size() - 1);
  for (std::size_t r = 0; r < outputs.rows(); ++r)
    ASSERT_EQ(reference_outputs(engine,
                                {rows.begin() + static_cast<std::ptrdiff_t>(r * inputs.columns()),
                                 rows.begin() + static_cast<std::ptrdiff_t>((r + 1) * inputs.columns())},
                                1)
                  .words[0],
              outputs.integers[r]);
}

INSTANTIATE_TEST_SUITE_P(Packages, PublicForest, testing::Values("bdt_binary_18_8", "bdt_oblique", "bdt_sat_seq"),
                         [](const auto& param) { return std::string(param.param); });

class RandomForest {
 public:
  explicit RandomForest(std::uint64_t seed) : random_(seed) {}

  json make() {
    json model;
    const std::uint64_t wide = below(8);
    features_ = 1 + below(20);
    oblique_ = below(3) == 0;
    input_ = type(wide == 0 ? 40 : 18, false);
    threshold_ = below(2) == 0 ? input_ : type(wide == 0 ? 40 : 20, false);
    const FixedPoint score = type(wide == 1 ? 30 : 16, below(2) == 0);
    model["config"] = {{"precision", to_string(score)},
                       {"input_precision", to_string(input_)},
                       {"threshold_precision", to_string(threshold_)},
                       {"weight_precision", to_string(type(wide == 0 ? 16 : 12, false))},
                       {"backend", "xilinxhls"}};
    const std::size_t classes = below(4) == 0 ? 3 + below(3) : 1 + below(2);
    const std::size_t columns = classes <= 2 ? 1 : classes;
    const std::size_t trees = 1 + below(below(4) == 0 ? 60 : 12);
    leaf_scale_ = std::ldexp(1.0, score.integer - static_cast<int>(below(8)));
    model["n_classes"] = classes;
    model["n_features"] = features_;
    model["n_trees"] = trees;
    if (below(2) == 0) model["splitting_convention"] = below(2) == 0 ? "<" : "<=";
    if (below(3) == 0) model["norm"] = below(3) == 0 ? 1.0 : real(1.5);
    for (std::size_t c = 0; c < columns; ++c) model["init_predict"].push_back(below(2) == 0 ? 0.0 : real(leaf_scale_));
    depth_ = 1 + static_cast<int>(below(below(4) == 0 ? 10 : 6));
    full_ = below(2) == 0;
    for (std::size_t t = 0; t < trees; ++t) {
      json row = json::array();
      for (std::size_t c = 0; c < columns; ++c) row.push_back(tree());
      model["trees"].push_back(row);
    }
    return model;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  double real(double scale) { return std::uniform_real_distribution<double>(-scale, scale)(random_); }

  FixedPoint type(int widest, bool usual_overflow) {
    FixedPoint t;
    t.width = 1 + static_cast<int>(below(static_cast<std::uint64_t>(widest)));
    if (below(3) != 0) t.width = std::max(t.width, std::min(widest, 8));
    t.integer = static_cast<int>(below(static_cast<std::uint64_t>(t.width) + 1));
    if (below(6) == 0) t.integer = t.width + static_cast<int>(below(4));
    if (below(6) == 0) t.integer = -static_cast<int>(below(4));
    t.is_signed = below(4) != 0;
    t.quantization = below(2) == 0 ? Quantization::trn : static_cast<Quantization>(below(7));
    if (!usual_overflow) t.overflow = static_cast<Overflow>(below(4));
    if (t.overflow == Overflow::wrap && below(4) == 0)
      t.saturation_bits = static_cast<int>(below(static_cast<std::uint64_t>(t.width) + 1));
    return t;
  }

  double threshold() {
    const double scale = std::ldexp(1.0, std::min(input_.integer, threshold_.integer));
    switch (below(8)) {
      case 0:
        return 0;
      case 1:
        return real(2 * scale);  // some beyond every input
      default:
        return real(scale * (below(2) == 0 ? 1.0 : 0.2));
    }
  }

  json tree() {
    json t = {{"feature", json::array()},
              {"threshold", json::array()},
              {"value", json::array()},
              {"children_left", json::array()},
              {"children_right", json::array()}};
    if (oblique_) t["weight"] = json::array();
    node(t, below(3) == 0 ? static_cast<int>(below(static_cast<std::uint64_t>(depth_) + 1)) : depth_);
    return t;
  }

  std::size_t node(json& t, int depth) {
    const std::size_t at = t["feature"].size();
    const bool leaf = depth == 0 || (!full_ && below(4) == 0);
    t["feature"].push_back(leaf ? -2 : static_cast<int>(below(features_)));
    t["threshold"].push_back(leaf ? -2.0 : threshold());
    t["value"].push_back(leaf ? real(leaf_scale_) : 0.0);
    t["children_left"].push_back(-1);
    t["children_right"].push_back(-1);
    if (oblique_) {
      json weights = json::array();
      for (std::size_t k = 0; k < features_; ++k) weights.push_back(below(5) < 3 ? 0.0 : below(4) == 0 ? 1.0 : real(2));
      t["weight"].push_back(weights);
    }
    if (!leaf) {
      const std::size_t left = node(t, depth - 1);
      const std::size_t right = node(t, depth - 1);
      t["children_left"][at] = left;
      t["children_right"][at] = right;
    }
    return at;
  }

  std::mt19937_64 random_;
  std::size_t features_ = 1;
  bool oblique_ = false;
  bool full_ = false;
  int depth_ = 1;
  double leaf_scale_ = 1;
  FixedPoint input_, threshold_;
};

TEST(Forest, RandomForestsOnEveryTargetGiveTheReferenceWords) {
  std::size_t fast = 0;
  std::size_t forests = 0;
  const char* more = std::getenv("VIGIL_FUZZ_SEEDS");
  const std::uint64_t seeds = more == nullptr ? 300 : std::strtoull(more, nullptr, 10);
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const json model = RandomForest(seed).make();
    std::unique_ptr<Conifer> engine;
    try {
      engine = std::make_unique<Conifer>(model.dump(), "model.json",
                                         seed % 3 == 0 ? ConiferSum::tree : ConiferSum::sequential);
    } catch (const Error& error) {
      // Types whose products or sums leave 64 bits are refused.
      EXPECT_THAT(error.what(), testing::HasSubstr("expected at most 64")) << "seed " << seed;
      continue;
    }
    ++forests;
    std::mt19937_64 random(seed);
    const std::size_t rows = 70 + seed % 140;
    fast += compare(*engine, random_inputs(*engine, rows, random), {rows, 1 + seed % 64});
    if (testing::Test::HasFailure()) {
      const std::string text = model.dump();
      FAIL() << "seed " << seed << ", sum " << (seed % 3 == 0 ? "tree" : "sequential") << "\n" << text.substr(0, 4000);
    }
  }
  EXPECT_GE(forests, seeds * 97 / 100);
  // Only scores whose aligned sums leave 64 bits have no fast form.
  EXPECT_GE(fast, forests * (simd_targets().size() - 1) * 98 / 100);
}

TEST(Forest, AWordOutsideItsTypeIsSeenInEveryColumnAndRow) {
  json model = RandomForest(3).make();
  model["config"]["input_precision"] = "ap_fixed<9,4>";
  const Conifer engine(model.dump(), "model.json", ConiferSum::sequential);
  const std::size_t columns = input_words(engine);
  for (const SimdTarget target : simd_targets()) {
    const auto fast = engine.fast(target);
    if (fast == nullptr) continue;
    for (std::size_t c = 0; c < columns; ++c) {
      for (const std::size_t r : {0, 63, 70}) {
        for (const std::int64_t word : {256, -257}) {
          std::vector<std::int64_t> inputs(71 * columns, 255);
          EXPECT_EQ(fast_outputs(engine, *fast, inputs, 71).status, Status::ok);
          inputs[r * columns + c] = word;
          EXPECT_EQ(fast_outputs(engine, *fast, inputs, 71).status, Status::word_out_of_range);
        }
      }
    }
  }
}

}  // namespace
}  // namespace vigil::fpga_model
