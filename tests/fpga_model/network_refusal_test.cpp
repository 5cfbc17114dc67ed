// Everything docs/network_json.md says a reader must refuse: one small valid network, one change at a time (JSON
// Patch), one message.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "fpga_model/network/network.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kNetwork = R"({
"format": "vigil-network/1", "name": "n", "comment": "c", "source": "s",
"inputs": [{"name": "x", "shape": [4], "type": "ap_fixed<8,4>"}, {"name": "image", "shape": [4, 4, 2], "type": "ap_fixed<8,4>"},
           {"name": "id", "shape": [2], "type": "ap_ufixed<3,3>"}, {"name": "series", "shape": [3, 2], "type": "ap_fixed<8,4>"}],
"outputs": ["d", "l"],
"constants": {"k": {"type": "ap_fixed<8,4>", "shape": [4], "raw": [1, 2, 3, 4]}},
"layers": [
 {"name": "dense", "op": "dense", "inputs": ["x"], "accum": "ap_fixed<20,12>", "reuse_factor": 2,
  "weights": {"type": "ap_fixed<6,2>", "shape": [4, 2], "raw": [1, 2, 3, 4, 5, 6, 7, 8]}, "bias": {"type": "ap_fixed<6,2>", "shape": [2], "raw": [1, 2]},
  "output": {"name": "d", "shape": [2], "type": "ap_fixed<16,8>"}},
 {"name": "lookup", "op": "lookup", "inputs": ["x"], "table": {"type": "ap_fixed<8,4>", "raw": [0, 1, 2, 3]},
  "index": {"rule": "scaled", "range": 16, "offset": 2, "clamp": "signed"}, "output": {"name": "l", "shape": [4], "type": "ap_fixed<8,4>"}},
 {"name": "top", "op": "lookup", "inputs": ["x"], "table": {"type": "ap_fixed<8,4>", "raw": [0, 1, 2, 3]},
  "index": {"rule": "top_bits"}, "output": {"name": "t", "shape": [4], "type": "ap_fixed<8,4>"}},
 {"name": "shift", "op": "shift", "inputs": ["x"], "counts": [1, -1, 0, 2], "output": {"name": "s", "shape": [4], "type": "ap_fixed<8,4>"}},
 {"name": "cut", "op": "threshold", "inputs": ["x"], "thresholds": [{"type": "ap_fixed<8,4>", "raw": [3]}], "compare": [">="], "levels": [-1, 1],
  "output": {"name": "c", "shape": [4], "type": "ap_fixed<2,2>"}},
 {"name": "conv", "op": "conv", "inputs": ["image"], "accum": "exact", "stride": [2, 1], "padding": [[0, 1], [1, 0]],
  "weights": {"type": "ap_fixed<2,2>", "shape": [1, 2, 2, 1], "raw": [1, 0, -1, 1]}, "bias": {"type": "ap_fixed<2,2>", "raw": [1]},
  "output": {"name": "v", "shape": [3, 4, 1], "type": "ap_fixed<16,8>"}},
 {"name": "pool", "op": "pool", "inputs": ["image"], "mode": "average", "kernel": [2, 2], "stride": [2, 2], "accum": "ap_fixed<12,8>", "order": "sequential",
  "output": {"name": "p", "shape": [2, 2, 2], "type": "ap_fixed<8,4>"}},
 {"name": "sum", "op": "add", "inputs": ["x", "k"], "output": {"name": "a", "shape": [4], "type": "ap_fixed<9,5>"}},
 {"name": "soft", "op": "softmax", "inputs": ["x"], "implementation": "stable", "norm_type": "ap_ufixed<8,4>", "difference": "max_minus_x",
  "exp_table": {"type": "ap_fixed<8,4>", "raw": [9, 5, 2, 1]}, "sum_type": "ap_fixed<10,6>", "inv_input_type": "ap_fixed<8,4>",
  "inv_table": {"type": "ap_fixed<8,4>", "raw": [9, 5, 2, 1]}, "output": {"name": "m", "shape": [4], "type": "ap_fixed<8,4>"}},
 {"name": "wide", "op": "cast", "inputs": ["x"], "output": {"name": "w", "shape": [4], "type": "ap_fixed<60,4>"}},
 {"name": "flat", "op": "reshape", "inputs": ["image"], "shape": [32], "output": {"name": "f", "shape": [32], "type": "ap_fixed<8,4>"}},
 {"name": "turn", "op": "transpose", "inputs": ["series"], "permutation": [1, 0], "output": {"name": "u", "shape": [2, 3], "type": "ap_fixed<8,4>"}},
 {"name": "pad", "op": "zero_pad", "inputs": ["series"], "padding": [[1, 2]], "output": {"name": "z", "shape": [6, 2], "type": "ap_fixed<8,4>"}},
 {"name": "emb", "op": "embedding", "inputs": ["id"], "table": {"type": "ap_fixed<8,4>", "shape": [5, 3], "raw": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]},
  "output": {"name": "e", "shape": [2, 3], "type": "ap_fixed<8,4>"}},
 {"name": "relu", "op": "relu", "inputs": ["x"], "max": 6, "alpha": {"type": "ap_fixed<8,4>", "raw": [1]}, "output": {"name": "r", "shape": [4], "type": "ap_fixed<8,4>"}}
]})";

std::string refusal(const std::string& text) {
  try {
    const Network network(text, "network.json");
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

struct Case {
  const char* patch;
  const char* expected;
};

class Refusal : public testing::TestWithParam<Case> {};

TEST_P(Refusal, NamesFileLayerAndKey) {
  const std::string message = refusal(json::parse(kNetwork).patch(json::parse(GetParam().patch)).dump());
  EXPECT_THAT(message, HasSubstr("network.json")) << GetParam().patch;
  EXPECT_THAT(message, HasSubstr(GetParam().expected)) << GetParam().patch;
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(RefusalBase, TheUndamagedNetworkLoads) { EXPECT_EQ(refusal(kNetwork), ""); }

// clang-format off
constexpr Case kTop[] = {
    {R"([{"op":"remove","path":"/format"}])", "key 'format': missing"},
    {R"([{"op":"replace","path":"/format","value":"vigil-network/2"}])", "key 'format': 'vigil-network/2', expected vigil-network/1"},
    {R"([{"op":"add","path":"/version","value":1}])", "key 'version': unknown key"},
    {R"([{"op":"replace","path":"/inputs","value":[]}])", "key 'inputs': an empty list"},
    {R"([{"op":"replace","path":"/inputs","value":{}}])", "key 'inputs': an object, expected a list"},
    {R"([{"op":"replace","path":"/inputs/0/shape","value":[]}])", "key 'inputs[0].shape': 0 dimensions"},
    {R"([{"op":"replace","path":"/inputs/0/shape","value":[0]}])", "key 'inputs[0].shape': 0, expected an integer in 1.."},
    {R"([{"op":"replace","path":"/inputs/0/shape","value":[4.0]}])", "key 'inputs[0].shape': entry 0 is 4.0"},
    {R"([{"op":"replace","path":"/inputs/0/shape","value":[4096,4097]}])", "shape [4096,4097], expected at most 2^24 words"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"ap_fixed<65,4>"}])", "key 'inputs[0].type': type 'ap_fixed<65,4>', expected W an integer in 1..64"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"ap_fixed<8,200>"}])", "expected I an integer in -128..128"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"ap_fixed<8,4,AP_TRN,AP_WRAP,9>"}])", "expected N an integer in 0..W"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"ap_ufixed<8,4,AP_TRN,AP_WRAP_SM>"}])", "AP_WRAP_SM with a signed type only"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"float"}])", "type 'float'"},
    {R"([{"op":"add","path":"/inputs/0/lsb","value":1}])", "key 'inputs[0].lsb': unknown key"},
    {R"([{"op":"replace","path":"/inputs/1/name","value":"x"}])", "tensor 'x' defined twice"},
    {R"([{"op":"add","path":"/constants/x","value":{"type":"ap_fixed<8,4>","raw":[1]}}])", "tensor 'x' defined twice"},
    {R"([{"op":"replace","path":"/constants/k/raw/0","value":128}])", "key 'constants.k': word 0 is 128, expected one of ap_fixed<8,4>"},
    {R"([{"op":"replace","path":"/constants/k/raw/0","value":1.0}])", "key 'constants.k.raw': entry 0 is 1.0, expected a 64-bit integer"},
    {R"([{"op":"replace","path":"/constants/k/raw/0","value":9223372036854775808}])", "expected a 64-bit integer"},
    {R"([{"op":"remove","path":"/constants/k/raw/0"}])", "key 'constants.k': 3 words, expected 4 for shape [4]"},
    {R"([{"op":"replace","path":"/constants/k","value":{"type":"ap_fixed<8,4>","raw":[]}}])", "key 'constants.k': no words"},
    {R"([{"op":"replace","path":"/constants/k/type","value":"ap_fixed<8,4,AP_TRN,AP_WRAP_SM>"}])", "AP_WRAP_SM only for"},
    {R"([{"op":"replace","path":"/outputs","value":[]}])", "key 'outputs': an empty list"},
    {R"([{"op":"replace","path":"/outputs/0","value":"nothing"}])", "key 'outputs': 'nothing', expected the output of a layer"},
    {R"([{"op":"replace","path":"/outputs/0","value":"k"}])", "key 'outputs': 'k'"},
    {R"([{"op":"replace","path":"/outputs/0","value":"x"}])", "key 'outputs': 'x'"},
    {R"([{"op":"replace","path":"/outputs/0","value":"l"}])", "key 'outputs': 'l' twice"},
    {R"([{"op":"replace","path":"/layers/1/name","value":"dense"}])", "layer 'dense', key 'name': a second layer"},
    {R"([{"op":"remove","path":"/layers/1/name"}])", "key 'layers[1].name': missing"},
};
constexpr Case kLayers[] = {
    {R"([{"op":"replace","path":"/layers/0/op","value":"garnet"}])", "layer 'dense', key 'op': 'garnet', expected one of dense, conv"},
    {R"([{"op":"remove","path":"/layers/0/accum"}])", "layer 'dense', key 'accum': missing"},
    {R"([{"op":"add","path":"/layers/0/dilation","value":1}])", "layer 'dense', key 'dilation': unknown key"},
    {R"([{"op":"add","path":"/layers/0/output/comment","value":"x"}])", "layer 'dense', key 'output.comment': unknown key"},
    {R"([{"op":"add","path":"/layers/0/weights/scale","value":1}])", "layer 'dense', key 'weights.scale': unknown key"},
    {R"([{"op":"replace","path":"/layers/0/inputs/0","value":"none"}])", "layer 'dense', key 'inputs': tensor 'none'"},
    {R"([{"op":"replace","path":"/layers/0/inputs/0","value":"l"}])", "layer 'dense', key 'inputs': tensor 'l', expected a network input, a constant or the output of an earlier layer"},
    {R"([{"op":"replace","path":"/layers/0/inputs","value":["x","k"]}])", "layer 'dense', key 'inputs': 2 inputs, expected 1"},
    {R"([{"op":"replace","path":"/layers/0/inputs","value":[]}])", "layer 'dense', key 'inputs': an empty list"},
    {R"([{"op":"replace","path":"/layers/1/output/name","value":"d"}])", "layer 'lookup', key 'output.name': tensor 'd' defined twice"},
    {R"([{"op":"replace","path":"/layers/0/weights/shape","value":[2,4]}])", "layer 'dense', key 'weights': shape [2,4], expected [4,2]"},
    {R"([{"op":"replace","path":"/layers/0/output/shape","value":[2,1]}])", "layer 'dense', key 'weights': shape [4,2], expected [4,1]"},
    {R"([{"op":"replace","path":"/layers/0/bias","value":{"type":"ap_fixed<6,2>","raw":[1]}}])", "layer 'dense', key 'bias': shape [1], expected [2]"},
    {R"([{"op":"replace","path":"/layers/0/weights/raw/3","value":32}])", "layer 'dense', key 'weights': word 3 is 32, expected one of ap_fixed<6,2>"},
    {R"([{"op":"replace","path":"/layers/0/accum","value":"ap_fixed<64,12>"}])", "layer 'dense', key 'accum': accumulator of 64 bits, expected at most 63"},
    {R"([{"op":"replace","path":"/layers/0/accum","value":"float"}])", "layer 'dense', key 'accum': type 'float'"},
    {R"([{"op":"replace","path":"/layers/0/accum","value":"ap_fixed<20,12,AP_TRN,AP_WRAP_SM>"}])", "layer 'dense', key 'accum': ap_fixed<20,12,AP_TRN,AP_WRAP_SM>, expected AP_WRAP_SM only for"},
    {R"([{"op":"replace","path":"/layers/0/output/type","value":"ap_fixed<16,8,AP_TRN,AP_WRAP_SM>"}])", "layer 'dense', key 'output.type'"},
    {R"([{"op":"replace","path":"/layers/0/weights/type","value":"ap_fixed<57,2>"}])", "layer 'dense', key 'product': product of 65 bits, expected at most 64"},
    {R"([{"op":"replace","path":"/layers/0/accum","value":"exact"},{"op":"replace","path":"/layers/0/weights/type","value":"ap_fixed<54,2>"}])", "layer 'dense', key 'accum': exact accumulator of 65 bits"},
    {R"([{"op":"replace","path":"/layers/0/reuse_factor","value":0}])", "layer 'dense', key 'reuse_factor': 0, expected an integer in 1..4"},
    {R"([{"op":"replace","path":"/layers/0/reuse_factor","value":5}])", "layer 'dense', key 'reuse_factor': 5, expected an integer in 1..4"},
    {R"([{"op":"add","path":"/layers/0/product","value":"weight_exponential"}])", "layer 'dense', key 'product': 'weight_exponential', expected one of mult"},
    {R"([{"op":"add","path":"/layers/0/product","value":"xnor"}])", "layer 'dense', key 'product': xnor of ap_fixed<8,4>"},
    {R"([{"op":"replace","path":"/layers/1/index/rule","value":"nearest"}])", "layer 'lookup', key 'index.rule': 'nearest'"},
    {R"([{"op":"replace","path":"/layers/1/index/range","value":0}])", "layer 'lookup', key 'index.range': 0"},
    {R"([{"op":"add","path":"/layers/1/index/slope","value":0}])", "layer 'lookup', key 'index.slope': unknown key"},
    {R"([{"op":"replace","path":"/layers/1/index/clamp","value":"none"}])", "layer 'lookup', key 'index.clamp': 'none'"},
    {R"([{"op":"replace","path":"/layers/1/table/raw","value":[]}])", "layer 'lookup', key 'table': no words"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"ap_fixed<62,4>"},{"op":"remove","path":"/layers/0"},{"op":"replace","path":"/outputs","value":["l"]}])", "layer 'lookup', key 'index.range': arguments of ap_fixed<62,4> and 4 words make 64 bits"},
    {R"([{"op":"replace","path":"/layers/2/table/raw","value":[1,2,3]}])", "layer 'top', key 'index': a table of 3 words, expected a power of two"},
    {R"([{"op":"replace","path":"/inputs/0/type","value":"ap_fixed<1,1>"}])", "layer 'top', key 'index': a table of 4 words, expected at most 2^1"},
    {R"([{"op":"replace","path":"/layers/3/output/type","value":"ap_fixed<9,4>"}])", "layer 'shift', key 'output': type ap_fixed<9,4>, expected the input's, ap_fixed<8,4>"},
    {R"([{"op":"replace","path":"/layers/3/counts","value":[64]}])", "layer 'shift', key 'counts': 64"},
    {R"([{"op":"replace","path":"/layers/3/counts","value":[-64]}])", "layer 'shift', key 'counts': -64"},
    {R"([{"op":"replace","path":"/layers/3/counts","value":[1,2]}])", "layer 'shift', key 'counts': 2 words, expected 1, 4 or 4"},
    {R"([{"op":"replace","path":"/layers/4/levels","value":[1]}])", "layer 'cut', key 'levels': 1 levels, expected 2"},
    {R"([{"op":"replace","path":"/layers/4/levels","value":[0,2]}])", "layer 'cut', key 'levels': 2, expected a word of ap_fixed<2,2>"},
    {R"([{"op":"replace","path":"/layers/4/compare","value":[]}])", "layer 'cut', key 'compare': 0 comparisons, expected 1"},
    {R"([{"op":"replace","path":"/layers/4/compare","value":["<"]}])", "layer 'cut', key 'compare': '<'"},
    {R"([{"op":"replace","path":"/layers/4/thresholds/0/raw","value":[3,3]}])", "layer 'cut', key 'thresholds[0]': 2 words"},
    {R"([{"op":"replace","path":"/layers/5/stride","value":[0,1]}])", "layer 'conv', key 'stride': 0"},
    {R"([{"op":"replace","path":"/layers/5/stride","value":[1]}])", "layer 'conv', key 'stride': 1 numbers, expected 2"},
    {R"([{"op":"replace","path":"/layers/5/padding","value":[[0,1]]}])", "layer 'conv', key 'padding': 1 pairs, expected 2"},
    {R"([{"op":"replace","path":"/layers/5/padding","value":[[0,-1],[0,0]]}])", "layer 'conv', key 'padding': entry 0 is [0,-1]"},
    {R"([{"op":"replace","path":"/layers/5/weights","value":{"type":"ap_fixed<2,2>","shape":[6,1,2,1],"raw":[1,0,1,0,1,0,1,0,1,0,1,0]}}])", "layer 'conv', key 'weights': kernel 6 in dimension 0, expected at most the padded image, 5"},
    {R"([{"op":"replace","path":"/layers/5/weights/shape","value":[2,1,1,2]}])", "layer 'conv', key 'weights': shape [2,1,1,2], expected [2,1,2,2]"},
    {R"([{"op":"replace","path":"/layers/5/output/shape","value":[3,3,1]}])", "layer 'conv', key 'output': shape [3,3,1], expected [3,4,1]"},
    {R"([{"op":"replace","path":"/layers/5/inputs/0","value":"x"}])", "layer 'conv', key 'inputs': shape [4], expected [w,c] or [h,w,c]"},
    {R"([{"op":"replace","path":"/layers/6/mode","value":"median"}])", "layer 'pool', key 'mode': 'median'"},
    {R"([{"op":"replace","path":"/layers/6/order","value":"random"}])", "layer 'pool', key 'order': 'random'"},
    {R"([{"op":"replace","path":"/layers/6/kernel","value":[5,2]}])", "layer 'pool', key 'kernel': kernel 5"},
    {R"([{"op":"replace","path":"/layers/6/kernel","value":[0,2]}])", "layer 'pool', key 'kernel': 0"},
    {R"([{"op":"add","path":"/layers/6/count_padding","value":"no"}])", "layer 'pool', key 'count_padding': \"no\", expected true or false"},
    {R"([{"op":"replace","path":"/layers/7/inputs","value":["x","image"]}])", "layer 'sum', key 'inputs': shape [4,4,2], expected [4]"},
    {R"([{"op":"replace","path":"/constants/k/type","value":"ap_fixed<60,4>"},{"op":"replace","path":"/inputs/0/type","value":"ap_fixed<8,8>"},{"op":"replace","path":"/layers/3/output/type","value":"ap_fixed<8,8>"}])", "layer 'sum', key 'inputs': aligned sum of 65 bits, expected at most 64"},
    {R"([{"op":"replace","path":"/layers/8/implementation","value":"fast"}])", "layer 'soft', key 'implementation': 'fast'"},
    {R"([{"op":"replace","path":"/layers/8/implementation","value":"argmax"}])", "layer 'soft', key 'difference': unknown key"},
    {R"([{"op":"replace","path":"/layers/8/exp_table/raw","value":[1,2,3]}])", "layer 'soft', key 'exp_table': a table of 3 words"},
    {R"([{"op":"replace","path":"/layers/8/sum_type","value":"ap_fixed<64,6>"}])", "layer 'soft', key 'sum_type': accumulator of 64 bits"},
    {R"([{"op":"replace","path":"/layers/8/norm_type","value":"ap_fixed<8,4,AP_TRN,AP_WRAP_SM>"}])", "layer 'soft', key 'norm_type'"},
    {R"([{"op":"replace","path":"/layers/9/inputs/0","value":"k"},{"op":"replace","path":"/layers/9/op","value":"multiply"}])", "layer 'wide', key 'inputs': 1 inputs, expected 2"},
    {R"([{"op":"replace","path":"/layers/10/shape","value":[31]}])", "layer 'flat', key 'shape': shape [31], expected 32 words"},
    {R"([{"op":"replace","path":"/layers/10/output/shape","value":[16,2]}])", "layer 'flat', key 'output': shape [16,2], expected [32]"},
    {R"([{"op":"replace","path":"/layers/11/permutation","value":[1,1]}])", "layer 'turn', key 'permutation': [1,1]"},
    {R"([{"op":"replace","path":"/layers/11/permutation","value":[1]}])", "layer 'turn', key 'permutation': [1]"},
    {R"([{"op":"replace","path":"/layers/12/padding","value":[]}])", "layer 'pad', key 'padding': 0 pairs, expected 1"},
    {R"([{"op":"replace","path":"/layers/13/inputs/0","value":"x"}])", "layer 'emb', key 'inputs': type ap_fixed<8,4>, expected an unsigned integer"},
    {R"([{"op":"replace","path":"/layers/14/max","value":6.0}])", "layer 'relu', key 'max': 6.0"},
    {R"([{"op":"replace","path":"/layers/14/alpha/type","value":"ap_fixed<57,4>"}])", "layer 'relu', key 'alpha': product of 65 bits"},
};
// clang-format on
INSTANTIATE_TEST_SUITE_P(Top, Refusal, testing::ValuesIn(kTop));
INSTANTIATE_TEST_SUITE_P(Layers, Refusal, testing::ValuesIn(kLayers));

TEST(NetworkText, DuplicateKeysAreRefusedAtAnyDepth) {
  EXPECT_THAT(refusal(R"({"format": "vigil-network/1", "format": "vigil-network/1"})"),
              HasSubstr("network.json: key \"format\" appears twice"));
  std::string text = kNetwork;
  text.replace(text.find("\"reuse_factor\": 2"), 17, "\"reuse_factor\": 2, \"accum\": \"exact\"");
  EXPECT_THAT(refusal(text), HasSubstr("key \"accum\" appears twice"));
}

TEST(NetworkText, RefusesWhatIsNoSingleJsonObject) {
  for (const char* text : {"", "{", "[]", "3", "null", "{\"format\": \"vigil-network/1\"} x", "{\"format\": \"\xff\"}",
                           "{'format': 1}", "{\"a\": 1e999}"}) {
    EXPECT_THAT(refusal(text), HasSubstr("network.json: ")) << text;
  }
  EXPECT_THAT(refusal(std::string(65, '[')), HasSubstr("nesting deeper than 64"));
  EXPECT_THAT(refusal(std::string(100000, '[')), HasSubstr("nesting deeper than 64"));
  std::string nested;
  for (int i = 0; i < 1000; ++i) nested += "{\"a\":";
  EXPECT_THAT(refusal(nested), HasSubstr("nesting deeper than 64"));
}

TEST(NetworkText, EveryTruncationAndManyBitFlipsAreReadOrRefused) {
  const std::string text = json::parse(kNetwork).dump();
  for (std::size_t n = 0; n < text.size(); n += 7) EXPECT_NE(refusal(text.substr(0, n)), "") << n;
  std::uint32_t state = 1;
  for (int i = 0; i < 2000; ++i) {
    state = state * 1664525 + 1013904223;
    std::string flipped = text;
    char& c = flipped[(state >> 8) % text.size()];
    c = static_cast<char>(c ^ (1 << (state & 7)));
    refusal(flipped);  // must not crash, nor throw anything but Error
  }
}

TEST(NetworkText, TheSumOfAllTensorsIsBounded) {
  json network = {{"format", "vigil-network/1"},
                  {"inputs", {{{"name", "t0"}, {"shape", {1 << 24}}, {"type", "ap_fixed<8,4>"}}}},
                  {"outputs", {"t1"}}};
  for (int i = 1; i < 5; ++i) {
    network["inputs"].push_back({{"name", "i" + std::to_string(i)}, {"shape", {1 << 24}}, {"type", "ap_fixed<8,4>"}});
  }
  for (int i = 1; i < 12; ++i) {
    network["layers"].push_back(
        {{"name", "l" + std::to_string(i)},
         {"op", "cast"},
         {"inputs", {"t" + std::to_string(i - 1)}},
         {"output", {{"name", "t" + std::to_string(i)}, {"shape", {1 << 24}}, {"type", "ap_fixed<8,4>"}}}});
  }
  EXPECT_THAT(refusal(network.dump()), HasSubstr("words in all tensors of an event, expected at most 2^27"));
}

}  // namespace
}  // namespace vigil::fpga_model
