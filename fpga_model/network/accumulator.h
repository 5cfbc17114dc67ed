// The accumulator of section 4.1 of docs/network_json.md: a sum of products with two casts at every term, computed by
// the cheapest way that gives the same bits. Used by dense, conv, depthwise_conv, dot, lstm and gru.
// Tests: tests/fpga_model/operations_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fpga_model/caster.h"
#include "fpga_model/network/layer_reader.h"
#include "fpga_model/simd/planner.h"
#include "fpga_model/sum_rules.h"

namespace vigil::fpga_model {

// Reads `product`, default mult.
Product read_product(JsonSection& keys);

class Accumulator {
 public:
  struct Terms {
    FixedPoint x;
    FixedPoint weight;
    std::optional<FixedPoint> bias;  // none: starts at 0
    std::size_t n = 1;
    Product product = Product::mult;
    FixedPoint to;  // of the result
    std::string accum_key = "accum";
    std::string reuse_key = "reuse_factor";
    bool reads_reuse = true;
  };
  // Reads `accum` and `reuse_factor` of the layer and checks every limit.
  Accumulator(LayerReader& layer, const Terms& terms);

  std::int64_t prepare_bias(std::int64_t raw) const;  // the start value for operator()
  // x and w of n words -> the result in `to`.
  std::int64_t operator()(const std::int64_t* x, const std::int64_t* w, std::int64_t prepared_bias) const;
  std::string kernel() const;
  const SumRules& rules() const { return rules_; }

 private:
  enum class Way : std::uint8_t { one_sum, cast_then_sum, sequential };

  Wide term(std::int64_t x, std::int64_t w) const;
  std::int64_t sum_of_products(const std::int64_t* x, const std::int64_t* w) const;
  std::int64_t sum_of_cast_products(const std::int64_t* x, const std::int64_t* w) const;
  std::int64_t sequential(const std::int64_t* x, const std::int64_t* w, std::int64_t bias) const;
  std::int64_t result(std::int64_t accumulated) const;

  SumRules rules_;
  Product product_;
  std::size_t n_;
  std::size_t reuse_ = 1;
  Way way_ = Way::sequential;
  bool exact_ = false;
  FixedPoint accum_;       // the typed accumulator, or the exact one
  int product_shift_ = 0;  // one_sum: bits appended to every product
  int bias_shift_ = 0;     // exact: bits appended to the bias
  Caster bias_cast_;
  Caster product_cast_;
  Caster step_cast_;
  Caster result_cast_;
  Caster doubled_cast_;  // xnor: 2*acc to whole numbers
  Caster count_cast_;    // xnor: 2*acc - n
};

// Accumulator with its weights: n words -> one word a column.
class DotProducts {
 public:
  // weights [.., n, columns] and bias [columns], row-major as in the file.
  DotProducts(Accumulator accumulator, const Constant& weights, const Constant& bias);
  const SumRules& rules() const { return accumulator_.rules(); }
  LinearTerms::Set weights() const;  // [n, columns]
  std::size_t inputs() const { return n_; }
  std::size_t columns() const { return bias_.size(); }
  std::int64_t one(const std::int64_t* x, std::size_t column) const {
    return accumulator_(x, &weights_[column * n_], bias_[column]);
  }
  void run(const std::int64_t* x, std::int64_t* out) const {
    for (std::size_t j = 0; j < columns(); ++j) out[j] = one(x, j);
  }
  std::string kernel() const { return accumulator_.kernel(); }

 private:
  Accumulator accumulator_;
  std::size_t n_;
  std::vector<std::int64_t> weights_;  // [columns, n]
  std::vector<std::int64_t> bias_;     // prepared
};

}  // namespace vigil::fpga_model
