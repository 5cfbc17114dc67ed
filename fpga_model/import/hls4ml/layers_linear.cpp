// dense, and what all layers of products and sums share.
#include "fpga_model/import/hls4ml/layers_linear.h"

#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/adder_graph.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

void read_product(const Call& call, const Config& config, std::size_t n_in, const ElementType& input,
                  Accumulation& result) {
  const std::string product = config.used("product");
  if (config.is_early_product() && !product.empty() && product != "mult" && product != "both_binary" &&
      product != "weight_exponential") {
    call.refuse("product '" + product + "' of hls4ml 0.6 or earlier, which negates within the type of the data",
                "mult, or both_binary");
  }
  if (product == "weight_binary" || product == "data_binary") {
    result.product = product;
  } else if (product == "both_binary") {
    if (!input.is_one_bit() || !config.type("weight_t").is_one_bit())
      call.refuse("product both_binary of other types than ap_uint<1>", "ap_uint<1>");
    if (n_in % 2 != 0 && !call.project->release.at_least({1, 2}, "nnet_mult.h", "xnor of an odd number of inputs"))
      call.refuse("xnor of an odd number of inputs (" + std::to_string(n_in) + ") in hls4ml 1.1 or earlier",
                  "an even number");
    result.product = "xnor";
  } else if (product == "weight_ternary") {
    result.ternary = true;
  } else if (!product.empty() && product != "mult") {
    call.refuse("product '" + product + "'", "mult, weight_binary, data_binary, both_binary or weight_ternary");
  }
}

// The order in which the terms of one output are added.
void read_order(const Call& call, const Config& config, std::size_t n_in, std::size_t n_out, Accumulation& result) {
  const std::string strategy = config.choice("strategy");
  const std::string kernel = config.used("kernel");
  if (kernel.starts_with("dense_da_wrapper_")) {
    result.adder_function = "dense_da_" + kernel.substr(17);
    return;
  }
  if (kernel == "DenseLatency" || (kernel.empty() && strategy == "latency")) return;
  const bool by_release = kernel.empty() && strategy == "resource";
  if (!by_release && kernel != "DenseResource_rf_leq_nin" && kernel != "DenseResource_rf_gt_nin_rem0" &&
      kernel != "DenseResource_rf_gt_nin") {
    call.refuse(kernel.empty() ? "strategy '" + strategy + "'" : "kernel '" + kernel + "'",
                "latency, resource or distributed_arithmetic");
  }
  result.transposed = true;
  const std::size_t reuse = config.size("reuse_factor");
  if (reuse <= n_in) {
    if (n_in % reuse != 0 && n_out > 1)
      call.refuse("reuse factor " + std::to_string(reuse) + " for " + std::to_string(n_in) +
                      " inputs: hls4ml's kernel multiplies the wrong pairs",
                  "a divisor");
    result.reuse = reuse;
  } else if (reuse % n_in != 0 && result.order_matters) {
    call.refuse("reuse factor " + std::to_string(reuse) + " above " + std::to_string(n_in) +
                    " inputs with a saturating accumulator",
                "a multiple");
  }
}

}  // namespace

Accumulation read_accumulation(const Call& call, const Config& config, std::size_t n_in, std::size_t n_out,
                               const ElementType& input) {
  Accumulation result;
  if (config.used("kernel").starts_with("dense_da_wrapper_")) {
    read_order(call, config, n_in, n_out, result);
    return result;
  }
  result.accum = config.type("accum_t");
  result.order_matters = result.accum.fixed.overflow != Overflow::wrap || result.accum.fixed.saturation_bits > 0;
  read_product(call, config, n_in, input, result);
  read_order(call, config, n_in, n_out, result);
  return result;
}

Json linear_keys(const Call& call, const std::string& op, const Accumulation& accumulation, const std::string& weights,
                 const std::string& bias, const Shape& shape, std::size_t n_in, std::size_t n_out) {
  const Weights& arrays = call.project->weights;
  WeightArray w = arrays.read(weights, n_in * n_out, call.where);
  const WeightArray b = arrays.read(bias, n_out, call.where);
  if (accumulation.transposed) {
    std::vector<std::int64_t> straight(w.raw.size());
    for (std::size_t j = 0; j < n_out; ++j) {
      for (std::size_t i = 0; i < n_in; ++i) straight[i * n_out + j] = w.raw[j * n_in + i];
    }
    w.raw = std::move(straight);
  }
  if (accumulation.ternary) {
    for (std::int64_t& word : w.raw) word = word == 0 || word == -1 ? word : 1;
    if (w.type.fixed.fraction() != 0) call.refuse("ternary weights of " + vigil::to_string(w.type.fixed), "ap_int<2>");
  }
  Json layer = {{"op", op}, {"accum", vigil::to_string(accumulation.accum.fixed)}};
  if (accumulation.reuse != 1) layer["reuse_factor"] = accumulation.reuse;
  if (!accumulation.product.empty()) layer["product"] = accumulation.product;
  layer["weights"] = constant(w.type.fixed, shape, w.raw);
  layer["bias"] = constant(b.type.fixed, {n_out}, b.raw);
  return layer;
}

namespace {

// dense_compressed: weights that are not zero, each with its row and column. Its sums come in another order.
void read_compressed_dense(const Call& call, const Config& config) {
  const std::size_t n_in = config.size("n_in");
  const std::size_t n_out = config.size("n_out");
  if (!call.project->weights.is_compressed(call.name(2)))
    call.refuse("strategy 'compressed' with weights '" + call.name(2) + "'",
                "structures of row_index, col_index and weight");
  const std::string product = config.used("product");
  if (!product.empty() && product != "mult") call.refuse("product '" + product + "' of compressed weights", "mult");
  const FixedPoint accum = config.type("accum_t").fixed;
  if (accum.overflow != Overflow::wrap || accum.saturation_bits > 0)
    call.refuse("compressed weights with the accumulator " + vigil::to_string(accum), "a wrapping accumulator");
  const WeightArray w = call.project->weights.read_compressed(call.name(2), n_in, n_out, call.where);
  const WeightArray b = call.project->weights.read(call.name(3), n_out, call.where);
  const Json layer = {{"op", "dense"},
                      {"accum", vigil::to_string(accum)},
                      {"weights", constant(w.type.fixed, {n_in, n_out}, w.raw)},
                      {"bias", constant(b.type.fixed, {n_out}, b.raw)}};
  const std::string input = call.read(0, {n_in});
  call.write(1, layer, {input}, {n_out});
}

}  // namespace

void read_adder_dense(const Call& call) {
  call.expect_arguments(2, 2);
  const AdderGraph graph = read_adder_graph(call.project->declarations, call.function, call.type(0), call.where);
  const std::string input = call.read(0, {graph.inputs});
  call.write(1, dense_of(graph), {input}, {graph.outputs});
}

void read_dense(const Call& call) {
  const Config config = call.config();
  const std::size_t n_in = config.size("n_in");
  const std::size_t n_out = config.size("n_out");
  if (config.choice("strategy") == "distributed_arithmetic") {
    call.expect_arguments(2, 4);
    std::string function = config.used("kernel");
    if (function.starts_with("dense_da_wrapper_")) {
      function = "dense_da_" + function.substr(17);
    } else {
      function.clear();
      const Range text = config.value("dense_da").initial;
      for (const Token* token = text.begin; token != text.end && token->text != "<"; ++token) {
        if (token->kind == TokenKind::identifier) function = std::string(token->text);
      }
    }
    const AdderGraph graph = read_adder_graph(call.project->declarations, function, call.type(0), call.where);
    if (graph.inputs != n_in || graph.outputs != n_out)
      call.refuse("a kernel of " + to_string(Shape{graph.inputs, graph.outputs}), to_string(Shape{n_in, n_out}));
    const std::string input = call.read(0, {n_in});
    call.write(1, dense_of(graph), {input}, {n_out});
    return;
  }
  call.expect_arguments(4, 4);
  if (config.choice("strategy") == "compressed" || call.function == "dense_compressed" ||
      call.project->weights.is_compressed(call.name(2)))
    return read_compressed_dense(call, config);
  const Accumulation accumulation = read_accumulation(call, config, n_in, n_out, call.type(0));
  const Json layer = linear_keys(call, "dense", accumulation, call.name(2), call.name(3), {n_in, n_out}, n_in, n_out);
  const std::string input = call.read(0, {n_in});
  call.write(1, layer, {input}, {n_out});
}

}  // namespace vigil::fpga_model::hls4ml
