// Pooling, local and global.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/call.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

struct PoolShape {
  Shape in;
  Shape out;
  Shape kernel;
  Shape stride;
  std::vector<Shape> padding;
  std::size_t cells = 1;
};

std::string pool_mode(const Call& call, const Config& config) {
  const std::string mode = config.choice("pool_op");
  if (mode == "Max") return "max";
  if (mode == "Average") return "average";
  call.refuse("pool_op '" + mode + "'", "Max or Average");
}

// Until 0.8 accum_t is not used: max keeps the input's type; average widens it for plain types.
FixedPoint accumulator(const Call& call, const Config& config, const std::string& mode, std::size_t cells) {
  const bool typed = call.is_stream() || call.project->release.at_least({1, 0}, "nnet_pooling.h", "accum_t of pooling");
  if (typed) return config.type("accum_t").fixed;
  FixedPoint type = call.type(0).fixed;
  const bool plain = type.is_signed && type.quantization == Quantization::trn && type.overflow == Overflow::wrap &&
                     type.saturation_bits == 0;
  if (mode == "average" && plain) {
    type.width += ceil_log2(cells);
    type.integer += ceil_log2(cells);
    if (type.width > 63) call.refuse("an average of " + std::to_string(type.width) + " bits", "at most 63");
  }
  return type;
}

void write_pool(const Call& call, const Config& config, const PoolShape& shape, const char* stream_order) {
  const std::string mode = pool_mode(call, config);
  if (call.is_stream() &&
      !call.project->release.at_least({0, 7}, "nnet_pooling_stream.h", "sums of pooling on streams"))
    call.refuse("pooling on streams in hls4ml 0.6 or earlier, which adds in the type of the data", "0.7 or later");
  Json layer = {{"op", "pool"}, {"mode", mode}, {"kernel", shape.kernel}, {"stride", shape.stride}};
  bool padded = false;
  for (const Shape& side : shape.padding) padded = padded || side[0] != 0 || side[1] != 0;
  if (padded) layer["padding"] = shape.padding;
  const FixedPoint accum = accumulator(call, config, mode, shape.cells);
  layer["accum"] = vigil::to_string(accum);
  if (padded && config.flag_or("count_pad", false)) layer["count_padding"] = true;
  if (call.is_stream()) layer["order"] = stream_order;
  const std::string input = call.read(0, shape.in);
  const bool old_average = !call.is_stream() && mode == "average" &&
                           accum.width != config.type("accum_t").fixed.width && accum.width != call.type(0).fixed.width;
  if (old_average) {  // back into the input's type before the result's
    const std::string wide =
        call.graph().intermediate(call.name(1), layer, {input}, shape.out, call.type(0).fixed, call.where);
    call.write(1, {{"op", "cast"}}, {wide}, shape.out);
    return;
  }
  call.write(1, layer, {input}, shape.out);
}

// Windows other than their stride in io_parallel. Before 1.2 the kernel of two dimensions reads cells it never filled,
// before 1.0 that of one dimension too; in 1.0 and 1.1 the latter steps on while a stride fits, not while a window
// does.
void expect_filled_windows(const Call& call, const Config& config, const PoolShape& shape) {
  ReleaseTeller& release = call.project->release;
  if (release.at_least({1, 2}, "nnet_pooling.h", "windows other than their stride")) return;
  if (shape.kernel.size() == 2)
    call.refuse("a window other than its stride: hls4ml before 1.2 reads cells it never filled", "window = stride");
  if (!release.at_least({1, 0}, "nnet_pooling.h", "windows other than their stride"))
    call.refuse("a window other than its stride: hls4ml before 1.0 reads cells it never filled", "window = stride");
  const std::size_t written = (shape.in[0] + shape.padding[0][0] + shape.padding[0][1]) / shape.stride[0];
  if (written != shape.out[0])
    call.refuse("a window other than its stride: the kernel of hls4ml 1.0 and 1.1 writes " + std::to_string(written) +
                    " outputs of " + std::to_string(shape.out[0]),
                "as many as there are");
  if (config.flag_or("count_pad", false))
    call.refuse("count_pad with a window other than its stride: hls4ml 1.0 and 1.1 divide by the stride", "false");
}

void read_pool(const Call& call, int dimensions) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  PoolShape shape;
  bool square = true;  // stride = kernel
  bool padded = false;
  for (int d = 2 - dimensions; d < 2; ++d) {
    const std::string side = d == 0 ? "height" : "width";
    shape.in.push_back(config.size(dimensions == 1 ? "n_in" : "in_" + side));
    shape.kernel.push_back(config.size("pool_" + side));
    shape.stride.push_back(config.size("stride_" + side));
    shape.padding.push_back(
        {config.count_or(d == 0 ? "pad_top" : "pad_left", 0), config.count_or(d == 0 ? "pad_bottom" : "pad_right", 0)});
    shape.cells *= shape.kernel.back();
    square = square && shape.kernel.back() == shape.stride.back();
    padded = padded || shape.padding.back()[0] != 0 || shape.padding.back()[1] != 0;
    const std::size_t whole = shape.in.back() + shape.padding.back()[0] + shape.padding.back()[1];
    if (whole < shape.kernel.back()) call.refuse("a window larger than the padded image");
    shape.out.push_back((whole - shape.kernel.back()) / shape.stride.back() + 1);
    const std::size_t said = config.size(dimensions == 1 ? "n_out" : "out_" + side);
    if (said != shape.out.back()) call.refuse(std::to_string(said) + " outputs", std::to_string(shape.out.back()));
  }
  shape.in.push_back(config.size("n_filt"));
  shape.out.push_back(shape.in.back());
  if (call.is_stream() && padded) call.refuse("a padded window in io_stream", "no padding");
  call.expect_channels(0, shape.in.back());
  call.expect_channels(1, shape.out.back());
  if (!call.is_stream() && !square) expect_filled_windows(call, config, shape);
  if (padded && !call.project->release.at_least({1, 0}, "nnet_pooling.h", "averages over padding"))
    call.refuse("a padded window in hls4ml 0.8 or earlier", "no padding");
  write_pool(call, config, shape, "stream_window");
}

void read_global(const Call& call, int dimensions) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  PoolShape shape;
  for (int d = 2 - dimensions; d < 2; ++d) {
    shape.in.push_back(config.size(dimensions == 1 ? "n_in" : d == 0 ? "in_height" : "in_width"));
    shape.kernel.push_back(shape.in.back());
    shape.stride.push_back(shape.in.back());
    shape.padding.push_back({0, 0});
    shape.cells *= shape.in.back();
    shape.out.push_back(1);
  }
  shape.in.push_back(config.size("n_filt"));
  shape.out.push_back(shape.in.back());
  call.expect_channels(0, shape.in.back());
  write_pool(call, config, shape, "stream_global");
}

}  // namespace

void read_pooling1d(const Call& call) { read_pool(call, 1); }
void read_pooling2d(const Call& call) { read_pool(call, 2); }
void read_global_pooling1d(const Call& call) { read_global(call, 1); }
void read_global_pooling2d(const Call& call) { read_global(call, 2); }

}  // namespace vigil::fpga_model::hls4ml
