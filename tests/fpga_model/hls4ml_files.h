// hls4ml projects for tests: one small enough to write down, and the folders of ../shared.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "core/error.h"
#include "fpga_model/import/hls4ml/project.h"

namespace vigil::fpga_model {

using ProjectFiles = std::map<std::string, std::string>;

inline ProjectFiles read_folder(const std::filesystem::path& folder) {
  ProjectFiles files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().lexically_relative(folder).generic_string()] = {std::istreambuf_iterator<char>(file), {}};
  }
  return files;
}

// y = relu(x w + b): 2 inputs, 3 outputs.
inline ProjectFiles small_project() {
  return {{"firmware/defines.h",
           "#define N_IN 2\n"
           "typedef ap_fixed<8,4> input_t;\n"
           "typedef ap_fixed<16,8> layer2_t;\n"
           "typedef ap_fixed<6,2> w_t;\n"
           "typedef ap_ufixed<8,4,AP_RND,AP_SAT,0> result_t;\n"},
          {"firmware/parameters.h",
           "#include \"weights/w2.h\"\n#include \"weights/b2.h\"\n"
           "struct config2 : nnet::dense_config {\n"
           "  static const unsigned n_in = N_IN;\n  static const unsigned n_out = 3;\n"
           "  static const unsigned strategy = nnet::latency;\n  static const unsigned reuse_factor = 1;\n"
           "  typedef layer2_t accum_t;\n  typedef w_t weight_t;\n"
           "  template<class x_T, class y_T>\n  using product = nnet::product::mult<x_T, y_T>;\n};\n"
           "struct relu_config3 : nnet::activ_config {\n  static const unsigned n_in = 3;\n};\n"},
          {"firmware/weights/w2.h", "w_t w2[6] = {0.25, -0.5, 1.0, 0.125, 0.75, -1.25};\n"},
          {"firmware/weights/b2.h", "#ifndef __SYNTHESIS__\nw_t b2[3];\n#else\nw_t b2[3] = {0.5, 0, -0.25};\n#endif\n"},
          {"firmware/small.cpp",
           "#include \"defines.h\"\n#include \"parameters.h\"\n"
           "void small(input_t x[N_IN], result_t y[3]) {\n"
           "  #pragma HLS PIPELINE\n"
           "  layer2_t layer2_out[3];\n"
           "  nnet::dense<input_t, layer2_t, config2>(x, layer2_out, w2, b2); // fc\n"
           "  nnet::relu<layer2_t, result_t, relu_config3>(layer2_out, y); // act\n"
           "}\n"}};
}

inline void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

// The message of the refusal; empty when the project is read.
inline std::string project_refusal(const ProjectFiles& files) {
  try {
    read_hls4ml_project(files, "p");
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace vigil::fpga_model
