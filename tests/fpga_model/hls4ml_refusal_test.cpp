// What an hls4ml project must not do: each refusal names file, line and what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fpga_model/hls4ml_files.h"

namespace vigil::fpga_model {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Defect {
  const char* name;
  const char* file;
  const char* from;
  const char* to;
  const char* message;
};

class ProjectRefusal : public testing::TestWithParam<Defect> {};

TEST_P(ProjectRefusal, NamesThePlace) {
  const Defect& defect = GetParam();
  ProjectFiles files = small_project();
  ASSERT_NE(files.at(defect.file).find(defect.from), std::string::npos);
  replace(files[defect.file], defect.from, defect.to);
  EXPECT_THAT(project_refusal(files), AllOf(HasSubstr("p/firmware/"), HasSubstr(defect.message)));
}

constexpr const char* kTop = "firmware/small.cpp";
constexpr const char* kDefines = "firmware/defines.h";
constexpr const char* kParameters = "firmware/parameters.h";

INSTANTIATE_TEST_SUITE_P(
    Small, ProjectRefusal,
    testing::Values(
        Defect{"unknown_call", kTop, "nnet::relu", "nnet::garnet", "line 7, garnet: 'nnet::garnet<"},
        Defect{"computes_nothing", kTop, "  nnet::relu<layer2_t, result_t, relu_config3>(layer2_out, y);", "",
               "nothing reads or writes 'y'"},
        Defect{"unknown_type", kDefines, "ap_fixed<8,4>", "float", "type 'float', expected ap_fixed"},
        Defect{"type_of_itself", kDefines, "ap_fixed<8,4>", "input_t", "names that stand for each other"},
        Defect{"bad_width", kDefines, "ap_fixed<8,4>", "ap_fixed<800,4>", "line 2"},
        Defect{"unknown_config", kTop, "config2>", "config9>", "configuration 'config9' is not declared"},
        Defect{"missing_key", kParameters, "  static const unsigned n_out = 3;\n", "", "key 'n_out': missing"},
        Defect{"zero_size", kParameters, "n_out = 3", "n_out = 0", "key 'n_out': 0, expected 1.."},
        Defect{"huge_size", kParameters, "n_out = 3", "n_out = 99999999999", "key 'n_out': 99999999999"},
        Defect{"beyond_64_bits", kDefines, "N_IN 2", "N_IN 9223372036854775807 * 3", "a number beyond 64 bits"},
        Defect{"divides_by_zero", kDefines, "N_IN 2", "N_IN (2 / (1 - 1))", "a division by 0"},
        Defect{"weights_too_few", "firmware/weights/w2.h", ", -1.25}", "}", "array 'w2' of 5 values, expected 6"},
        Defect{"weights_no_number", "firmware/weights/w2.h", "0.75", "three", "'three', expected a number"},
        Defect{"weights_missing", "firmware/weights/w2.h", "w2", "w3", "array 'w2' is not declared"},
        Defect{"wrong_shape", kTop, "layer2_out[3]", "layer2_out[4]", "'layer2_out' of 4 words, expected 3 [3]"},
        Defect{"read_before_written", kTop, "(x, layer2_out", "(layer2_out, layer2_out",
               "read before anything writes it"},
        Defect{"written_twice", kTop, "layer2_out, y", "layer2_out, x", "'x' is read before and written here"},
        Defect{"unknown_product", kParameters, "product::mult", "product::weight_exponential", "weight_exponential"},
        Defect{"unknown_strategy", kParameters, "nnet::latency", "nnet::compressed", "strategy 'compressed'"},
        Defect{"second_declaration", kDefines, "#define N_IN 2\n", "typedef ap_fixed<9,4> input_t;\n#define N_IN 2\n",
               "a second, different 'input_t'"},
        Defect{"loop", kTop, "  nnet::dense", "  for (int i = 0; i < 3; i++) layer2_out[i] = 0;\n  nnet::dense",
               "line 6"},
        Defect{"no_end", kTop, "\n}\n", "\n", "'{' without end"},
        Defect{"open_comment", kParameters, "struct config2", "/* struct config2", "a comment without end"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Hls4mlRefusal, ReuseFactorThatMultipliesTheWrongPairs) {
  ProjectFiles files = small_project();
  replace(files[kParameters], "nnet::latency", "nnet::resource");
  replace(files[kParameters], "reuse_factor = 1", "reuse_factor = 2");
  EXPECT_EQ(project_refusal(files), "");
  replace(files[kDefines], "N_IN 2", "N_IN 4");
  replace(files["firmware/weights/w2.h"], "w2[6] = {", "w2[12] = {0,0,0,0,0,0,");
  replace(files[kParameters], "reuse_factor = 2", "reuse_factor = 3");
  EXPECT_THAT(project_refusal(files), HasSubstr("reuse factor 3 for 4 inputs"));
}

TEST(Hls4mlRefusal, StreamReadByTwoLayers) {
  ProjectFiles files = small_project();
  files[kTop] =
      "#include \"defines.h\"\n#include \"parameters.h\"\n"
      "typedef nnet::array<input_t, 3> in_t;\ntypedef nnet::array<result_t, 3> out_t;\n"
      "void small(hls::stream<in_t> &x, hls::stream<out_t> &y, hls::stream<out_t> &z) {\n"
      "  hls::stream<in_t> copy1(\"copy1\");\n  hls::stream<in_t> copy2(\"copy2\");\n"
      "  nnet::clone_stream<in_t, in_t, 3>(x, copy1, copy2);\n"
      "  nnet::relu<in_t, out_t, relu_config3>(copy1, y);\n  nnet::relu<in_t, out_t, relu_config3>(copy2, z);\n}\n";
  EXPECT_EQ(project_refusal(files), "");
  replace(files[kTop], "(copy2, z)", "(copy1, z)");
  EXPECT_THAT(project_refusal(files), AllOf(HasSubstr("line 10, relu"), HasSubstr("is read by two layers")));
}

TEST(Hls4mlRefusal, StreamsWhoseArraysAreNotTheChannels) {
  const auto project = [](int in, int out) {
    ProjectFiles files = small_project();
    files[kParameters] =
        "struct config2 : nnet::pooling1d_config {\n  static const unsigned n_in = 4;\n  static const unsigned n_out = "
        "2;\n"
        "  static const unsigned n_filt = 2;\n  static const unsigned pool_width = 2;\n"
        "  static const unsigned stride_width = 2;\n  static const nnet::Pool_Op pool_op = nnet::Max;\n"
        "  typedef input_t accum_t;\n};\nstruct relu_config3 : nnet::activ_config {\n"
        "  static const unsigned n_in = 4;\n};\n";
    files[kTop] = "#include \"defines.h\"\n#include \"parameters.h\"\ntypedef nnet::array<input_t, " +
                  std::to_string(in) + "> in_t;\ntypedef nnet::array<result_t, " + std::to_string(out) +
                  "> out_t;\ntypedef nnet::array<input_t, 2> mid_t;\n"
                  "void small(hls::stream<in_t> &x, hls::stream<out_t> &y) {\n"
                  "  hls::stream<mid_t> mid(\"mid\");\n  nnet::pooling1d_cl<in_t, mid_t, config2>(x, mid); // p\n"
                  "  nnet::relu<mid_t, out_t, relu_config3>(mid, y);\n}\n";
    return files;
  };
  EXPECT_EQ(project_refusal(project(2, 2)), "");
  EXPECT_THAT(project_refusal(project(4, 2)),
              HasSubstr("line 8, pooling1d_cl 'p': the stream 'x' of nnet::array<T, 4>, expected 2, the channels"));
  EXPECT_THAT(project_refusal(project(1, 2)), HasSubstr("nnet::array<T, 1>, expected 2"));
  EXPECT_THAT(project_refusal(project(2, 4)),
              HasSubstr("line 9, relu: the stream 'y' of nnet::array<T, 4>, expected 2"));
}

TEST(Hls4mlRefusal, ProjectsOfOtherBackendsAreNamed) {
  ProjectFiles files = small_project();
  files["hls4ml_config.yml"] = "Backend: Vitis\nClockPeriod: 5\n";
  EXPECT_EQ(project_refusal(files), "");
  files["hls4ml_config.yml"] = "ClockPeriod: 5\nBackend: 'Quartus'\n";
  EXPECT_THAT(project_refusal(files), HasSubstr("p/hls4ml_config.yml: line 2: a project of hls4ml's backend Quartus, "
                                                "expected Vivado or Vitis"));
  files.erase("hls4ml_config.yml");
  for (const auto& [include, backend] : {std::pair{"<ac_channel.h>", "Catapult"},
                                         {"\"HLS/ac_fixed.h\"", "Quartus"},
                                         {"<sycl/sycl.hpp>", "oneAPI"},
                                         {"\"ac_int.h\"", "Quartus, oneAPI or Catapult"}}) {
    files[kDefines] = std::string("#include ") + include + "\ntypedef ac_fixed<8,4,true> input_t;\n";
    EXPECT_THAT(project_refusal(files),
                AllOf(HasSubstr("p/firmware/defines.h: line "),
                      HasSubstr(std::string("ac_fixed types: a project of hls4ml's backend ") + backend)));
  }
}

TEST(Hls4mlRefusal, FoldersThatAreNoProject) {
  EXPECT_THAT(project_refusal({}), HasSubstr("no .cpp file that includes a parameters.h beside it"));
  ProjectFiles files = small_project();
  for (const auto& [path, bytes] : small_project()) files["other/" + path] = bytes;
  EXPECT_THAT(project_refusal(files), HasSubstr("several projects: firmware/small.cpp, other/firmware/small.cpp"));
}

}  // namespace
}  // namespace vigil::fpga_model
