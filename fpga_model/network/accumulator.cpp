#include "fpga_model/network/accumulator.h"

namespace vigil::fpga_model {
namespace {

FixedPoint negated(FixedPoint type) { return {type.width + 1, type.integer + 1, true}; }

FixedPoint term_type(Product product, const FixedPoint& x, const FixedPoint& w) {
  switch (product) {
    case Product::mult:
      return product_type(x, w);
    case Product::weight_binary:
      return negated(x);
    case Product::data_binary:
      return negated(w);
    case Product::xnor:
      return {1, 1, false};
  }
  return x;
}

}  // namespace

Product read_product(JsonSection& keys) {
  return static_cast<Product>(keys.choice("product", {"mult", "weight_binary", "data_binary", "xnor"}, true));
}

Accumulator::Accumulator(LayerReader& layer, const Terms& terms) : product_(terms.product), n_(terms.n) {
  JsonSection& keys = layer.keys;
  const std::string& key = terms.accum_key;
  const auto one_bit = [](const FixedPoint& t) { return t.width == 1 && t.integer == 1 && !t.is_signed; };
  if (product_ == Product::xnor && !(one_bit(terms.x) && one_bit(terms.weight))) {
    keys.fail("product", "xnor of " + to_string(terms.x) + " and " + to_string(terms.weight),
              "ap_ufixed<1,1> for both");
  }
  const FixedPoint product = term_type(product_, terms.x, terms.weight);
  layer.expect_width("product", "product", product);
  if (terms.reads_reuse)
    reuse_ = static_cast<std::size_t>(keys.integer_or(terms.reuse_key, 1, 1, static_cast<std::int64_t>(n_)));

  exact_ = keys.text(key) == "exact";
  if (exact_) {
    accum_ = terms.bias ? aligned_type(product, *terms.bias) : product;
    accum_.width += ceil_log2(n_ + 1);
    accum_.integer += ceil_log2(n_ + 1);
    layer.expect_width(key, "exact accumulator", accum_);
    product_shift_ = accum_.fraction() - product.fraction();
    bias_shift_ = terms.bias ? accum_.fraction() - terms.bias->fraction() : 0;
    way_ = Way::one_sum;
  } else {
    accum_ = layer.accumulator(key);
    if (terms.bias) bias_cast_ = Caster(*terms.bias, accum_);
    product_cast_ = Caster(product, accum_);
    step_cast_ = Caster(accum_.fraction(), accum_.width + 1, accum_);
    const bool wraps = accum_.overflow == Overflow::wrap && accum_.saturation_bits == 0;
    const bool narrow = product.is_signed || product.width < 64;  // a product fits a signed 64-bit word
    product_shift_ = accum_.fraction() - product.fraction();
    if (wraps && product_shift_ >= 0) {
      way_ = Way::one_sum;
    } else if (wraps && narrow && product_cast_.fast()) {
      way_ = Way::cast_then_sum;
    }
  }
  result_cast_ = Caster(accum_, terms.to);
  if (product_ == Product::xnor) {
    const int bits = ceil_log2(n_) + 2;
    doubled_cast_ = Caster(accum_.fraction(), accum_.width + 1, FixedPoint{bits, bits, true});
    count_cast_ = Caster(0, 64, FixedPoint{bits, bits, true});
    result_cast_ = Caster(0, bits, terms.to);
  }
  rules_ = {product_, n_, reuse_, exact_, accum_, product, terms.to};
}

std::int64_t Accumulator::prepare_bias(std::int64_t raw) const {
  return exact_ ? static_cast<std::int64_t>(static_cast<std::uint64_t>(raw) << bias_shift_) : bias_cast_(raw);
}

Wide Accumulator::term(std::int64_t x, std::int64_t w) const {
  switch (product_) {
    case Product::mult:
      return Wide{x} * w;
    case Product::weight_binary:
      return w == 0 ? -Wide{x} : Wide{x};
    case Product::data_binary:
      return x == 0 ? -Wide{w} : Wide{w};
    case Product::xnor:
      return x == w ? 1 : 0;
  }
  return 0;
}

// Modulo 2^64, which is all a wrapping accumulator of at most 64 bits can see; an exact one never leaves 64 bits.
std::int64_t Accumulator::sum_of_products(const std::int64_t* x, const std::int64_t* w) const {
  std::uint64_t sum = 0;
  if (product_ == Product::mult) {
    for (std::size_t i = 0; i < n_; ++i) sum += static_cast<std::uint64_t>(x[i]) * static_cast<std::uint64_t>(w[i]);
  } else {
    for (std::size_t i = 0; i < n_; ++i) sum += static_cast<std::uint64_t>(term(x[i], w[i]));
  }
  return product_shift_ >= 64 ? 0 : static_cast<std::int64_t>(sum << product_shift_);
}

std::int64_t Accumulator::sum_of_cast_products(const std::int64_t* x, const std::int64_t* w) const {
  std::uint64_t sum = 0;
  if (product_ == Product::mult && product_cast_.truncates()) {
    const int dropped = product_cast_.dropped_bits();
    for (std::size_t i = 0; i < n_; ++i) sum += static_cast<std::uint64_t>((x[i] * w[i]) >> dropped);
  } else {
    for (std::size_t i = 0; i < n_; ++i)
      sum += static_cast<std::uint64_t>(product_cast_.quantize(static_cast<std::int64_t>(term(x[i], w[i]))));
  }
  return static_cast<std::int64_t>(sum);
}

std::int64_t Accumulator::sequential(const std::int64_t* x, const std::int64_t* w, std::int64_t bias) const {
  std::int64_t acc = bias;
  for (std::size_t first = 0; first < reuse_; ++first) {
    for (std::size_t i = first; i < n_; i += reuse_) acc = step_cast_(Wide{acc} + product_cast_(term(x[i], w[i])));
  }
  return acc;
}

std::int64_t Accumulator::result(std::int64_t acc) const {
  if (product_ == Product::xnor) {
    // 2*acc - n is taken to ap_fixed<K,K>: n is whole, so it can be subtracted after the fraction is cut.
    return result_cast_(count_cast_(doubled_cast_(Wide{acc} * 2) - static_cast<std::int64_t>(n_)));
  }
  // An unsigned exact sum may use the 64th bit.
  return exact_ && !accum_.is_signed ? result_cast_(static_cast<Wide>(static_cast<std::uint64_t>(acc)))
                                     : result_cast_(acc);
}

std::int64_t Accumulator::operator()(const std::int64_t* x, const std::int64_t* w, std::int64_t bias) const {
  if (way_ == Way::sequential) return result(sequential(x, w, bias));
  const std::int64_t terms = way_ == Way::one_sum ? sum_of_products(x, w) : sum_of_cast_products(x, w);
  const auto sum = static_cast<std::int64_t>(static_cast<std::uint64_t>(bias) + static_cast<std::uint64_t>(terms));
  return result(exact_ ? sum : step_cast_(sum));  // a wrapping step_cast_ keeps the low W bits of any word
}

std::string Accumulator::kernel() const {
  if (exact_) return "exact: one integer dot product in " + std::to_string(accum_.width) + " bits";
  switch (way_) {
    case Way::one_sum:
      return "A: wraps and drops no bit of a product, one integer dot product wrapped at the end in " +
             to_string(accum_);
    case Way::cast_then_sum:
      return "B: wraps but drops bits of every product, cast products then one sum in " + to_string(accum_);
    case Way::sequential:
      break;
  }
  return "C: two casts at every term, in order, in " + to_string(accum_);
}

DotProducts::DotProducts(Accumulator accumulator, const Constant& weights, const Constant& bias)
    : accumulator_(accumulator),
      n_(weights.raw.size() / bias.raw.size()),
      weights_(weights.raw.size()),
      bias_(bias.raw.size()) {
  const std::size_t columns = bias_.size();
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < columns; ++j) weights_[j * n_ + i] = weights.raw[i * columns + j];
  }
  for (std::size_t j = 0; j < columns; ++j) bias_[j] = accumulator_.prepare_bias(bias.raw[j]);
}

LinearTerms::Set DotProducts::weights() const {
  LinearTerms::Set set{std::vector<std::int64_t>(weights_.size()), bias_};
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < columns(); ++j) set.w[i * columns() + j] = weights_[j * n_ + i];
  }
  return set;
}

}  // namespace vigil::fpga_model
