#include "fpga_model/import/hls4ml/tables.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "fpga_model/import/hls4ml/weights.h"
#include "fpga_model/tensor.h"

namespace vigil::fpga_model::hls4ml {
namespace {

// Expressions as in nnet_activation.h; every float is a float there.
float sigmoid(float x) { return static_cast<float>(1.0 / static_cast<double>(1 + std::exp(-x))); }
float softplus(float x) { return static_cast<float>(std::log(static_cast<double>(std::exp(x)) + 1.)); }
float softsign(float x) { return static_cast<float>(static_cast<double>(x) / (static_cast<double>(std::abs(x)) + 1.)); }
float elu(float x) { return static_cast<float>(static_cast<double>(std::exp(x)) - 1.); }
float selu(float x) {
  return static_cast<float>(1.0507009873554804934193349852946 *
                            (1.6732632423543772848170429916717 * (static_cast<double>(std::exp(x)) - 1.)));
}
double tanh_of(float x) { return static_cast<double>(std::tanh(x)); }

float centred(std::size_t i, std::size_t size, double range) {
  const auto n = static_cast<float>(size);
  return static_cast<float>(2 * range * (static_cast<double>(i) - static_cast<double>(n) / 2.0) /
                            static_cast<double>(n));
}

float below_zero(std::size_t i, std::size_t size) {
  return static_cast<float>(-8.0 * static_cast<double>(i) / static_cast<double>(static_cast<float>(size)));
}

double value_at(const std::string& function, std::size_t i, std::size_t size, const std::string& where) {
  if (function == "sigmoid") return sigmoid(centred(i, size, 8.0));
  if (function == "tanh") return tanh_of(centred(i, size, 4.0));
  if (function == "softplus") return softplus(centred(i, size, 8.0));
  if (function == "softsign") return softsign(centred(i, size, 8.0));
  if (function == "elu") return elu(below_zero(i, size));
  if (function == "selu") return selu(below_zero(i, size));
  if (function == "exp_legacy") return std::exp(centred(i, size, 8.0));
  if (function == "invert_legacy") {
    const auto x = static_cast<float>(64.0 * static_cast<double>(i) / static_cast<double>(static_cast<float>(size)));
    return x > 0 ? 1.0 / static_cast<double>(x) : 0.0;
  }
  throw Error(where, "a table of '" + function.substr(0, 40) + "'", "sigmoid, tanh, softplus, softsign, elu or selu");
}

// The value of `type` with the top bits `i`, the others 0.
float top_bits_value(const FixedPoint& type, std::size_t i, int bits) {
  std::uint64_t pattern = static_cast<std::uint64_t>(i) << (type.width - bits);
  if (type.is_signed && ((pattern >> (type.width - 1)) & 1) != 0 && type.width < 64)
    pattern |= ~std::uint64_t{0} << type.width;
  return static_cast<float>(type.to_real(static_cast<std::int64_t>(pattern)));
}

int index_bits(const FixedPoint& argument, std::size_t size, const std::string& where) {
  if ((size & (size - 1)) != 0)
    throw Error(where, "a table of " + std::to_string(size) + " words that top bits index", "a power of two");
  const int bits = ceil_log2(size);
  if (bits > argument.width)
    throw Error(where, "a table of 2^" + std::to_string(bits) + " words for " + vigil::to_string(argument),
                "at most 2^" + std::to_string(argument.width));
  return bits;
}

}  // namespace

std::vector<std::int64_t> unary_table(const std::string& function, std::size_t size, const ElementType& type,
                                      const std::string& where) {
  std::vector<std::int64_t> table(size);
  for (std::size_t i = 0; i < size; ++i) table[i] = word_of(value_at(function, i, size, where), type);
  return table;
}

std::vector<std::int64_t> exp_table(const FixedPoint& argument, std::size_t size, float scale, bool negative,
                                    const ElementType& type, const std::string& where) {
  const int bits = index_bits(argument, size, where);
  std::vector<std::int64_t> table(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float x = top_bits_value(argument, i, bits) * scale;
    table[i] = word_of(static_cast<double>(std::exp(negative ? -x : x)), type);
  }
  return table;
}

std::vector<std::int64_t> invert_table(const FixedPoint& argument, std::size_t size, const ElementType& type,
                                       const std::string& where) {
  const int bits = index_bits(argument, size, where);
  std::vector<std::int64_t> table(size);
  for (std::size_t i = 0; i < size; ++i)
    table[i] = word_of(static_cast<double>(1.0f / top_bits_value(argument, i, bits)), type);
  return table;
}

std::vector<std::int64_t> invert_sqrt_table(std::size_t size, int epsilon_power, int range_power,
                                            const ElementType& type) {
  const auto least = static_cast<float>(std::pow(10.0, -epsilon_power));
  const auto most = static_cast<float>(std::pow(2.0, -range_power));
  const float step = most / static_cast<float>(size);
  std::vector<std::int64_t> table(size);
  for (std::size_t i = 0; i < size; ++i) {
    const float x = least + step * static_cast<float>(i);
    table[i] = word_of(1.0 / static_cast<double>(std::sqrt(x)), type);
  }
  return table;
}

nlohmann::ordered_json index_rule(const std::string& function, std::size_t size, bool clamps_unsigned) {
  nlohmann::ordered_json index = {{"rule", "scaled"}};
  if (function == "elu" || function == "selu") {
    index["range"] = -8;
    index["offset"] = 0;
  } else if (function == "invert_legacy") {
    index["range"] = 64;
    index["offset"] = 0;
  } else {
    index["range"] = function == "tanh" ? 8 : 16;
    index["offset"] = size / 2;
  }
  if (clamps_unsigned) index["clamp"] = "unsigned";
  return index;
}

}  // namespace vigil::fpga_model::hls4ml
