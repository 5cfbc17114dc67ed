// conifer's model.json: the reader, and for small forests both paths on two events, the fast one for one instruction
// set an input.
#include "both_paths.h"
#include "fpga_model/import/conifer.h"
#include "fuzz_target.h"

namespace {

constexpr std::size_t kMostWords = 5000;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool tree_sum = data[size - 1] % 2 == 0;  // the closing brace or a blank after it
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::unique_ptr<vigil::fpga_model::Conifer> engine;
  const bool read = vigil::fuzz::expect_error_or_success("model.json", [&] {
    engine = std::make_unique<vigil::fpga_model::Conifer>(
        text, "model.json", tree_sum ? vigil::fpga_model::ConiferSum::tree : vigil::fpga_model::ConiferSum::sequential);
  });
  if (read && engine->words() <= kMostWords)
    vigil::fuzz::expect_error_or_success("model.json", [&] { vigil::fuzz::expect_equal_paths(*engine, size); });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  const std::string trees =
      R"("trees": [[{"feature": [0, 1, -2, -2, -2], "threshold": [1.0, -0.5, -2, -2, -2], "value": [0, 0, 1.0, -1.25, 0.5],
 "children_left": [1, 2, -1, -1, -1], "children_right": [4, 3, -1, -1, -1]WEIGHT}],
 [{"feature": [1, -2, -2], "threshold": [-0.5, -2, -2], "value": [0, 0.5, 2.0], "children_left": [1, -1, -1], "children_right": [2, -1, -1]WEIGHT2}]]})";
  const auto with = [&](std::string text, const std::string& weight, const std::string& weight2) {
    text += trees;
    text.replace(text.find("WEIGHT}"), 6, weight);
    text.replace(text.find("WEIGHT2"), 7, weight2);
    return text;
  };
  const std::string head =
      R"({"n_classes": 2, "n_features": 2, "n_trees": 2, "init_predict": [0.25], "splitting_convention": "<", "norm": 0.5,
 "config": {"precision": "ap_fixed<12,6>", "score_precision": "ap_fixed<10,4,AP_RND,AP_SAT>", "weight_precision": "ap_fixed<8,3>", "backend": "xilinxhls"}, )";
  const std::string wide =
      R"({"n_classes": 1, "n_features": 2, "init_predict": [0], "config": {"precision": "ap_fixed<32,16>",
 "threshold_precision": "ap_fixed<64,32>", "backend": "cpp"}, "metadata": [{"version": "1.5"}], )";
  return {with(head, "", ""), with(wide, "", ""), with(wide, "", "") + "\n",
          with(head, R"(, "weight": [[0.5, 1], [1, 0], [0, 0], [0, 0], [0, 0]])",
               R"(, "weight": [[0, 1], [0, 0], [0, 0]])")};
}

std::vector<std::string> words() { return json_words(); }

}  // namespace vigil::fuzz
