// hls4ml project folders: the four complete ones of ../shared reproduce their golden words as packages; a small one
// word by word; what a package says of the release.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fpga_model/network/network.h"
#include "tests/fpga_model/hls4ml_files.h"
#include "tests/fpga_model/temporary_package.h"

namespace vigil::fpga_model {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
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

std::vector<std::int64_t> run(const ProjectFiles& files, std::vector<std::int64_t> x,
                              const std::optional<std::string>& version = {}) {
  const Hls4mlProject project = read_hls4ml_project(files, "p", version);
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
  EXPECT_EQ(project.notes[0], "hls4ml 0.7 to 0.8, told from dense configurations without 'kernel'");
  EXPECT_EQ(read_hls4ml_project(small_project(), "p", "1.2.0").notes[0], "hls4ml 1.2, as stated");
  EXPECT_THROW(read_hls4ml_project(small_project(), "p", "newest"), Error);
}

TEST(Hls4mlProject, UndecidedReleaseIsAskedFor) {
  ProjectFiles files = small_project();
  replace(files["firmware/small.cpp"], "nnet::relu", "nnet::binary_tanh");
  replace(files["firmware/parameters.h"], "  typedef layer2_t accum_t;",
          "  template<class data_T, class res_T, class CONFIG_T>\n"
          "  using kernel = nnet::DenseLatency<data_T, res_T, CONFIG_T>;\n  typedef layer2_t accum_t;");
  files["firmware/weights/b2.h"] = "w_t b2[3] = {0, 0, 0};\n";
  EXPECT_THAT(project_refusal(files), AllOf(HasSubstr("binary_tanh of 0: different since hls4ml 1.2"),
                                            HasSubstr("--hls4ml-version"), HasSubstr("in model.yaml")));
  EXPECT_EQ(run(files, {0, 0}, "1.2.0"), (std::vector<std::int64_t>{16, 16, 16}));
  EXPECT_EQ(run(files, {0, 0}, "1.1")[0], 0);  // compares > 0, and -1 saturates
}

// 1.3's own header in a folder of any name, and under any name, decides; one that a layer uses and nobody knows does
// not.
TEST(Hls4mlProject, KernelsAreToldByTheirText) {
  const std::string
      padding =  // nnet_padding.h's text would do as well; a short one is made known by the release stated
      "namespace nnet {\ntemplate <class data_T, class res_T, typename CONFIG_T> void relu(data_T "
      "data[CONFIG_T::n_in], "
      "res_T res[CONFIG_T::n_in]) {}\n}\n";
  for (const std::string path : {"nnet_utils/nnet_activation.h", "kernels/nnet_activation.h", "kernels/my_layers.h"}) {
    ProjectFiles files = small_project();
    replace(files["firmware/parameters.h"], "#include", "#include \"" + path + "\"\n#include");
    files["firmware/" + path] = padding;
    EXPECT_THAT(project_refusal(files), AllOf(HasSubstr("p/firmware/" + path), HasSubstr("--hls4ml-version"))) << path;
    EXPECT_THAT(read_hls4ml_project(files, "p", "0.8.1").notes,
                testing::Contains(HasSubstr("of no known release, read by the rules of the release stated")))
        << path;
    replace(files["firmware/" + path], "relu", "not_relu");  // nothing uses it
    EXPECT_THAT(read_hls4ml_project(files, "p").notes,
                testing::Contains(HasSubstr("of no known release, which no layer uses: ")))
        << path;
    replace(files["firmware/" + path], "namespace nnet {", "#include \"inner.h\"\nnamespace nnet {");
    files["firmware/" + path.substr(0, path.find('/')) + "/inner.h"] = padding;  // reached through it
    EXPECT_THAT(project_refusal(files), HasSubstr("inner.h")) << path;
  }
}

TEST(Hls4mlProject, LinesThatOnlyPrintArePassedOver) {
  const auto with = [](const std::string& lines) {
    ProjectFiles files = small_project();
    replace(files["firmware/small.cpp"], "layer2_out, y); // act\n", "layer2_out, y); // act\n" + lines);
    return files;
  };
  for (const char* lines :
       {"  std::cout << \"y;\" << std::endl;\n", "  for (int i = 0; i < 3; ++i) std::cout << y[i] << ' ';\n",
        "  for (unsigned i = 0; i < 3; i++) {\n    if (i != 0) std::cerr << \",\";\n    printf(\"%f\", "
        "y[i].to_double());\n  }\n",
        "  nnet::print_result<result_t, 3>(y, std::cout);\n"}) {
    EXPECT_EQ(run(with(lines), {32, -16}), (std::vector<std::int64_t>{14, 0, 48})) << lines;
  }
  EXPECT_THAT(project_refusal(with("\n  std::cout << (y[0] = 1);\n")),
              HasSubstr("small.cpp: line 9: std::cout with an assignment"));
  EXPECT_THAT(project_refusal(with("  std::cout << change(y);\n")), HasSubstr("std::cout with a call of 'change'"));
  EXPECT_THAT(project_refusal(with("  std::cout << x[0]++;\n")), HasSubstr("std::cout with '++'"));
  EXPECT_THAT(project_refusal(with("  for (int i = 0; i < 3; y[0] = ++i) std::cout << i;\n")),
              HasSubstr("a loop that prints with an assignment"));
  EXPECT_THAT(project_refusal(with("  for (int i = 0; i < 3; ++i) {\n    std::cout << i;\n    y[i] = 0;\n  }\n")),
              HasSubstr("line 8: 'for'"));
}

TEST(Hls4mlProject, SizesOfEarlyReleasesArePassedOver) {
  ProjectFiles files = small_project();
  replace(files["firmware/small.cpp"], "result_t y[3])", "result_t y[3], unsigned short &const_size_in_1)");
  replace(files["firmware/small.cpp"], "  layer2_t layer2_out", "  const_size_in_1 = N_IN;\n  layer2_t layer2_out");
  EXPECT_EQ(run(files, {32, -16}), (std::vector<std::int64_t>{14, 0, 48}));
  EXPECT_EQ(read_hls4ml_project(files, "p").notes[0],
            "hls4ml 0.6 or earlier, told from the sizes its top function returns");
}

// Until 0.6 a product is cast to its third type before anything is added.
TEST(Hls4mlProject, ProductsOfEarlyReleases) {
  ProjectFiles files = small_project();
  replace(files["firmware/parameters.h"], "class y_T>\n", "class y_T, class res_T>\n");
  replace(files["firmware/parameters.h"], "mult<x_T, y_T>", "mult<x_T, y_T, res_T>");
  EXPECT_EQ(run(files, {32, -16}), (std::vector<std::int64_t>{14, 0, 48}));
  EXPECT_THAT(read_hls4ml_project(files, "p").notes[0], HasSubstr("hls4ml 0.6 or earlier, told from products"));
  replace(files["firmware/parameters.h"], "product::mult", "product::weight_ternary");
  EXPECT_THAT(project_refusal(files), HasSubstr("of hls4ml 0.6 or earlier, which negates within the type of the data"));

  const auto normalisation = [](const std::string& product) {
    ProjectFiles project = small_project();
    project["firmware/defines.h"] += "typedef ap_fixed<12,6> s_t;\n";
    project["firmware/parameters.h"] =
        "#include \"weights/w2.h\"\nstruct config4 : nnet::batchnorm_config {\n  static const unsigned n_in = 2;\n"
        "  static const unsigned n_filt = -1;\n  " +
        product + "\n};\n";
    project["firmware/weights/w2.h"] = "s_t s4[2] = {0.515625, 0.515625};\ns_t b4[2] = {0.046875, 0.046875};\n";
    project["firmware/small.cpp"] =
        "#include \"defines.h\"\n#include \"parameters.h\"\nvoid small(input_t x[2], input_t y[2]) {\n"
        "  nnet::normalize<input_t, input_t, config4>(x, y, s4, b4);\n}\n";
    return project;
  };
  // x = 1/16: 33/1024 + 48/1024 is 1/16 cut; but the product alone is cut to 0, and 48/1024 after it.
  EXPECT_EQ(run(normalisation("template<class x_T, class y_T> using product = nnet::product::mult<x_T, y_T>;"), {1, 2}),
            (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(run(normalisation("template<class x_T, class y_T, class res_T> "
                              "using product = nnet::product::mult<x_T, y_T, res_T>;"),
                {1, 2}),
            (std::vector<std::int64_t>{0, 1}));
}

TEST(Hls4mlProject, CompressedWeights) {
  ProjectFiles files = small_project();
  replace(
      files["firmware/defines.h"], "typedef ap_fixed<6,2> w_t;",
      "typedef ap_fixed<6,2> w_t;\ntypedef struct cw_t {ap_uint<2> row_index;ap_uint<2> col_index;w_t weight; } cw_t;");
  replace(files["firmware/parameters.h"], "nnet::latency", "nnet::compressed");
  // Of the six weights two are 0; one zero fills the list.
  files["firmware/weights/w2.h"] =
      "cw_t w2[5] = {{0, 0, 0.25}, {1, 1, 0.75}, {0, 2, 1.0}, {1, 2, -1.25}, {0, 1, 0}};\n";
  EXPECT_EQ(run(files, {32, -16}), (std::vector<std::int64_t>{16, 0, 48}));
  files["firmware/weights/w2.h"] = "cw_t w2[5];\n";
  files["firmware/weights/w2.txt"] = "{0, 0, 0.25}, {1, 1, 0.75}, {0, 2, 1.0}, {1, 2, -1.25}, {0, 1, 0.0}";
  replace(files["firmware/small.cpp"], "  layer2_t layer2_out[3];\n",
          "  if (!loaded_weights) {\n    nnet::load_compressed_weights_from_txt<cw_t, 5>(w2, \"w2.txt\");\n  }\n"
          "  layer2_t layer2_out[3];\n");
  EXPECT_EQ(run(files, {32, -16}), (std::vector<std::int64_t>{16, 0, 48}));
  const auto refused = [&](const char* from, const char* to) {
    ProjectFiles bad = files;
    replace(bad["firmware/weights/w2.txt"], from, to);
    return project_refusal(bad);
  };
  EXPECT_THAT(refused("{1, 2,", "{2, 2,"), HasSubstr("weight {2, 2} of array 'w2', expected rows below 2"));
  EXPECT_THAT(refused("{1, 2,", "{0, 0,"), HasSubstr("weight {0, 0} of array 'w2' twice"));
  EXPECT_THAT(refused(", {0, 1, 0.0}", ""), HasSubstr("array 'w2' of 4 values, expected 5"));
  EXPECT_THAT(refused("{1, 2, -1.25}", "{1, 2}"), HasSubstr("expected {row, column, weight}"));
  replace(files["firmware/defines.h"], "ap_fixed<16,8>", "ap_fixed<16,8,AP_TRN,AP_SAT>");
  EXPECT_THAT(project_refusal(files), HasSubstr("compressed weights with the accumulator"));
}

TEST(Hls4mlProject, PowersOfTwoAsWeightsAreRefusedByName) {
  ProjectFiles files = small_project();
  replace(files["firmware/defines.h"], "typedef ap_fixed<6,2> w_t;",
          "typedef ap_fixed<6,2> w_t;\ntypedef struct ew_t {ap_uint<1> sign;ap_int<2> weight; } ew_t;");
  replace(files["firmware/parameters.h"], "typedef w_t weight_t", "typedef ew_t weight_t");
  files["firmware/weights/w2.h"] = "ew_t w2[6] = {{1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}, {1, 0}};\n";
  EXPECT_THAT(project_refusal(files), HasSubstr("type 'ew_t', a structure of sign, weight"));
  replace(files["firmware/parameters.h"], "product::mult", "product::weight_exponential");
  EXPECT_THAT(project_refusal(files), HasSubstr("dense 'fc': product 'weight_exponential'"));
}

// hls4ml 1.0 and 1.1, io_parallel: a window other than its stride is right in one dimension where every output it
// writes exists.
TEST(Hls4mlProject, WindowsOtherThanTheirStride) {
  const auto project = [](int n, int window, int stride) {
    ProjectFiles files = small_project();
    files["firmware/parameters.h"] =
        "struct config2 : nnet::pooling1d_config {\n  static const unsigned n_in = " + std::to_string(n) +
        ";\n  static const unsigned n_out = " + std::to_string((n - window) / stride + 1) +
        ";\n  static const unsigned n_filt = 1;\n  static const unsigned pool_width = " + std::to_string(window) +
        ";\n  static const unsigned stride_width = " + std::to_string(stride) +
        ";\n  static const nnet::Pool_Op pool_op = nnet::Max;\n  typedef input_t accum_t;\n};\n";
    files["firmware/small.cpp"] = "#include \"defines.h\"\n#include \"parameters.h\"\nvoid small(input_t x[" +
                                  std::to_string(n) + "], input_t y[" + std::to_string((n - window) / stride + 1) +
                                  "]) {\n  nnet::pooling1d_cl<input_t, input_t, config2>(x, y);\n}\n";
    return files;
  };
  EXPECT_EQ(run(project(5, 3, 2), {1, 2, 3, 9, 4}, "1.1.0"), (std::vector<std::int64_t>{3, 9}));
  const auto refused = [](const ProjectFiles& files, const char* version) {
    try {
      read_hls4ml_project(files, "p", version);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(refused(project(10, 4, 2), "1.0"), HasSubstr("writes 5 outputs of 4"));
  EXPECT_EQ(refused(project(10, 4, 2), "1.2"), "");
  EXPECT_THAT(refused(project(5, 3, 2), "0.8.1"), HasSubstr("hls4ml before 1.0 reads cells it never filled"));
  EXPECT_THAT(project_refusal(project(5, 3, 2)), HasSubstr("--hls4ml-version"));
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
