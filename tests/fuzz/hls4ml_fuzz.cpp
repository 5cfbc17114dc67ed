// hls4ml projects: all files of one in one text, each after a line "@@@@ path"; what is read must also load.
#include "fpga_model/network/network.h"
#include "fuzz_target.h"
#include "tests/fpga_model/hls4ml_files.h"

namespace {

constexpr std::string_view kMark = "@@@@ ";

std::map<std::string, std::string> files_of(std::string_view text) {
  std::map<std::string, std::string> files;
  while (!text.empty()) {
    const std::size_t end = text.find(kMark, 1);
    std::string_view part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end);
    if (part.starts_with(kMark)) part.remove_prefix(kMark.size());
    const std::size_t line = part.find('\n');
    files[std::string(part.substr(0, line))] = line == std::string_view::npos ? "" : std::string(part.substr(line + 1));
  }
  return files;
}

std::string text_of(const std::map<std::string, std::string>& files) {
  std::string text;
  for (const auto& [path, bytes] : files) text += std::string(kMark) + path + "\n" + bytes;
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto files = files_of({reinterpret_cast<const char*>(data), size});
  std::string json;
  const bool read = vigil::fuzz::expect_error_or_success(
      "project", [&] { json = vigil::fpga_model::read_hls4ml_project(files, "project").network_json; });
  // Widths beyond version 1 are told by the reader of the network.
  if (read)
    vigil::fuzz::expect_error_or_success("network.json",
                                         [&] { const vigil::fpga_model::Network network(json, "network.json"); });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  auto files = fpga_model::small_project();
  std::vector<std::string> texts = {text_of(files)};
  fpga_model::replace(files["firmware/parameters.h"], "nnet::latency", "nnet::resource");
  fpga_model::replace(files["firmware/parameters.h"], "reuse_factor = 1", "reuse_factor = 2");
  fpga_model::replace(files["firmware/defines.h"], "ap_fixed<16,8>", "ap_fixed<12,6,AP_RND_CONV,AP_SAT_SYM>");
  texts.push_back(text_of(files));
  return texts;
}

std::vector<std::string> words() {
  return {"99999999999",
          "-1",
          "0",
          "2147483648",
          "ap_fixed<64,64>",
          "ap_ufixed<63,-128>",
          "ap_int<0>",
          "config2",
          "nnet::",
          "nnet::relu",
          "nnet::softmax",
          "nnet::conv_1d_cl",
          "unsigned",
          "static const",
          "#if 0\n",
          "#endif",
          "#define N_IN 3\n",
          "/*",
          "*/",
          "//",
          "}",
          "{",
          "1e999",
          "0x",
          "template<",
          "typedef",
          "struct",
          "\"",
          "'",
          "\\\n",
          "1.0/0.0",
          "<<",
          "sizeof",
          "input_t",
          "layer2_t",
          "@@@@ firmware/weights/w3.h\n"};
}

}  // namespace vigil::fuzz
