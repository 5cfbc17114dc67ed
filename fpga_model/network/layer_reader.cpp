#include "fpga_model/network/layer_reader.h"

namespace vigil::fpga_model {

void LayerReader::expect_inputs(std::size_t n) const {
  if (inputs_.size() != n)
    keys.fail("inputs", std::to_string(inputs_.size()) + " inputs", std::to_string(n) + " for " + op_);
}

void LayerReader::expect_output(const Shape& shape) const {
  if (output_.shape != shape) keys.fail("output", "shape " + to_string(output_.shape), to_string(shape));
}

void LayerReader::expect_width(const std::string& key, const std::string& what, const FixedPoint& type) const {
  if (type.width > 64) keys.fail(key, what + " of " + std::to_string(type.width) + " bits", "at most 64");
}

FixedPoint LayerReader::product(const std::string& key, const FixedPoint& a, const FixedPoint& b) const {
  const FixedPoint type = product_type(a, b);
  expect_width(key, "product", type);
  return type;
}

FixedPoint LayerReader::sum(const std::string& key, const FixedPoint& a, const FixedPoint& b) const {
  const FixedPoint type = sum_type(a, b);
  expect_width(key, "aligned sum", type);
  return type;
}

Constant LayerReader::constant(const std::string& key, const Shape& shape) {
  Constant c = keys.constant(key);
  if (c.shape != shape) keys.fail(key, "shape " + to_string(c.shape), to_string(shape));
  return c;
}

PerElement LayerReader::per_element(const std::string& key) { return per_element(key, keys.constant(key)); }

PerElement LayerReader::per_element(const std::string& key, const Constant& constant) const {
  return {constant.type, spread(key, constant.raw)};
}

std::vector<std::int64_t> LayerReader::spread(const std::string& key, const std::vector<std::int64_t>& words) const {
  const std::size_t all = inputs_[0].words;
  const std::size_t n = words.size();
  if (n != 1 && n != last_dimension() && n != all) {
    keys.fail(key, std::to_string(n) + " words",
              "1, " + std::to_string(last_dimension()) + " or " + std::to_string(all));
  }
  std::vector<std::int64_t> out(all);
  for (std::size_t i = 0; i < all; ++i) out[i] = words[i % n];
  return out;
}

FixedPoint LayerReader::accumulator(const std::string& key) {
  const FixedPoint type = keys.type(key);
  if (type.width > 63) keys.fail(key, "accumulator of " + std::to_string(type.width) + " bits", "at most 63");
  return type;
}

Window LayerReader::window(const std::vector<std::size_t>& kernel, const std::string& kernel_key,
                           std::size_t out_channels) {
  const Shape& in = input().shape;
  if (in.size() != 2 && in.size() != 3) keys.fail("inputs", "shape " + to_string(in), "[w,c] or [h,w,c]");
  const std::size_t rank = in.size() - 1;
  if (kernel.size() != rank) {
    keys.fail(kernel_key, std::to_string(kernel.size()) + " kernel dimensions",
              std::to_string(rank) + " for input " + to_string(in));
  }
  const std::vector<std::size_t> stride =
      keys.has("stride") ? keys.sizes("stride", 1) : std::vector<std::size_t>(rank, 1);
  if (stride.size() != rank) keys.fail("stride", std::to_string(stride.size()) + " numbers", std::to_string(rank));
  std::vector<std::pair<std::size_t, std::size_t>> padding(rank, {0, 0});
  if (keys.has("padding")) padding = keys.size_pairs("padding");
  if (padding.size() != rank) keys.fail("padding", std::to_string(padding.size()) + " pairs", std::to_string(rank));

  Shape out;
  for (std::size_t d = 0; d < rank; ++d) {
    const std::size_t padded = in[d] + padding[d].first + padding[d].second;
    if (kernel[d] > padded) {
      keys.fail(kernel_key, "kernel " + std::to_string(kernel[d]) + " in dimension " + std::to_string(d),
                "at most the padded image, " + std::to_string(padded));
    }
    out.push_back((padded - kernel[d]) / stride[d] + 1);
  }
  Shape expected = out;
  expected.push_back(out_channels);
  expect_output(expected);

  Window w;
  const bool image = rank == 2;
  w.height = image ? in[0] : 1;
  w.width = in[rank - 1];
  w.channels = in[rank];
  w.kernel_height = image ? kernel[0] : 1;
  w.kernel_width = kernel[rank - 1];
  w.out_height = image ? out[0] : 1;
  w.out_width = out[rank - 1];
  w.stride_y = image ? stride[0] : 1;
  w.stride_x = stride[rank - 1];
  w.pad_top = image ? padding[0].first : 0;
  w.pad_left = padding[rank - 1].first;
  return w;
}

}  // namespace vigil::fpga_model
