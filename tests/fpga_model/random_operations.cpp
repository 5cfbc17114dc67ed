// Layers that multiply and accumulate, elementwise layers and softmax. The others are in random_shapes.cpp.
#include "random_operations.h"

#include <algorithm>

namespace vigil::fpga_model {

using nlohmann::json;

using Made = std::optional<RandomLayer>;

// In random_shapes.cpp.
Made random_pool(RandomContext&);
Made random_add(RandomContext&);
Made random_subtract(RandomContext&);
Made random_multiply(RandomContext&);
Made random_average(RandomContext&);
Made random_maximum(RandomContext&);
Made random_minimum(RandomContext&);
Made random_concatenate(RandomContext&);
Made random_dot(RandomContext&);
Made random_reduce_sum(RandomContext&);
Made random_reshape(RandomContext&);
Made random_transpose(RandomContext&);
Made random_zero_pad(RandomContext&);
Made random_embedding(RandomContext&);
Made random_lstm(RandomContext&);
Made random_gru(RandomContext&);
Made random_layer_norm(RandomContext&);
void add_window(RandomSource&, const Shape& image, json& keys, Shape& kernel, Shape& out);
const RandomTensor* random_image(RandomContext&);
json random_accumulator(RandomSource&, const FixedPoint& product, std::size_t n);
json random_scaled_index(RandomSource&, const FixedPoint& argument, std::size_t size);
json random_index(RandomSource&, const FixedPoint& argument, std::size_t& size);

namespace {

// Types of input and weights for a product; binary operands are ap_ufixed<1,1>.
struct Product {
  const char* name = "mult";
  FixedPoint weight;
};
Product draw_product(RandomSource& random, const FixedPoint& x) {
  const FixedPoint bit = RandomSource::whole(1);
  if (x == bit) {
    if (random.one_in(2)) return {"xnor", bit};
    if (random.one_in(2)) return {"data_binary", random.weight_type()};
  }
  if (random.one_in(10)) return {"weight_binary", bit};
  return {"mult", random.weight_type()};
}

// Keys of everything with weights: n products a column.
void add_products(RandomSource& random, const FixedPoint& x, const Shape& weights, std::size_t n, json& keys) {
  const Product product = draw_product(random, x);
  keys["weights"] = random.constant(product.weight, weights);
  keys["bias"] = random.constant(random.weight_type(), weights.back());
  FixedPoint type = product_type(x, product.weight);
  if (std::string(product.name) != "mult") {
    keys["product"] = product.name;
    type = std::string(product.name) == "data_binary" ? product.weight : x;
    ++type.width;
    ++type.integer;
  }
  keys["accum"] = random_accumulator(random, type, n);
  if (random.one_in(4)) keys["reuse_factor"] = random.between(std::size_t{1}, n);
}

Made dense(RandomContext& c) {
  const RandomTensor& x = c.any();
  const std::size_t n = x.shape.back();
  const std::size_t columns = c.random.between(std::size_t{1}, c.random.one_in(4) ? std::size_t{40} : std::size_t{9});
  RandomLayer layer{{{"inputs", {x.name}}}, x.shape, c.random.type()};
  layer.shape.back() = columns;
  add_products(c.random, x.type, {n, columns}, n, layer.keys);
  return layer;
}

Made conv(RandomContext& c, bool depthwise) {
  const RandomTensor* x = random_image(c);
  if (x == nullptr) return {};
  RandomLayer layer{{{"inputs", {x->name}}}, {}, c.random.type()};
  Shape weights;
  add_window(c.random, x->shape, layer.keys, weights, layer.shape);
  std::size_t n = element_count(weights);
  if (!depthwise) {
    weights.push_back(x->shape.back());
    n *= x->shape.back();
  }
  weights.push_back(depthwise ? x->shape.back() : c.random.between(std::size_t{1}, std::size_t{6}));
  layer.shape.push_back(weights.back());
  add_products(c.random, x->type, weights, n, layer.keys);
  return layer;
}
Made full_conv(RandomContext& c) { return conv(c, false); }
Made depthwise_conv(RandomContext& c) { return conv(c, true); }

RandomLayer elementwise(RandomContext& c, const RandomTensor& x) {
  return {{{"inputs", {x.name}}}, x.shape, c.random.type()};
}

Made scale_shift(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  layer.keys["scale"] = c.random.per_element(c.random.weight_type(), x.shape);
  layer.keys["shift"] = c.random.per_element(c.random.weight_type(), x.shape);
  return layer;
}

Made cast_layer(RandomContext& c) {
  RandomLayer layer = elementwise(c, c.any());
  if (c.random.one_in(8)) layer.type = RandomSource::whole(1);
  if (layer.type.is_signed && c.random.one_in(12)) {
    layer.type.overflow = Overflow::wrap_sm;
    layer.type.saturation_bits = c.random.between(0, std::min(layer.type.width, 3));
  }
  return layer;
}

Made relu(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  if (c.random.one_in(3)) layer.keys["max"] = c.random.one_in(4) ? c.random.between(-3, 40) : 6;
  if (c.random.one_in(4)) layer.keys["alpha"] = c.random.per_element(c.random.weight_type(), x.shape);
  if (c.random.one_in(6)) layer.keys["threshold"] = c.random.per_element(c.random.weight_type(), x.shape);
  return layer;
}

json table(RandomContext& c, const FixedPoint& argument, json& keys) {
  std::size_t size = 0;
  keys["index"] = random_index(c.random, argument, size);
  return c.random.constant(c.random.type(20), size);
}

Made lookup(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  layer.keys["table"] = table(c, x.type, layer.keys);
  return layer;
}

Made elu(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  layer.keys["table"] = table(c, x.type, layer.keys);
  if (c.random.one_in(2)) layer.keys["alpha"] = c.random.per_element(c.random.weight_type(), x.shape);
  if (c.random.one_in(3)) layer.keys["scale"] = c.random.per_element(c.random.weight_type(), x.shape);
  return layer;
}

Made hard_sigmoid(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  layer.keys["slope"] = c.random.per_element(c.random.weight_type(), x.shape);
  layer.keys["shift"] = c.random.per_element(c.random.weight_type(), x.shape);
  if (c.random.one_in(2)) layer.keys["symmetric"] = c.random.one_in(2);
  return layer;
}

Made threshold(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  if (c.random.one_in(2)) layer.type = RandomSource::whole(c.random.between(1, 3));
  const std::size_t k = c.random.between(std::size_t{1}, std::size_t{3});
  layer.keys["levels"].push_back(c.random.word(layer.type));
  for (std::size_t i = 0; i < k; ++i) {
    layer.keys["thresholds"].push_back(c.random.per_element(c.random.weight_type(), x.shape));
    layer.keys["compare"].push_back(c.random.one_in(2) ? ">" : ">=");
    layer.keys["levels"].push_back(c.random.word(layer.type));
  }
  return layer;
}

Made shift(RandomContext& c) {
  const RandomTensor& x = c.any();
  if (x.type.overflow == Overflow::wrap_sm) return {};
  RandomLayer layer = elementwise(c, x);
  layer.type = x.type;
  const std::size_t lengths[] = {1, x.shape.back(), element_count(x.shape)};
  const std::size_t length = lengths[c.random.below(3)];
  for (std::size_t i = 0; i < length; ++i)
    layer.keys["counts"].push_back(c.random.one_in(8) ? c.random.between(-63, 63) : c.random.between(-2, 6));
  return layer;
}

Made softmax(RandomContext& c) {
  const RandomTensor& x = c.any();
  RandomLayer layer = elementwise(c, x);
  RandomSource& random = c.random;
  switch (random.below(5)) {
    case 0:
      layer.keys["implementation"] = "argmax";
      return layer;
    case 1: {
      layer.keys["implementation"] = "legacy";
      const std::size_t size = random.between(std::size_t{1}, std::size_t{70});
      const FixedPoint sum = random.type(30);
      layer.keys["exp_table"] = random.constant(random.type(20), size);
      layer.keys["exp_index"] = random_scaled_index(random, difference_type(x.type, x.type), size);
      layer.keys["sum_type"] = to_string(sum);
      layer.keys["inv_table"] = random.constant(random.type(20), size);
      layer.keys["inv_index"] = random_scaled_index(random, sum, size);
      return layer;
    }
    default:
      break;
  }
  const bool stable = random.one_in(2);
  layer.keys["implementation"] = stable ? "stable" : "latency";
  FixedPoint argument = x.type;
  if (stable) {
    argument = random.type(24);
    layer.keys["norm_type"] = to_string(argument);
    layer.keys["difference"] = random.one_in(2) ? "max_minus_x" : "x_minus_max";
  }
  const FixedPoint inverse = random.type(24);
  const auto size = [&](int width) { return std::size_t{1} << random.between(0, std::min(width, 10)); };
  layer.keys["exp_table"] = random.constant(random.type(20), size(argument.width));
  layer.keys["sum_type"] = to_string(random.type(28));
  layer.keys["inv_input_type"] = to_string(inverse);
  layer.keys["inv_table"] = random.constant(random.type(20), size(inverse.width));
  return layer;
}

}  // namespace

const std::vector<RandomOperation>& random_operations() {
  static const std::vector<RandomOperation> operations = {
      {"dense", false, 12, dense},
      {"conv", false, 8, full_conv},
      {"depthwise_conv", true, 3, depthwise_conv},
      {"scale_shift", false, 4, scale_shift},
      {"cast", false, 5, cast_layer},
      {"relu", false, 6, relu},
      {"lookup", false, 4, lookup},
      {"elu", true, 2, elu},
      {"hard_sigmoid", true, 2, hard_sigmoid},
      {"threshold", true, 3, threshold},
      {"shift", false, 3, shift},
      {"softmax", false, 5, softmax},
      {"pool", false, 5, random_pool},
      {"add", false, 2, random_add},
      {"subtract", false, 2, random_subtract},
      {"multiply", false, 2, random_multiply},
      {"average", true, 1, random_average},
      {"maximum", true, 1, random_maximum},
      {"minimum", true, 1, random_minimum},
      {"concatenate", true, 3, random_concatenate},
      {"dot", false, 3, random_dot},
      {"reduce_sum", false, 3, random_reduce_sum},
      {"reshape", false, 4, random_reshape},
      {"transpose", true, 2, random_transpose},
      {"zero_pad", true, 2, random_zero_pad},
      {"embedding", true, 2, random_embedding},
      {"lstm", true, 2, random_lstm},
      {"gru", true, 2, random_gru},
      {"layer_norm", true, 2, random_layer_norm},
  };
  return operations;
}

}  // namespace vigil::fpga_model
