// cast, relu, lookup, elu, hard_sigmoid, threshold, shift: section 4.3 of docs/network_json.md.
#include <algorithm>
#include <limits>

#include "fpga_model/network/layer_reader.h"
#include "fpga_model/network/table.h"

namespace vigil::fpga_model {
namespace {

using Planned = std::optional<Value>;

// Operations without a lane form of their own become tables, where their words are few enough.
struct NoPlan {
  Planned operator()(Planner&, const Value&, const TensorInfo&) const { return {}; }
};

// out[r, i] = f(i, x[r, i]) for every event and element.
template <class F, class Plan>
class Elementwise : public Operation {
 public:
  Elementwise(std::size_t words, F f, Plan plan) : words_(words), f_(std::move(f)), plan_(std::move(plan)) {}
  bool is_elementwise() const override { return true; }
  Planned plan(Planner& planner, std::span<const PlanArgument> in, const TensorInfo& output) const override {
    return in[0].value != nullptr ? plan_(planner, *in[0].value, output) : Planned{};
  }
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (std::size_t i = 0; i < words_; ++i) *out++ = f_(i, x[i]);
    }
    return true;
  }

 private:
  std::size_t words_;
  F f_;
  Plan plan_;
};

template <class F, class Plan = NoPlan>
std::unique_ptr<Operation> elementwise(const LayerReader& layer, F f, Plan plan = {}) {
  return std::make_unique<Elementwise<F, Plan>>(layer.input().words, std::move(f), std::move(plan));
}

void expect_elementwise(const LayerReader& layer) {
  layer.expect_inputs(1);
  layer.expect_output(layer.input().shape);
}

}  // namespace

std::unique_ptr<Operation> make_cast(LayerReader& layer) {
  expect_elementwise(layer);
  return elementwise(
      layer, [to = Caster(layer.input().type, layer.output().type)](std::size_t, std::int64_t x) { return to(x); },
      [fraction = layer.input().type.fraction()](Planner& planner, const Value& x, const TensorInfo& output) {
        return planner.cast(x, fraction, output.type);
      });
}

std::unique_ptr<Operation> make_relu(LayerReader& layer) {
  expect_elementwise(layer);
  const FixedPoint x_type = layer.input().type;
  const FixedPoint to_type = layer.output().type;
  std::vector<Wide> passes(layer.input().words, 1);  // the lowest word above the threshold
  if (layer.keys.has("threshold")) {
    const PerElement threshold = layer.per_element("threshold");
    for (std::size_t i = 0; i < passes.size(); ++i)
      passes[i] = lowest_word_above(threshold.raw[i], threshold.type.fraction(), x_type.fraction(), false);
  }
  Wide above_max = Wide{1} << 100;
  std::int64_t at_max = 0;
  if (layer.keys.has("max")) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    const std::int64_t max = layer.keys.integer("max", -kMost, kMost);
    above_max = lowest_word_above(max, 0, x_type.fraction(), false);
    at_max = cast(Wide{max}, 0, 64, to_type);
  }
  PerElement alpha{FixedPoint{}, std::vector<std::int64_t>(layer.input().words, 0)};  // without alpha: 0 times x
  if (layer.keys.has("alpha")) alpha = layer.per_element("alpha");
  // The plain ones clip the word before the cast, which takes 0 to 0 and the largest to the cast of `max`.
  const int fraction = x_type.fraction();
  const bool plain = !layer.keys.has("alpha") &&
                     std::all_of(passes.begin(), passes.end(), [](Wide pass) { return pass == 1; }) &&
                     (!layer.keys.has("max") || (fraction >= 0 && above_max > 0));
  const auto plan = [plain, fraction, highest = above_max - 1](Planner& planner, const Value& x,
                                                               const TensorInfo& output) {
    return plain ? planner.clip(x, 0, highest, fraction, output.type) : Planned{};
  };
  const FixedPoint product = product_type(alpha.type, x_type);
  if (layer.keys.has("alpha")) layer.expect_width("alpha", "product", product);
  return elementwise(
      layer,
      [passes, above_max, at_max, slope = alpha.raw, to = Caster(x_type, to_type), below = Caster(product, to_type)](
          std::size_t i, std::int64_t x) {
        if (x < passes[i]) return slope[i] == 0 ? std::int64_t{0} : below(Wide{slope[i]} * x);
        return x < above_max ? to(x) : at_max;
      },
      plan);
}

std::unique_ptr<Operation> make_lookup(LayerReader& layer) {
  expect_elementwise(layer);
  const Table table(layer.keys, layer.input().type);
  return elementwise(layer, [table, to = Caster(table.type(), layer.output().type)](std::size_t, std::int64_t x) {
    return to(table(x));
  });
}

std::unique_ptr<Operation> make_elu(LayerReader& layer) {
  expect_elementwise(layer);
  const Table table(layer.keys, layer.input().type);
  const PerElement one{FixedPoint{1, 1, false}, std::vector<std::int64_t>(layer.input().words, 1)};
  const bool scaled = layer.keys.has("scale");
  const bool weighted = layer.keys.has("alpha");
  const PerElement scale = scaled ? layer.per_element("scale") : one;
  const PerElement alpha = weighted ? layer.per_element("alpha") : one;
  if (scaled) layer.product("scale", scale.type, layer.input().type);
  if (weighted) layer.product("alpha", alpha.type, table.type());
  return elementwise(layer, [table, scale = scale.raw, alpha = alpha.raw,
                             positive = Caster(product_type(scale.type, layer.input().type), layer.output().type),
                             negative = Caster(product_type(alpha.type, table.type()), layer.output().type)](
                                std::size_t i, std::int64_t x) {
    return x >= 0 ? positive(Wide{scale[i]} * x) : negative(Wide{alpha[i]} * table(x));
  });
}

std::unique_ptr<Operation> make_hard_sigmoid(LayerReader& layer) {
  expect_elementwise(layer);
  const PerElement slope = layer.per_element("slope");
  const PerElement shift = layer.per_element("shift");
  const bool symmetric = layer.keys.flag("symmetric", false);
  const FixedPoint product = layer.product("slope", slope.type, layer.input().type);
  const FixedPoint sum = layer.sum("shift", product, shift.type);
  const int fraction = std::max(sum.fraction(), 0);  // the clip at 1 needs whole numbers
  const int product_shift = fraction - product.fraction();
  const int shift_shift = fraction - shift.type.fraction();
  if (fraction > 100 || product_shift > 60 || shift_shift > 60)
    layer.keys.fail("slope", "an aligned sum beyond 64 bits");
  const Wide one = Wide{1} << fraction;
  const Caster to(fraction, 64, layer.output().type);
  return elementwise(layer, [=, slope = slope.raw, shift = shift.raw, product_factor = Wide{1} << product_shift,
                             shift_factor = Wide{1} << shift_shift](std::size_t i, std::int64_t x) {
    Wide v = Wide{slope[i]} * x * product_factor + Wide{shift[i]} * shift_factor;
    v = v < 0 ? Wide{0} : v > one ? one : v;
    return to(symmetric ? 2 * v - one : v);
  });
}

std::unique_ptr<Operation> make_threshold(LayerReader& layer) {
  expect_elementwise(layer);
  const std::size_t words = layer.input().words;
  std::vector<JsonSection> constants = layer.keys.objects("thresholds");
  const std::vector<std::string> compare = layer.keys.texts("compare");
  const std::vector<std::int64_t> levels = layer.keys.integers("levels");
  const std::size_t n = constants.size();
  if (compare.size() != n)
    layer.keys.fail("compare", std::to_string(compare.size()) + " comparisons", std::to_string(n));
  if (levels.size() != n + 1)
    layer.keys.fail("levels", std::to_string(levels.size()) + " levels", std::to_string(n + 1));
  for (const std::int64_t level : levels) {
    if (!layer.output().type.holds(level))
      layer.keys.fail("levels", std::to_string(level), "a word of " + to_string(layer.output().type));
  }
  std::vector<Wide> reached(n * words);  // [threshold, element]: the lowest word that passes
  for (std::size_t j = 0; j < n; ++j) {
    if (compare[j] != ">" && compare[j] != ">=")
      layer.keys.fail("compare", "'" + compare[j].substr(0, 20) + "'", "one of >, >=");
    const std::string key = "thresholds[" + std::to_string(j) + "]";
    const PerElement limit = layer.per_element(key, constants[j].as_constant());
    for (std::size_t i = 0; i < words; ++i) {
      reached[j * words + i] =
          lowest_word_above(limit.raw[i], limit.type.fraction(), layer.input().type.fraction(), compare[j] == ">=");
    }
  }
  return elementwise(layer, [reached, levels, n, words](std::size_t i, std::int64_t x) {
    std::size_t level = n;
    while (level > 0 && x < reached[(level - 1) * words + i]) --level;
    return levels[level];
  });
}

std::unique_ptr<Operation> make_shift(LayerReader& layer) {
  expect_elementwise(layer);
  const FixedPoint type = layer.output().type;
  if (type != layer.input().type)
    layer.keys.fail("output", "type " + to_string(type), "the input's, " + to_string(layer.input().type));
  const std::vector<std::int64_t> counts = layer.spread("counts", layer.keys.integers("counts"));
  for (const std::int64_t n : counts) {
    if (n <= -64 || n >= 64) layer.keys.fail("counts", std::to_string(n), "a shift by less than 64 bits");
  }
  const FixedPoint wrap{type.width, type.integer, type.is_signed};
  return elementwise(
      layer,
      [counts, low_bits = Caster(0, 64, FixedPoint{wrap.width, wrap.width, wrap.is_signed})](std::size_t i,
                                                                                             std::int64_t x) {
        const std::int64_t n = counts[i];
        if (n >= 0) return x >> n;
        return low_bits(static_cast<std::int64_t>(static_cast<std::uint64_t>(x) << -n));
      },
      [counts](Planner& planner, const Value& x, const TensorInfo& output) {
        return planner.shift(x, counts, output.type);
      });
}

}  // namespace vigil::fpga_model
