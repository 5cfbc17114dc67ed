// hls4ml project folders: the four complete ones of ../shared reproduce their golden words as packages; a small one
// word by word; what a package says of the release.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fpga_model/network.h"
#include "tests/fpga_model/hls4ml_files.h"
#include "tests/fpga_model/temporary_package.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

fs::path projects() { return fs::path(VIGIL_SHARED) / "data" / "hls4ml_projects"; }

class GoldenProject : public testing::TestWithParam<const char*> {};

TEST_P(GoldenProject, ReproducesOutputsAndLayers) {
  const fs::path source = projects() / GetParam();
  if (!fs::exists(source)) GTEST_SKIP() << "needs ../shared";
  const TemporaryPackage package;
  for (const auto& [path, bytes] : read_folder(source / "project")) package.write("project/" + path, bytes);
  for (const char* name : {"golden_inputs.npy", "golden_outputs.npy"})
    fs::copy_file(source / name, package.folder / name);
  std::size_t layers = 0;
  fs::create_directories(package.folder / "golden_layers");
  for (const auto& entry : fs::directory_iterator(source / "layers")) {
    fs::copy_file(entry.path(), package.folder / "golden_layers" / entry.path().filename());
    ++layers;
  }
  package.write("model.yaml", "name: p\nformat: hls4ml_project\npath: project\n");
  const auto model = load_package(package.folder);
  EXPECT_GE(model->golden().events, 300u);
  EXPECT_EQ(model->golden().tensors, layers);
}

INSTANTIATE_TEST_SUITE_P(Shared, GoldenProject,
                         testing::Values("dense_small", "dense_latency_b", "conv2d_stream_small", "conv2d_stream_b"),
                         [](const auto& row) { return std::string(row.param); });

std::vector<std::int64_t> run(const ProjectFiles& files, std::vector<std::int64_t> x) {
  const Hls4mlProject project = read_hls4ml_project(files, "p");
  const Network network(project.network_json, "network.json");
  std::vector<std::int64_t> words(network.words());
  std::vector<std::int64_t> scratch(network.scratch_words() + 1);
  const Block block{words.data(), scratch.data(), 1, 1};
  std::copy(x.begin(), x.end(), words.begin());
  EXPECT_EQ(network.run(block), Status::ok);
  const std::size_t out = network.outputs()[0];
  const std::int64_t* y = network.tensor(block, out);
  return {y, y + network.tensors()[out].words};
}

TEST(Hls4mlProject, ComputesItsLayers) {
  // x = 2, -1 (raw 32, -16): x w + b = 0.875, -1.75, 3.0 in 2^-4
  EXPECT_EQ(run(small_project(), {32, -16}), (std::vector<std::int64_t>{14, 0, 48}));
  EXPECT_EQ(read_hls4ml_project(small_project(), "p").name, "small");
}

TEST(Hls4mlProject, CompiledArraysWinOverTextFiles) {
  ProjectFiles files = small_project();
  replace(files["firmware/small.cpp"], "  layer2_t layer2_out[3];\n",
          "  static bool loaded_weights = false;\n  if (!loaded_weights) {\n"
          "    nnet::load_weights_from_txt<w_t, 3>(b2, \"b2.txt\");\n    loaded_weights = true;\n  }\n"
          "  layer2_t layer2_out[3];\n");
  files["firmware/weights/b2.txt"] = "1.5, 1.03, -0.97";
  EXPECT_EQ(run(files, {0, 0}), (std::vector<std::int64_t>{8, 0, 0}));
  files["firmware/weights/b2.h"] = "w_t b2[3];\n";
  EXPECT_EQ(run(files, {0, 0}),
            (std::vector<std::int64_t>{24, 16, 0}));  // rounded as w_t rounds: toward minus infinity
  files["firmware/weights/b2.txt"] = "1.5, 1.03";
  EXPECT_THAT(project_refusal(files), HasSubstr("b2.txt: array 'b2' of 2 values, expected 3"));
}

TEST(Hls4mlProject, SaysHowTheReleaseWasTold) {
  const Hls4mlProject project = read_hls4ml_project(small_project(), "p");
  ASSERT_EQ(project.notes.size(), 1u);
  EXPECT_EQ(project.notes[0], "hls4ml 0.8 or earlier, told from dense configurations without 'kernel'");
  EXPECT_EQ(read_hls4ml_project(small_project(), "p", "1.2.0").notes[0], "hls4ml 1.2, as stated");
  EXPECT_THROW(read_hls4ml_project(small_project(), "p", "newest"), Error);
}

TEST(Hls4mlProject, UndecidedReleaseIsAssumedAndSaid) {
  ProjectFiles files = small_project();
  replace(files["firmware/small.cpp"], "nnet::relu", "nnet::binary_tanh");
  replace(files["firmware/parameters.h"], "  typedef layer2_t accum_t;",
          "  template<class data_T, class res_T, class CONFIG_T>\n"
          "  using kernel = nnet::DenseLatency<data_T, res_T, CONFIG_T>;\n  typedef layer2_t accum_t;");
  files["firmware/weights/b2.h"] = "w_t b2[3] = {0, 0, 0};\n";
  const Hls4mlProject project = read_hls4ml_project(files, "p");
  EXPECT_THAT(project.notes, testing::Contains(HasSubstr("binary_tanh of 0: hls4ml 1.2 or later assumed")));
  EXPECT_EQ(run(files, {0, 0}), (std::vector<std::int64_t>{16, 16, 16}));
  const Network old(read_hls4ml_project(files, "p", "1.1").network_json, "n");  // compares > 0
  std::vector<std::int64_t> words(old.words());
  const Block block{words.data(), words.data(), 1, 1};
  ASSERT_EQ(old.run(block), Status::ok);
  EXPECT_EQ(old.tensor(block, old.outputs()[0])[0], 0);  // -1 saturates
}

TEST(Hls4mlProject, EditedKernelsAreNamed) {
  ProjectFiles files = small_project();
  replace(files["firmware/parameters.h"], "#include", "#include \"nnet_utils/nnet_activation.h\"\n#include");
  files["firmware/nnet_utils/nnet_activation.h"] = "namespace nnet { int edited; }\n";
  EXPECT_THAT(read_hls4ml_project(files, "p").notes,
              testing::Contains(HasSubstr("of no known release, read as the release's own: nnet_activation.h")));
}

TEST(Hls4mlProject, VersionOfThePackageIsStrict) {
  const TemporaryPackage package;
  for (const auto& [path, bytes] : small_project()) package.write("project/" + path, bytes);
  const std::string start = "name: p\nformat: hls4ml_project\npath: project\n";
  package.write("model.yaml", start + "hls4ml: {version: \"1.2.0\"}\n");
  EXPECT_EQ(package.refusal(), "");
  package.write("model.yaml", start + "hls4ml: {version: \"1.2.0\", release: \"1.2.0\"}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("release"));
  package.write("model.yaml", "name: p\nformat: network\npath: network.json\nhls4ml: {version: \"1.2.0\"}\n");
  EXPECT_THAT(package.refusal(), HasSubstr("hls4ml_project"));
}

}  // namespace
}  // namespace vigil::fpga_model
