// Kernels by distributed arithmetic: the matrix behind an adder graph, and graphs that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "fpga_model/import/hls4ml/adder_graph.h"

namespace vigil::fpga_model::hls4ml {
namespace {

using testing::HasSubstr;

AdderGraph graph_of(const std::string& body, const std::string& input = "ap_fixed<8,4>") {
  const std::string text = "template <typename inp_t, typename out_t> void dense_da_2(inp_t inp[3], out_t out[2]) {" +
                           body + "}\ntypedef " + input + " input_t;\n";
  std::size_t budget = 10000;
  const SourceFile file = tokenize(text, "nnet_code_gen.h", budget);
  Declarations declarations;
  declarations.read(file);
  ElementType type;
  type.fixed = parse_fixed_point(input, "test");
  return read_adder_graph(declarations, "dense_da_2", type, "test");
}

std::string refusal(const std::string& body) {
  try {
    graph_of(body);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(AdderGraph, IsItsMatrix) {
  const AdderGraph graph = graph_of(
      "ap_fixed<10, 5> v0 = bit_shift<-1>(inp[0]) - inp[1];"
      "ap_fixed<16, 9> v1 = v0 + bit_shift<2>(inp[2]) + ap_fixed<4, 1>(-0.25);"
      "out[0] = v1; out[1] = ap_fixed<10, 5>(-v0);");
  EXPECT_EQ(graph.inputs, 3u);
  EXPECT_EQ(graph.outputs, 2u);
  EXPECT_EQ(graph.weight_type.fraction(), 1);  // 0.5
  EXPECT_EQ(graph.weights, (std::vector<std::int64_t>{1, -1, -2, 2, 8, 0}));
  EXPECT_EQ(graph.bias_type.fraction(), 2);
  EXPECT_EQ(graph.bias, (std::vector<std::int64_t>{-1, 0}));
}

TEST(AdderGraph, RefusesWhatMayDropBits) {
  EXPECT_THAT(refusal("ap_fixed<8, 4> v0 = bit_shift<-1>(inp[0]); out[0] = v0; out[1] = v0;"),
              HasSubstr("may drop bits"));
  EXPECT_THAT(refusal("ap_fixed<8, 4> v0 = inp[0] + inp[1]; out[0] = v0; out[1] = v0;"), HasSubstr("may drop bits"));
  EXPECT_THAT(refusal("out[0] = ap_fixed<8, 4>(inp[0] + inp[1]); out[1] = inp[0];"), HasSubstr("may drop bits"));
  EXPECT_EQ(refusal("ap_fixed<9, 5> v0 = inp[0] + inp[1]; out[0] = v0; out[1] = v0;"), "");
}

TEST(AdderGraph, RefusesWhatIsNotLinear) {
  EXPECT_THAT(refusal("out[0] = inp[0] * inp[1]; out[1] = inp[0];"), HasSubstr("'*'"));
  EXPECT_THAT(refusal("out[0] = inp[3]; out[1] = inp[0];"), HasSubstr("index 3, expected 0..2"));
  EXPECT_THAT(refusal("out[0] = v7; out[1] = inp[0];"), HasSubstr("'v7'"));
  EXPECT_THAT(refusal("out[0] = inp[0];"), HasSubstr("out[1] is not written"));
  EXPECT_THAT(refusal("out[0] = bit_shift<99>(inp[0]); out[1] = inp[0];"), HasSubstr("a shift by 99"));
  EXPECT_THAT(refusal("out[0] = std::max(inp[0], inp[1]); out[1] = inp[0];"), HasSubstr("'max'"));
}

TEST(AdderGraph, DoublingStaysBounded) {
  std::string body = "ap_fixed<12, 8> v0 = inp[0];";
  for (int i = 1; i < 80; ++i)
    body += "auto v" + std::to_string(i) + " = v" + std::to_string(i - 1) + " + v" + std::to_string(i - 1) + ";";
  EXPECT_THAT(refusal(body + "out[0] = v79; out[1] = v79;"), HasSubstr("a coefficient beyond"));
}

}  // namespace
}  // namespace vigil::fpga_model::hls4ml
