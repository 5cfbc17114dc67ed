// Random pooling, merging, shape and recurrent layers, and what several kinds of layers share: windows, accumulators
// and table indices. See random_operations.cpp.
#include <algorithm>

#include "random_operations.h"

namespace vigil::fpga_model {

using nlohmann::json;
using Made = std::optional<RandomLayer>;

const RandomTensor* random_image(RandomContext& c) {
  std::vector<const RandomTensor*> images;
  for (const RandomTensor& tensor : c.tensors) {
    if (tensor.shape.size() == 2 || tensor.shape.size() == 3) images.push_back(&tensor);
  }
  return images.empty() ? nullptr : c.random.one_in(2) ? images.back() : c.random.pick(images);
}

// Kernel, stride and padding for an image; `out` receives the spatial dimensions of the result.
void add_window(RandomSource& random, const Shape& image, json& keys, Shape& kernel, Shape& out) {
  const std::size_t rank = image.size() - 1;
  json stride = json::array();
  json padding = json::array();
  const bool pads = random.one_in(2);
  const bool strides = random.one_in(2);
  for (std::size_t d = 0; d < rank; ++d) {
    const std::size_t before = pads ? random.below(3) : 0;
    const std::size_t after = pads ? random.below(3) : 0;
    const std::size_t padded = image[d] + before + after;
    const std::size_t k = random.one_in(8) ? padded : random.between(std::size_t{1}, std::min<std::size_t>(padded, 4));
    const std::size_t step = strides ? random.between(std::size_t{1}, std::size_t{3}) : 1;
    kernel.push_back(k);
    stride.push_back(step);
    padding.push_back({before, after});
    out.push_back((padded - k) / step + 1);
  }
  if (strides) keys["stride"] = stride;
  if (pads) keys["padding"] = padding;
}

// Exact, wide enough, too narrow, truncating, or with modes of its own.
json random_accumulator(RandomSource& random, const FixedPoint& product, std::size_t n) {
  if (random.one_in(6)) return "exact";
  FixedPoint type{std::min(product.width + ceil_log2(n + 1), 63), product.integer + ceil_log2(n + 1), true};
  type.integer = std::clamp(type.integer, -100, 100);
  switch (random.below(6)) {
    case 0:
      break;
    case 1:
    case 2:  // drops bits of every product
      type.width = std::max(1, type.width - random.between(1, 10));
      break;
    case 3: {  // wraps
      const int lost = random.between(1, 10);
      type.width = std::max(1, type.width - lost);
      type.integer -= lost;
      break;
    }
    case 4:
      return to_string(random.usual_type());
    default:
      return to_string(random.odd_type(40));
  }
  if (random.one_in(4)) type.quantization = static_cast<Quantization>(random.below(7));
  if (random.one_in(4)) type.overflow = static_cast<Overflow>(random.below(4));
  return to_string(type);
}

json random_scaled_index(RandomSource& random, const FixedPoint& argument, std::size_t size) {
  static const std::vector<int> ranges = {16, 8, -8, 64, 1, 3, -7};
  const int range = random.one_in(5) ? random.between(-5000, 4999) : random.pick(ranges);
  json index = {{"rule", "scaled"}, {"range", range == 0 ? 1 : range}};
  if (random.one_in(2)) index["offset"] = static_cast<int>(size / 2);
  if (random.one_in(6)) index["offset"] = random.between(-100, 2000);
  if (random.one_in(4)) index["clamp"] = random.one_in(2) ? "signed" : "unsigned";
  static_cast<void>(argument);
  return index;
}

json random_index(RandomSource& random, const FixedPoint& argument, std::size_t& size) {
  if (random.one_in(3)) {
    size =
        std::size_t{1} << (argument.width <= 10 && random.one_in(2) ? argument.width
                                                                    : random.between(0, std::min(argument.width, 8)));
    return {{"rule", "top_bits"}};
  }
  size = random.one_in(2) ? 64 : random.between(std::size_t{1}, std::size_t{300});
  return random_scaled_index(random, argument, size);
}

Made random_pool(RandomContext& c) {
  const RandomTensor* x = random_image(c);
  if (x == nullptr) return {};
  RandomLayer layer{{{"inputs", {x->name}}}, {}, c.random.one_in(2) ? c.random.type() : x->type};
  Shape kernel;
  add_window(c.random, x->shape, layer.keys, kernel, layer.shape);
  layer.shape.push_back(x->shape.back());
  layer.keys["kernel"] = kernel;
  layer.keys["mode"] = c.random.one_in(2) ? "max" : "average";
  FixedPoint accum = x->type;
  accum.width = std::min(accum.width + 6, 63);
  accum.integer += 6;
  if (c.random.one_in(3)) accum = c.random.type();
  if (accum.overflow == Overflow::wrap_sm) accum.overflow = Overflow::wrap;
  if (layer.type.overflow == Overflow::wrap_sm) layer.type = accum;
  layer.keys["accum"] = to_string(accum);
  if (c.random.one_in(3)) layer.keys["count_padding"] = c.random.one_in(2);
  static const std::vector<std::string> orders = {"sequential", "stream_window", "stream_global"};
  if (c.random.one_in(2)) layer.keys["order"] = c.random.pick(orders);
  return layer;
}

namespace {

// A tensor and something of its shape: another tensor, itself, or a constant.
Made merge(RandomContext& c) {
  const RandomTensor& x = c.any();
  std::vector<std::string> partners;
  for (const RandomTensor& tensor : c.tensors) {
    if (tensor.shape == x.shape) partners.push_back(tensor.name);
  }
  std::string partner = partners.size() > 1 || c.random.one_in(6) ? c.random.pick(partners) : "";
  if (partner.empty()) {
    partner = "c" + std::to_string(c.constants.size());
    c.constants[partner] = c.random.constant(c.random.weight_type(), x.shape);
  }
  const bool swapped = c.random.one_in(3);
  return RandomLayer{{{"inputs", {swapped ? partner : x.name, swapped ? x.name : partner}}}, x.shape, c.random.type()};
}

}  // namespace

Made random_add(RandomContext& c) { return merge(c); }
Made random_subtract(RandomContext& c) { return merge(c); }
Made random_multiply(RandomContext& c) { return merge(c); }
Made random_average(RandomContext& c) { return merge(c); }
Made random_maximum(RandomContext& c) { return merge(c); }
Made random_minimum(RandomContext& c) { return merge(c); }

Made random_concatenate(RandomContext& c) {
  const RandomTensor& x = c.any();
  const std::size_t axis = c.random.below(x.shape.size());
  RandomLayer layer{{{"inputs", {x.name}}}, x.shape, c.random.type()};
  const std::size_t parts = c.random.between(std::size_t{1}, std::size_t{3});
  for (std::size_t i = 0; i < parts; ++i) {
    const RandomTensor& other = c.random.pick(c.tensors);
    Shape rest = other.shape;
    if (axis < rest.size()) rest[axis] = x.shape[axis];
    if (rest == x.shape) {
      layer.keys["inputs"].push_back(other.name);
      layer.shape[axis] += other.shape[axis];
    } else {
      layer.keys["inputs"].push_back(x.name);
      layer.shape[axis] += x.shape[axis];
    }
  }
  if (axis != 0 || c.random.one_in(2)) layer.keys["axis"] = axis;
  return layer;
}

Made random_dot(RandomContext& c) {
  std::vector<const RandomTensor*> vectors;
  for (const RandomTensor& tensor : c.tensors) {
    if (tensor.shape.size() == 1) vectors.push_back(&tensor);
  }
  if (vectors.empty()) return {};
  const RandomTensor& x = *c.random.pick(vectors);
  std::string partner = x.name;
  FixedPoint partner_type = x.type;
  if (c.random.one_in(2)) {
    partner = "c" + std::to_string(c.constants.size());
    partner_type = c.random.weight_type();
    c.constants[partner] = c.random.constant(partner_type, x.shape);
  }
  RandomLayer layer{{{"inputs", {x.name, partner}}}, {1}, c.random.type()};
  layer.keys["accum"] = random_accumulator(c.random, product_type(x.type, partner_type), x.shape[0]);
  return layer;
}

Made random_reduce_sum(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer{{{"inputs", {x.name}}}, x.shape, c.random.type()};
  layer.shape.back() = 1;
  if (c.random.one_in(2)) layer.keys["order"] = c.random.one_in(2) ? "tree" : "sequential";
  return layer;
}

Made random_reshape(RandomContext& c) {
  const RandomTensor& x = c.any();
  const std::size_t words = element_count(x.shape);
  Shape shape = {words};
  // Splits off factors: an image now and then.
  while (shape.size() < 3 && !c.random.one_in(3)) {
    std::vector<std::size_t> factors;
    for (std::size_t f = 1; f <= shape.back(); ++f) {
      if (shape.back() % f == 0) factors.push_back(f);
    }
    const std::size_t f = c.random.pick(factors);
    shape.back() /= f;
    shape.push_back(f);
  }
  FixedPoint type = c.random.one_in(3) || x.type.overflow == Overflow::wrap_sm ? c.random.type() : x.type;
  return RandomLayer{{{"inputs", {x.name}}, {"shape", shape}}, shape, type};
}

Made random_transpose(RandomContext& c) {
  const RandomTensor& x = c.any();
  std::vector<std::size_t> permutation;
  for (std::size_t d = 0; d < x.shape.size(); ++d)
    permutation.insert(permutation.begin() + static_cast<std::ptrdiff_t>(c.random.below(d + 1)), d);
  RandomLayer layer{{{"inputs", {x.name}}, {"permutation", permutation}}, {}, c.random.type()};
  for (const std::size_t d : permutation) layer.shape.push_back(x.shape[d]);
  return layer;
}

Made random_zero_pad(RandomContext& c) {
  const RandomTensor* x = random_image(c);
  if (x == nullptr) return {};
  RandomLayer layer{{{"inputs", {x->name}}}, x->shape, c.random.type()};
  for (std::size_t d = 0; d + 1 < x->shape.size(); ++d) {
    const std::size_t before = c.random.below(3);
    const std::size_t after = c.random.below(3);
    layer.keys["padding"].push_back({before, after});
    layer.shape[d] += before + after;
  }
  return layer;
}

// Reads a tensor of small whole numbers; now and then the table is too short for some of them.
Made random_embedding(RandomContext& c) {
  for (const RandomTensor& x : c.tensors) {
    if (x.type.is_signed || x.type.fraction() != 0 || x.type.width > 6 || x.shape.size() > 3) continue;
    const std::size_t all = std::size_t{1} << x.type.width;
    const std::size_t rows = c.random.one_in(6) ? c.random.between(std::size_t{1}, all) : all;
    const std::size_t dimension = c.random.between(std::size_t{1}, std::size_t{4});
    RandomLayer layer{{{"inputs", {x.name}}}, x.shape, c.random.type()};
    layer.keys["table"] = c.random.constant(c.random.weight_type(), Shape{rows, dimension});
    layer.shape.push_back(dimension);
    return layer;
  }
  return {};
}

namespace {

Made recurrent(RandomContext& c, std::size_t gates) {
  RandomSource& random = c.random;
  const RandomTensor* x = nullptr;
  for (const RandomTensor& tensor : c.tensors) {
    if (tensor.shape.size() == 2 && tensor.shape[0] <= 8) x = &tensor;
  }
  if (x == nullptr) return {};
  const std::size_t features = x->shape[1];
  const std::size_t units = random.between(std::size_t{1}, std::size_t{5});
  RandomLayer layer{{{"inputs", {x->name}}}, {units}, random.type(20)};
  json& keys = layer.keys;
  const FixedPoint gate = random.type(20);
  const FixedPoint weight = random.weight_type();
  const FixedPoint recurrent_weight = random.weight_type();
  keys["units"] = units;
  if (random.one_in(2)) {
    const bool all = random.one_in(2);
    keys["return_sequences"] = all;
    if (all) layer.shape = {x->shape[0], units};
  }
  keys["gate_type"] = to_string(gate);
  keys["accum"] = random_accumulator(random, product_type(x->type, weight), features);
  keys["recurrent_accum"] = random_accumulator(random, product_type(layer.type, recurrent_weight), units);
  keys["weights"] = random.constant(weight, Shape{features, gates * units});
  keys["recurrent_weights"] = random.constant(recurrent_weight, Shape{units, gates * units});
  keys["bias"] = random.constant(random.weight_type(), gates * units);
  keys["recurrent_bias"] = random.constant(random.weight_type(), gates * units);
  if (random.one_in(4)) keys["reuse_factor"] = random.between(std::size_t{1}, features);
  if (random.one_in(4)) keys["recurrent_reuse_factor"] = random.between(std::size_t{1}, units);
  for (const char* name : {"recurrent_activation", "activation"}) {
    const std::size_t size = random.one_in(2) ? 64 : random.between(std::size_t{1}, std::size_t{100});
    keys[name] = {{"table", random.constant(random.usual_type(), size)},
                  {"index", random_scaled_index(random, gate, size)}};
  }
  return layer;
}

}  // namespace

Made random_lstm(RandomContext& c) { return recurrent(c, 4); }
Made random_gru(RandomContext& c) { return recurrent(c, 3); }

Made random_layer_norm(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomSource& random = c.random;
  RandomLayer layer{{{"inputs", {x.name}}}, x.shape, random.type()};
  layer.keys["accum"] = to_string(random.type(24));
  layer.keys["inverse_count"] = random.constant(random.plain(random.between(4, 14)), 1);
  layer.keys["table"] =
      random.constant(random.plain(random.between(4, 14)), random.between(std::size_t{1}, std::size_t{200}));
  layer.keys["index_multiplier"] = random.one_in(4) ? random.between(1, 100000) : 64;
  layer.keys["scale"] = random.constant(random.plain(random.between(2, 10)), x.shape.back());
  layer.keys["shift"] = random.constant(random.plain(random.between(2, 10)), x.shape.back());
  return layer;
}

}  // namespace vigil::fpga_model
