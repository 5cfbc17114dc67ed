// conv, pointwise, depthwise, separable, zero padding.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/adder_graph.h"
#include "fpga_model/import/hls4ml/layers_linear.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

struct Window {
  Shape in;  // spatial, with channels
  Shape out;
  Shape kernel;
  Shape stride;
  std::vector<Shape> padding;
  std::size_t cells = 1;  // of the kernel
  std::size_t channels = 1;
  std::size_t filters = 1;

  bool padded() const {
    for (const Shape& side : padding) {
      if (side[0] != 0 || side[1] != 0) return true;
    }
    return false;
  }
  Json keys(Json layer) const {
    layer["stride"] = stride;
    if (padded()) layer["padding"] = padding;
    return layer;
  }
};

Window read_window(const Call& call, const Config& config, int dimensions, bool depthwise) {
  Window window;
  window.channels = config.size("n_chan");
  window.filters = depthwise ? config.size_or("n_filt", window.channels) : config.size("n_filt");
  for (int d = 2 - dimensions; d < 2; ++d) {
    const std::string side = d == 0 ? "height" : "width";
    window.in.push_back(config.size("in_" + side));
    window.kernel.push_back(config.size("filt_" + side));
    window.stride.push_back(config.size_or("stride_" + side, 1));
    window.padding.push_back(
        {config.count_or(d == 0 ? "pad_top" : "pad_left", 0), config.count_or(d == 0 ? "pad_bottom" : "pad_right", 0)});
    window.cells *= window.kernel.back();
    const std::size_t padded = window.in.back() + window.padding.back()[0] + window.padding.back()[1];
    if (padded < window.kernel.back()) call.refuse("a kernel larger than the padded image");
    window.out.push_back((padded - window.kernel.back()) / window.stride.back() + 1);
    const std::size_t said = config.size("out_" + side);
    if (said != window.out.back())
      call.refuse("out_" + side + " = " + std::to_string(said), std::to_string(window.out.back()));
  }
  if (config.count_or("dilation", 1) > 1)
    call.refuse("dilation " + std::to_string(config.count_or("dilation", 1)), "1");
  if (depthwise && window.filters != window.channels)
    call.refuse("a depth multiplier (" + std::to_string(window.filters) + " filters of " +
                    std::to_string(window.channels) + " channels)",
                "1");
  window.in.push_back(window.channels);
  window.out.push_back(window.filters);
  return window;
}

Shape with(Shape shape, std::initializer_list<std::size_t> more) {
  shape.insert(shape.end(), more);
  return shape;
}

Json adder_conv(const Call& call, const std::string& function, const ElementType& input, const Window& window) {
  const AdderGraph graph = read_adder_graph(call.project->declarations, function, input, call.where);
  const std::size_t n_in = window.cells * window.channels;
  if (graph.inputs != n_in || graph.outputs != window.filters)
    call.refuse("a kernel of " + to_string(Shape{graph.inputs, graph.outputs}), to_string(Shape{n_in, window.filters}));
  Json layer = window.keys(dense_of(graph));
  layer["op"] = "conv";
  layer["weights"]["shape"] = with(window.kernel, {window.channels, window.filters});
  return layer;
}

Json conv_keys(const Call& call, const Config& config, const Window& window, const ElementType& input,
               const std::string& weights, const std::string& bias) {
  const std::size_t n_in = window.cells * window.channels;
  const Config multiplier = config.has_type("mult_config") ? config.nested("mult_config") : config;
  const Accumulation accumulation = read_accumulation(call, multiplier, n_in, window.filters, input);
  if (!accumulation.adder_function.empty()) return adder_conv(call, accumulation.adder_function, input, window);
  if (accumulation.product == "xnor" && multiplier.count_or("n_in", n_in) != n_in)
    call.refuse("xnor over " + std::to_string(multiplier.count_or("n_in", n_in)) + " inputs", std::to_string(n_in));
  return window.keys(linear_keys(call, "conv", accumulation, weights, bias,
                                 with(window.kernel, {window.channels, window.filters}), n_in, window.filters));
}

// Until 0.6 the kernels for arrays add channel by channel, and by strategy resource look one row beyond the image.
void refuse_early_order(const Call& call, const Config& config, const Window& window) {
  if (call.is_stream() || call.project->release.at_least({0, 7}, "nnet_conv2d.h", "the order of sums in convolutions"))
    return;
  const Config multiplier = config.has_type("mult_config") ? config.nested("mult_config") : config;
  const FixedPoint accum = multiplier.type("accum_t").fixed;
  if (accum.overflow != Overflow::wrap || accum.saturation_bits > 0)
    call.refuse("a convolution with the accumulator " + vigil::to_string(accum) + " in hls4ml 0.6 or earlier",
                "a wrapping accumulator");
  if (config.choice("strategy") == "resource" && window.padded())
    call.refuse("a padded convolution of strategy resource in hls4ml 0.6 or earlier",
                "strategy latency, or no padding");
}

void read_conv(const Call& call, int dimensions, bool pointwise) {
  call.expect_arguments(4, 4);
  const Config config = call.config();
  const Window window = read_window(call, config, dimensions, false);
  if (pointwise && window.cells != 1)
    call.refuse("a pointwise kernel of " + std::to_string(window.cells) + " cells", "1");
  if (pointwise && !call.is_stream()) {
    for (const std::size_t stride : window.stride) {
      if (stride != 1) call.refuse("a pointwise layer with stride " + std::to_string(stride), "1");
    }
  }
  call.expect_channels(0, window.channels);
  call.expect_channels(1, window.filters);
  refuse_early_order(call, config, window);
  const Json layer = conv_keys(call, config, window, call.type(0), call.name(2), call.name(3));
  const std::string input = call.read(0, window.in);
  call.write(1, layer, {input}, window.out);
}

// The terms of an output come with a step of n_chan; a reuse factor that does not divide it mixes their order.
Json depthwise_keys(const Call& call, const Config& config, const Window& window, const ElementType& input,
                    const std::string& weights, const std::string& bias) {
  const Config multiplier = config.has_type("mult_config") ? config.nested("mult_config") : config;
  const std::string kernel = multiplier.used("kernel");
  if (!kernel.empty() && !kernel.starts_with("Depthwise")) call.refuse("kernel '" + kernel + "'", "a depthwise kernel");
  Accumulation accumulation;
  accumulation.accum = multiplier.type("accum_t");
  accumulation.order_matters =
      accumulation.accum.fixed.overflow != Overflow::wrap || accumulation.accum.fixed.saturation_bits > 0;
  const bool latency = kernel == "DepthwiseDenseLatency" || multiplier.choice("strategy") == "latency";
  const std::size_t reuse = multiplier.size_or("reuse_factor", 1);
  if (!latency && accumulation.order_matters && window.channels % reuse != 0)
    call.refuse("reuse factor " + std::to_string(reuse) + " with a saturating accumulator",
                "a divisor of " + std::to_string(window.channels));
  const std::string product = multiplier.used("product");
  if (!product.empty() && product != "mult") call.refuse("product '" + product + "'", "mult");
  static_cast<void>(input);
  const Weights& arrays = call.project->weights;
  const WeightArray w = arrays.read(weights, window.cells * window.channels, call.where);
  const WeightArray b = arrays.read(bias, window.channels, call.where);
  Json layer = {{"op", "depthwise_conv"}, {"accum", vigil::to_string(accumulation.accum.fixed)}};
  layer["weights"] = constant(w.type.fixed, with(window.kernel, {window.channels}), w.raw);
  layer["bias"] = constant(b.type.fixed, {window.channels}, b.raw);
  return window.keys(std::move(layer));
}

void read_depthwise(const Call& call, int dimensions) {
  call.expect_arguments(4, 4);
  const Config config = call.config();
  const Window window = read_window(call, config, dimensions, true);
  call.expect_channels(0, window.channels);
  call.expect_channels(1, window.filters);
  const Json layer = depthwise_keys(call, config, window, call.type(0), call.name(2), call.name(3));
  const std::string input = call.read(0, window.in);
  call.write(1, layer, {input}, window.out);
}

// separable_conv_2d_cl<data_t, dw_t, res_t, config>(data, res, depthwise, pointwise, zero_bias, bias)
void read_separable(const Call& call, int dimensions) {
  call.expect_arguments(6, 6);
  const Config config = call.config();
  const Config first = config.nested("depthwise_config");
  const Config second = config.nested("pointwise_config");
  if (call.templates.size() != 4) call.refuse("without the type of the depthwise step", "four template arguments");
  const ElementType between = call.template_type(1);
  const Window depthwise = read_window(call, first, dimensions, true);
  Window pointwise = read_window(call, second, dimensions, false);
  if (depthwise.out != pointwise.in)
    call.refuse("a depthwise step that gives " + to_string(depthwise.out), to_string(pointwise.in));
  call.expect_channels(0, depthwise.channels);
  call.expect_channels(1, pointwise.filters);
  const Json first_layer = depthwise_keys(call, first, depthwise, call.type(0), call.name(2), call.name(4));
  const Json second_layer = conv_keys(call, second, pointwise, between, call.name(3), call.name(5));
  const std::string input = call.read(0, depthwise.in);
  const std::string middle =
      call.graph().intermediate(call.name(1), first_layer, {input}, depthwise.out, between.fixed, call.where);
  call.write(1, second_layer, {middle}, pointwise.out);
}

// conv2d_cl<config, data_t, res_t>(data, res): a kernel by distributed arithmetic on a buffer another function fills.
void read_adder_conv(const Call& call, int dimensions) {
  call.expect_arguments(2, 2);
  const Config config = call.config(call.templates.size() - 1);
  const Window window = read_window(call, config, dimensions, false);
  const Range text = config.value("dense_da").initial;
  std::string function;
  for (const Token* token = text.begin; token != text.end && token->text != "<"; ++token) {
    if (token->kind == TokenKind::identifier) function = std::string(token->text);
  }
  call.expect_channels(0, window.channels);
  call.expect_channels(1, window.filters);
  const Json layer = adder_conv(call, function, call.type(0), window);
  const std::string input = call.read(0, window.in);
  call.write(1, layer, {input}, window.out);
}

void read_zeropad(const Call& call, int dimensions) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  Shape in;
  Shape out;
  std::vector<Shape> padding;
  for (int d = 2 - dimensions; d < 2; ++d) {
    const std::string side = d == 0 ? "height" : "width";
    in.push_back(config.size("in_" + side));
    padding.push_back(
        {config.count_or(d == 0 ? "pad_top" : "pad_left", 0), config.count_or(d == 0 ? "pad_bottom" : "pad_right", 0)});
    out.push_back(in.back() + padding.back()[0] + padding.back()[1]);
    if (config.size("out_" + side) != out.back())
      call.refuse("out_" + side + " = " + std::to_string(config.size("out_" + side)), std::to_string(out.back()));
  }
  in.push_back(config.size("n_chan"));
  out.push_back(in.back());
  call.expect_channels(0, in.back());
  call.expect_channels(1, in.back());
  const std::string input = call.read(0, in);
  call.write(1, {{"op", "zero_pad"}, {"padding", padding}}, {input}, out);
}

}  // namespace

void read_conv_1d(const Call& call) { read_conv(call, 1, false); }
void read_conv_2d(const Call& call) { read_conv(call, 2, false); }
void read_pointwise_conv_1d(const Call& call) { read_conv(call, 1, true); }
void read_pointwise_conv_2d(const Call& call) { read_conv(call, 2, true); }
void read_adder_conv_1d(const Call& call) { read_adder_conv(call, 1); }
void read_adder_conv_2d(const Call& call) { read_adder_conv(call, 2); }
void read_depthwise_conv_1d(const Call& call) { read_depthwise(call, 1); }
void read_depthwise_conv_2d(const Call& call) { read_depthwise(call, 2); }
void read_separable_conv_1d(const Call& call) { read_separable(call, 1); }
void read_separable_conv_2d(const Call& call) { read_separable(call, 2); }
void read_zeropad1d(const Call& call) { read_zeropad(call, 1); }
void read_zeropad2d(const Call& call) { read_zeropad(call, 2); }

}  // namespace vigil::fpga_model::hls4ml
