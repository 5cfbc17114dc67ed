// model.yaml of a package.
#include "fpga_model/package/model_yaml.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vigil::fuzz::expect_error_or_success("model.yaml", [&] {
    vigil::fpga_model::parse_model_yaml({reinterpret_cast<const char*>(data), size}, "model.yaml");
  });
  return 0;
}

namespace vigil::fuzz {

std::vector<std::string> seeds() {
  return {R"(name: bdt
version: "1"
description: a forest
source: {repo: a/b, commit: 0123}
format: conifer
path: model.json
conifer: {sum: tree}
inputs:
  - {name: x, count: 16, type: "ap_fixed<18,8>"}
outputs:
  - {name: score, count: 1, type: "ap_fixed<18,8>"}
)",
          R"(name: anomaly
format: network
path: network.json
inputs:
  - name: jet
    count: 4
    columns: [pt, eta, phi]
    types: ["ap_ufixed<11,11>", "ap_fixed<8,8>", "ap_ufixed<8,8>"]
    lsb: [0.5, 0.0435, 0.0436]
    unit: [GeV, "", rad]
    encoding: integer
outputs:
  - {name: loss, count: 1, type: "ap_ufixed<18,14>"}
seeds:
  - {name: L1_TEST, output: loss, word: 0, bit: 3, threshold: 1234, target_rate_hz: 100}
)",
          "name: a\nformat: network\npath: b\n"};
}

std::vector<std::string> words() {
  return {"0",
          "-1",
          "1e400",
          "18446744073709551616",
          "~",
          "null",
          "[]",
          "{}",
          "[[[[",
          "{{{{",
          "&a",
          "*a",
          "<<",
          ": ",
          "- ",
          "\n  ",
          "\n",
          "|",
          ">",
          "!!binary",
          "'",
          "\"",
          "#",
          "\t",
          "name",
          "type",
          "count",
          "seeds",
          "inputs",
          "outputs",
          "path",
          "../../etc/passwd",
          "\xff",
          ".nan",
          ".inf",
          "\"ap_fixed<64,64>\"",
          "target_rate_hz",
          "threshold"};
}

}  // namespace vigil::fuzz
