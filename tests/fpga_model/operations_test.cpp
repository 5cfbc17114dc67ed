// Operations and options that no recorded package exercises, on small words computed by hand from docs/network_json.md.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fpga_model/network/network.h"

namespace vigil::fpga_model {
namespace {

using nlohmann::json;
using Words = std::vector<std::int64_t>;

struct In {
  Shape shape;
  std::string type;
  Words words;
};

// Runs one layer with the keys given as JSON text; an empty result is an input error.
Words run(const std::string& op, const std::string& keys, const std::vector<In>& inputs, const Shape& shape,
          const std::string& type) {
  json layer = json::parse("{" + keys + "}");
  layer["name"] = "layer";
  layer["op"] = op;
  layer["output"] = {{"name", "y"}, {"shape", shape}, {"type", type}};
  json network = {{"format", "vigil-network/1"}, {"outputs", {"y"}}};
  Words words;
  for (const In& in : inputs) {
    const std::string name = "x" + std::to_string(network["inputs"].size());
    network["inputs"].push_back({{"name", name}, {"shape", in.shape}, {"type", in.type}});
    layer["inputs"].push_back(name);
    words.insert(words.end(), in.words.begin(), in.words.end());
  }
  network["layers"] = {layer};
  const Network net(network.dump(), "network.json");
  const std::size_t first = words.size();
  words.resize(net.words());
  Words scratch(net.scratch_words());
  if (net.run({words.data(), scratch.data(), 1, 1}) != Status::ok) return {};
  return {words.begin() + static_cast<std::ptrdiff_t>(first), words.end()};
}

const std::string kInt8 = "ap_fixed<8,8>";
const std::string kInt16 = "ap_fixed<16,16>";

TEST(Dense, ReuseFactorOrdersASaturatingSum) {
  const std::string keys =
      R"("accum": "ap_fixed<5,5,AP_TRN,AP_SAT>", "weights": {"type": "ap_fixed<2,2>", "shape": [4, 1], "raw": [1, 1, 1, 1]},
                              "bias": {"type": "ap_fixed<2,2>", "raw": [0]})";
  const In x{{4}, kInt8, {12, -5, 9, -3}};
  // 12, 7, 15 (of 16), 12; with reuse 2: 12, 15 (of 21), 10, 7.
  EXPECT_EQ(run("dense", keys, {x}, {1}, kInt8), Words{12});
  EXPECT_EQ(run("dense", keys + R"(, "reuse_factor": 2)", {x}, {1}, kInt8), Words{7});
}

TEST(Dense, LeadingDimensionsArePositions) {
  const std::string keys =
      R"("accum": "exact", "weights": {"type": "ap_fixed<4,4>", "shape": [2, 3], "raw": [1, 2, 3, 4, 5, 6]},
                              "bias": {"type": "ap_fixed<4,4>", "raw": [1, 0, -1]})";
  EXPECT_EQ(run("dense", keys, {{{2, 2}, kInt8, {1, 0, 1, -1}}}, {2, 3}, kInt8), (Words{2, 2, 2, -2, -3, -4}));
}

TEST(DepthwiseConv, RunsChannelByChannel) {
  // Image [3, 2], kernel 2, padding one before: positions see (0, p0), (p0, p1), (p1, p2).
  const std::string keys =
      R"("accum": "exact", "padding": [[1, 0]], "weights": {"type": "ap_fixed<4,4>", "shape": [2, 2], "raw": [1, 2, 3, 4]},
                              "bias": {"type": "ap_fixed<8,8>", "raw": [10, 20]})";
  const Words image = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(run("depthwise_conv", keys, {{{3, 2}, kInt8, image}}, {3, 2}, kInt8),
            (Words{10 + 3, 20 + 8, 10 + 1 + 9, 20 + 4 + 16, 10 + 3 + 15, 20 + 8 + 24}));
}

TEST(Conv, TakesPatchesInRowColumnChannelOrder) {
  const std::string keys =
      R"("accum": "ap_fixed<6,6,AP_TRN,AP_SAT>", "stride": [1, 2], "weights": {"type": "ap_fixed<4,4>", "shape": [2, 2, 1, 1], "raw": [1, -1, 1, 1]},
                              "bias": {"type": "ap_fixed<4,4>", "raw": [0]})";
  // Patches (30,9;7,8) -> 30-9=21, 28, 31 (of 36) and (-20,20;5,6) -> -20, -32 (of -40), -27, -21.
  EXPECT_EQ(run("conv", keys, {{{2, 4, 1}, kInt8, {30, 9, -20, 20, 7, 8, 5, 6}}}, {1, 2, 1}, kInt8), (Words{31, -21}));
}

TEST(Relu, MaximumThresholdAndSlope) {
  const In x{{5}, "ap_fixed<8,6>", {-9, 3, 4, 24, 25}};
  EXPECT_EQ(run("relu", R"("max": 6)", {x}, {5}, "ap_fixed<8,6>"), (Words{0, 3, 4, 24, 24}));
  EXPECT_EQ(run("relu", R"("threshold": {"type": "ap_fixed<4,4>", "raw": [1]})", {x}, {5}, "ap_fixed<8,6>"),
            (Words{0, 0, 0, 24, 25}));
  EXPECT_EQ(run("relu", R"("alpha": {"type": "ap_fixed<4,2>", "raw": [2]})", {x}, {5}, "ap_fixed<8,6>"),
            (Words{-5, 3, 4, 24, 25}));
  EXPECT_EQ(run("relu", R"("max": 6)", {x}, {5}, "ap_fixed<4,2>"), (Words{0, 3, 4, -8, -8}));  // wraps
}

TEST(HardSigmoid, ClipsExactlyAndTurnsSymmetric) {
  const std::string keys =
      R"("slope": {"type": "ap_fixed<4,2>", "raw": [2]}, "shift": {"type": "ap_fixed<4,2>", "raw": [2]})";  // x/2 + 1/2
  const In x{{5}, "ap_fixed<8,4>", {-32, -16, 0, 5, 16}};  // -2, -1, 0, 5/16, 1
  EXPECT_EQ(run("hard_sigmoid", keys, {x}, {5}, "ap_fixed<10,2>"), (Words{0, 0, 128, 168, 256}));
  EXPECT_EQ(run("hard_sigmoid", keys + R"(, "symmetric": true)", {x}, {5}, "ap_fixed<10,2>"),
            (Words{-256, -256, 0, 80, 256}));
}

TEST(Threshold, TheLastComparisonThatHoldsDecides) {
  const std::string keys =
      R"("thresholds": [{"type": "ap_fixed<4,4>", "raw": [-1]}, {"type": "ap_fixed<4,4>", "raw": [1, 2]}], "compare": [">", ">="], "levels": [-1, 0, 1])";
  EXPECT_EQ(run("threshold", keys, {{{2, 2}, "ap_fixed<8,7>", {-2, -1, 2, 4}}}, {2, 2}, "ap_fixed<2,2>"),
            (Words{-1, 0, 1, 1}));
  EXPECT_EQ(run("threshold", keys, {{{2, 2}, "ap_fixed<8,7>", {1, 3, -3, 5}}}, {2, 2}, "ap_fixed<2,2>"),
            (Words{0, 0, -1, 1}));
}

TEST(Shift, KeepsLowBitsWhateverTheTypeSays) {
  const std::string type = "ap_fixed<8,8,AP_RND,AP_SAT>";
  EXPECT_EQ(run("shift", R"("counts": [1, -1, -4, 63])", {{{4}, type, {-3, 100, 17, -1}}}, {4}, type),
            (Words{-2, -56, 16, -1}));
  EXPECT_EQ(run("shift", R"("counts": [-63])", {{{2}, "ap_ufixed<63,63>", {1, 3}}}, {2}, "ap_ufixed<63,63>"),
            (Words{0, 0}));
}

TEST(Cast, SignMagnitudeWrapsOnlyHere) {
  // 8 -> 4 bits, N = 0: 0b00011010 keeps 1010; the first bit above is 1, as the top bit is: 1010. 0b00001010: bit above
  // 0, so all bits turn: 0101.
  EXPECT_EQ(run("cast", "", {{{2}, kInt8, {26, 10}}}, {2}, "ap_fixed<4,4,AP_TRN,AP_WRAP_SM>"), (Words{-6, 5}));
}

TEST(Lookup, TopBitsOfAShorterTable) {
  EXPECT_EQ(
      run("lookup", R"("table": {"type": "ap_fixed<8,8>", "raw": [10, 11, 12, 13]}, "index": {"rule": "top_bits"})",
          {{{4}, "ap_fixed<4,4>", {0, 7, -8, -1}}}, {4}, kInt8),
      (Words{10, 11, 12, 13}));
}

TEST(Lookup, ScaledTruncatesTowardZeroTwice) {
  const std::string table = R"("table": {"type": "ap_fixed<8,8>", "raw": [0, 1, 2, 3, 4, 5, 6, 7]}, )";
  const In x{{6}, "ap_fixed<8,6>", {-128, -4, -3, 3, 4, 127}};
  EXPECT_EQ(run("lookup", table + R"("index": {"rule": "scaled", "range": 8, "offset": 4})", {x}, {6}, kInt8),
            (Words{0, 3, 4, 4, 5, 7}));
  EXPECT_EQ(run("lookup", table + R"("index": {"rule": "scaled", "range": -8, "offset": 4})", {x}, {6}, kInt8),
            (Words{7, 5, 4, 4, 3, 0}));
  EXPECT_EQ(run("lookup", table + R"("index": {"rule": "scaled", "range": 8, "offset": 4, "clamp": "unsigned"})", {x},
                {6}, kInt8),
            (Words{7, 3, 4, 4, 5, 7}));
  // F = -30: words are multiples of 2^30; 4 * 2^30 wraps to 0 in 32 bits.
  EXPECT_EQ(run("lookup", table + R"("index": {"rule": "scaled", "range": 8})", {{{2}, "ap_fixed<8,38>", {4, 2}}}, {2},
                kInt8),
            (Words{0, 0}));
}

TEST(Pool, CellsOutsideTheImage) {
  // A maximum sees the lowest signed word, but 2^(W-1) of an unsigned type, as the vendor writes it.
  EXPECT_EQ(run("pool", R"("mode": "max", "kernel": [2], "padding": [[1, 1]], "stride": [2], "accum": "ap_fixed<9,9>")",
                {{{2, 1}, kInt8, {-5, -7}}}, {2, 1}, kInt8),
            (Words{-5, -7}));
  EXPECT_EQ(run("pool", R"("mode": "max", "kernel": [2], "padding": [[1, 1]], "stride": [2], "accum": "ap_fixed<9,9>")",
                {{{2, 1}, "ap_ufixed<4,4>", {5, 9}}}, {2, 1}, kInt8),
            (Words{8, 9}));
  const In x{{2, 1}, kInt8, {-5, -7}};
  EXPECT_EQ(
      run("pool", R"("mode": "average", "kernel": [2], "padding": [[1, 1]], "stride": [2], "accum": "ap_fixed<9,9>")",
          {x}, {2, 1}, kInt8),
      (Words{-5, -7}));
  EXPECT_EQ(
      run("pool",
          R"("mode": "average", "kernel": [2], "padding": [[1, 1]], "stride": [2], "accum": "ap_fixed<9,9>", "count_padding": true)",
          {x}, {2, 1}, kInt8),
      (Words{-2, -3}));
  EXPECT_EQ(
      run("pool", R"("mode": "average", "kernel": [2], "padding": [[2, 0]], "stride": [2], "accum": "ap_fixed<9,9>")",
          {x}, {2, 1}, kInt8),
      (Words{0, -6}));
}

TEST(Pool, StreamOrders) {
  const In x{{5, 1}, kInt8, {31, 31, -20, -20, 7}};
  const std::string keys = R"("mode": "average", "kernel": [5], "accum": "ap_fixed<6,6,AP_TRN,AP_SAT>")";
  EXPECT_EQ(run("pool", keys, {x}, {1, 1}, kInt8), Words{0});                                    // -2 / 5
  EXPECT_EQ(run("pool", keys + R"(, "order": "stream_global")", {x}, {1, 1}, kInt8), Words{0});  // -2 / 5
  EXPECT_EQ(run("pool", keys + R"(, "order": "stream_window")", {x}, {1, 1}, kInt8), Words{1});  // 6 / 5
  const In large{{2, 1}, kInt8, {100, -100}};  // 36 and 28 in ap_fixed<6,6>: 36 wraps to -28
  const std::string max = R"("mode": "max", "kernel": [2], "accum": "ap_fixed<6,6>")";
  EXPECT_EQ(run("pool", max, {large}, {1, 1}, kInt8), Words{-28});
  EXPECT_EQ(run("pool", max + R"(, "order": "stream_window")", {large}, {1, 1}, kInt8), Words{28});
}

TEST(Merge, ExactBeforeTheCast) {
  const In a{{2}, "ap_fixed<8,6>", {3, -128}};
  const In b{{2}, "ap_ufixed<8,8>", {255, 1}};
  EXPECT_EQ(run("average", "", {a, b}, {2}, "ap_fixed<16,12>"), (Words{(3 + 1020) * 2, (-128 + 4) * 2}));
  EXPECT_EQ(run("maximum", "", {a, b}, {2}, "ap_fixed<12,10>"), (Words{1020, 4}));
  EXPECT_EQ(run("minimum", "", {a, b}, {2}, "ap_fixed<12,10>"), (Words{3, -128}));
  EXPECT_EQ(run("subtract", "", {b, a}, {2}, "ap_fixed<12,10>"), (Words{1017, 132}));
}

TEST(Concatenate, AlongAnyAxis) {
  const In a{{2, 1}, kInt8, {1, 2}};
  const In b{{2, 2}, kInt8, {3, 4, 5, 6}};
  EXPECT_EQ(run("concatenate", R"("axis": 1)", {a, b}, {2, 3}, kInt8), (Words{1, 3, 4, 2, 5, 6}));
  EXPECT_EQ(run("concatenate", "", {b, b, b}, {6, 2}, kInt8), (Words{3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5, 6}));
}

TEST(ReduceSum, TreeAndSequence) {
  const In x{{2, 5}, kInt8, {31, 31, -20, -20, 7, 1, 2, 3, 4, 5}};
  const std::string type = "ap_fixed<6,6,AP_TRN,AP_SAT>";
  EXPECT_EQ(run("reduce_sum", "", {x}, {2, 1}, type), (Words{6, 15}));
  EXPECT_EQ(run("reduce_sum", R"("order": "sequential")", {x}, {2, 1}, type), (Words{-2, 15}));
}

TEST(Shapes, TransposePadAndReshape) {
  const In x{{2, 3}, kInt8, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(run("transpose", R"("permutation": [1, 0])", {x}, {3, 2}, kInt8), (Words{1, 4, 2, 5, 3, 6}));
  const In cube{{2, 1, 3}, kInt8, {1, 2, 3, 4, 5, 6}};
  // Output dimension d is input dimension permutation[d]: out[k, i, j] = in[i, j, k].
  EXPECT_EQ(run("transpose", R"("permutation": [2, 0, 1])", {cube}, {3, 2, 1}, kInt8), (Words{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(run("zero_pad", R"("padding": [[1, 0]])", {x}, {3, 3}, kInt8), (Words{0, 0, 0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(run("zero_pad", R"("padding": [[0, 1], [1, 0]])", {{{1, 1, 2}, kInt8, {7, 8}}}, {2, 2, 2}, kInt8),
            (Words{0, 0, 7, 8, 0, 0, 0, 0}));
  EXPECT_EQ(run("reshape", R"("shape": [6])", {x}, {6}, "ap_fixed<2,2>"), (Words{1, -2, -1, 0, 1, -2}));
}

TEST(Embedding, AnIndexBeyondTheTableIsAnInputError) {
  const std::string keys = R"("table": {"type": "ap_fixed<8,8>", "shape": [3, 2], "raw": [1, 2, 3, 4, 5, 6]})";
  EXPECT_EQ(run("embedding", keys, {{{2}, "ap_ufixed<2,2>", {2, 0}}}, {2, 2}, kInt8), (Words{5, 6, 1, 2}));
  EXPECT_EQ(run("embedding", keys, {{{2}, "ap_ufixed<2,2>", {0, 3}}}, {2, 2}, kInt8), Words{});
}

TEST(Softmax, ArgmaxTakesTheFirstMaximumOfEveryVector) {
  EXPECT_EQ(run("softmax", R"("implementation": "argmax")", {{{2, 3}, kInt8, {1, 7, 7, -1, -2, -3}}}, {2, 3},
                "ap_fixed<8,4>"),
            (Words{0, 16, 0, 16, 0, 0}));
}

TEST(LayerNorm, FollowsTheFormula) {
  // x = 1, 3 (halves: 2, 6 in ap_fixed<16,8>: raw 256, 768); mean 512, differences -256, 256, variance 1 -> index 4,
  // table 1/2.
  const std::string keys =
      R"("accum": "ap_fixed<16,8>", "inverse_count": {"type": "ap_fixed<8,2>", "raw": [32]}, "index_multiplier": 4,
     "table": {"type": "ap_fixed<8,4>", "raw": [0, 1, 2, 3, 8, 5, 6, 7]}, "scale": {"type": "ap_fixed<8,4>", "raw": [16, 32]},
     "shift": {"type": "ap_fixed<8,4>", "raw": [0, 8]})";
  EXPECT_EQ(run("layer_norm", keys, {{{2}, "ap_fixed<8,6>", {4, 12}}}, {2}, "ap_fixed<12,6>"), (Words{-32, 96}));
  // Without deviation the index is 0, beyond the table its last word.
  EXPECT_EQ(run("layer_norm", keys, {{{2}, "ap_fixed<8,6>", {4, 4}}}, {2}, "ap_fixed<12,6>"), (Words{0, 32}));
  EXPECT_EQ(run("layer_norm", keys, {{{2}, "ap_fixed<8,6>", {4, 24}}}, {2}, "ap_fixed<12,6>"), (Words{-70, 172}));
}

TEST(Lstm, TwoStepsByHand) {
  // Both activations are the identity on whole numbers -4..3; no recurrent weights: only the memory carries over.
  const std::string activation =
      R"({"table": {"type": "ap_fixed<8,8>", "raw": [-4, -3, -2, -1, 0, 1, 2, 3]}, "index": {"rule": "scaled", "range": 8, "offset": 4}})";
  const std::string zero = R"({"type": "ap_fixed<8,8>", "shape": [1, 4], "raw": [0, 0, 0, 0]})";
  const std::string keys =
      R"("units": 1, "gate_type": "ap_fixed<16,16>", "accum": "ap_fixed<16,16>", "recurrent_accum": "ap_fixed<16,16>",
     "weights": {"type": "ap_fixed<8,8>", "shape": [1, 4], "raw": [1, 1, 1, 0]}, "bias": {"type": "ap_fixed<8,8>", "raw": [0, -1, 1, 2]},
     "recurrent_weights": )" +
      zero + R"(, "recurrent_bias": {"type": "ap_fixed<8,8>", "raw": [0, 0, 0, 0]},
     "recurrent_activation": )" +
      activation + R"(, "activation": )" + activation;
  // x = 1: i 1, f 0, c~ 2, o 2: c = 2, h = 2*C(2) = 4. x = 2: i 2, f 1, c~ 3, o 2: c = 6 + 2 = 8, h = 2*C(8 -> 3) = 6.
  EXPECT_EQ(run("lstm", keys + R"(, "return_sequences": true)", {{{2, 1}, kInt8, {1, 2}}}, {2, 1}, kInt16),
            (Words{4, 6}));
  EXPECT_EQ(run("lstm", keys, {{{2, 1}, kInt8, {1, 2}}}, {1}, kInt16), Words{6});
}

TEST(Gru, TwoStepsByHand) {
  const std::string activation =
      R"({"table": {"type": "ap_fixed<8,8>", "raw": [-4, -3, -2, -1, 0, 1, 2, 3]}, "index": {"rule": "scaled", "range": 8, "offset": 4}})";
  const std::string keys =
      R"("units": 1, "gate_type": "ap_fixed<16,16>", "accum": "ap_fixed<16,16>", "recurrent_accum": "ap_fixed<16,16>",
     "weights": {"type": "ap_fixed<8,8>", "shape": [1, 3], "raw": [0, 1, 1]}, "bias": {"type": "ap_fixed<8,8>", "raw": [2, 0, 0]},
     "recurrent_weights": {"type": "ap_fixed<8,8>", "shape": [1, 3], "raw": [0, 0, 1]}, "recurrent_bias": {"type": "ap_fixed<8,8>", "raw": [0, 0, 1]},
     "recurrent_activation": )" +
      activation + R"(, "activation": )" + activation;
  // z = 2 always. x = 1: r 1, k = C(1 + 1*(0 + 1)) = 2, h = 2*(1-2) + 0*2 = -2. x = -1: r -1, Q = -2+1 = -1, k = C(-1 +
  // 1) = 0, h = -2*2 = -4.
  EXPECT_EQ(run("gru", keys + R"(, "return_sequences": true)", {{{2, 1}, kInt8, {1, -1}}}, {2, 1}, kInt16),
            (Words{-2, -4}));
}

}  // namespace
}  // namespace vigil::fpga_model
