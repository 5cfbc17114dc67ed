// softmax in its four implementations: section 4.5 of docs/network_json.md.
#include <algorithm>

#include "fpga_model/network/reduction.h"
#include "fpga_model/network/table.h"

namespace vigil::fpga_model {
namespace {

// Rows of the last axis, whatever the leading dimensions.
template <class F>
void each_vector(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::size_t words, std::size_t n,
                 F f) {
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int64_t* x = in[0].row(r);
    for (std::size_t i = 0; i < words; i += n, out += n) f(x + i, out);
  }
}

class Argmax : public Operation {
 public:
  explicit Argmax(LayerReader& layer)
      : words_(layer.input().words), n_(layer.last_dimension()), one_(cast(Wide{1}, 0, 1, layer.output().type)) {}
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    each_vector(in, out, rows, words_, n_, [this](const std::int64_t* x, std::int64_t* y) {
      std::fill(y, y + n_, 0);
      y[std::max_element(x, x + n_) - x] = one_;
    });
    return true;
  }

 private:
  std::size_t words_;
  std::size_t n_;
  std::int64_t one_;
};

// `stable` and `latency`: they differ in the argument of the exponential.
class TopBitsSoftmax : public Operation {
 public:
  TopBitsSoftmax(LayerReader& layer, bool stable)
      : words_(layer.input().words), n_(layer.last_dimension()), stable_(stable) {
    JsonSection& keys = layer.keys;
    const FixedPoint x = layer.input().type;
    FixedPoint argument = x;
    if (stable) {
      argument = keys.type("norm_type");
      max_minus_x_ = keys.choice("difference", {"max_minus_x", "x_minus_max"}, false) == 0;
      const FixedPoint difference = difference_type(x, x);
      layer.expect_width("norm_type", "difference", difference);
      difference_cast_ = Caster(difference, argument);
    }
    const Constant exponentials = keys.constant("exp_table");
    const FixedPoint sum = layer.accumulator("sum_type");
    const FixedPoint inverse_argument = keys.type("inv_input_type");
    const Constant inverses = keys.constant("inv_table");
    exp_index_ = TableIndex::top_bits(keys, "exp_table", argument, exponentials.raw.size());
    inv_index_ = TableIndex::top_bits(keys, "inv_table", inverse_argument, inverses.raw.size());
    const FixedPoint product = layer.product("inv_table", sum, inverses.type);
    const Caster to_sum(exponentials.type, sum);
    for (const std::int64_t e : exponentials.raw) exponentials_.push_back(to_sum(e));
    inverses_ = inverses.raw;
    argument_ = argument;
    sum_ = sum;
    inverse_argument_ = inverse_argument;
    product_fraction_ = product.fraction();
    tree_ = TreeSum(sum);
    inverse_cast_ = Caster(sum, inverse_argument);
    result_cast_ = Caster(product, layer.output().type);
  }

  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t* e) const override {
    each_vector(in, out, rows, words_, n_, [this, e](const std::int64_t* x, std::int64_t* y) {
      const std::int64_t max = *std::max_element(x, x + n_);
      for (std::size_t i = 0; i < n_; ++i) {
        std::int64_t argument = x[i];
        if (stable_) argument = difference_cast_(max_minus_x_ ? Wide{max} - x[i] : Wide{x[i]} - max);
        e[i] = exponentials_[exp_index_(argument)];
      }
      const std::int64_t inverse = inverses_[inv_index_(inverse_cast_(tree_(e, n_)))];
      for (std::size_t i = 0; i < n_; ++i) y[i] = result_cast_(Wide{e[i]} * inverse);
    });
    return true;
  }
  std::size_t scratch_words() const override { return n_; }

  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in,
                            const TensorInfo& output) const override {
    if (in[0].value == nullptr) return {};
    const Value& x = *in[0].value;
    const FixedPoint type = in[0].info.type;
    std::vector<std::size_t> vector_of(words_);  // of each element
    for (std::size_t i = 0; i < words_; ++i) vector_of[i] = i / n_;
    std::optional<Value> argument = x;
    if (stable_) {
      std::optional<Value> max;
      for (std::size_t k = 0; k < n_; ++k) {
        std::vector<std::size_t> kth;
        for (std::size_t i = k; i < words_; i += n_) kth.push_back(i);
        const Value next = x.elements(kth);
        max = k == 0 ? next
                     : planner.pair(MapKind::maximum, *max, 0, next, 0, type.fraction(), any_word(type.fraction()));
        if (!max) return {};
      }
      const Value spread = max->elements(vector_of);
      argument = planner.pair(MapKind::minus, max_minus_x_ ? spread : x, 0, max_minus_x_ ? x : spread, 0,
                              type.fraction(), argument_);
    }
    const auto e = argument ? by_top_bits(planner, *argument, exp_index_, exponentials_) : argument;
    const auto sum = e ? planned_tree(planner, *e, n_, sum_) : e;
    const auto inverse_argument = sum ? planner.cast(*sum, sum_.fraction(), inverse_argument_) : sum;
    const auto inverse = inverse_argument ? by_top_bits(planner, *inverse_argument, inv_index_, inverses_) : sum;
    if (!inverse_argument || !inverse) return {};
    planner.set_note("tables and lane arithmetic");
    return planner.pair(MapKind::product, *e, 0, inverse->elements(vector_of), 0, product_fraction_, output.type);
  }

 private:
  // The dropped bits decide nothing, so the table need not hold them.
  static std::optional<Value> by_top_bits(Planner& planner, const Value& x, const TableIndex& index,
                                          const std::vector<std::int64_t>& table) {
    const int dropped = index.dropped_bits();
    const auto top = planner.shift(x, std::vector<std::int64_t>(x.size(), dropped), any_word(0));
    if (!top) return {};
    return planner.lookup(*top, [&](std::size_t, std::int64_t word) {
      return table[index(static_cast<std::int64_t>(static_cast<std::uint64_t>(word) << dropped))];
    });
  }

  std::size_t words_;
  std::size_t n_;
  bool stable_;
  FixedPoint argument_, sum_, inverse_argument_;
  int product_fraction_ = 0;
  bool max_minus_x_ = true;
  Caster difference_cast_;
  std::vector<std::int64_t> exponentials_;  // cast to the type of the sum
  std::vector<std::int64_t> inverses_;
  TableIndex exp_index_;
  TableIndex inv_index_;
  TreeSum tree_;
  Caster inverse_cast_;
  Caster result_cast_;
};

class LegacySoftmax : public Operation {
 public:
  explicit LegacySoftmax(LayerReader& layer) : words_(layer.input().words), n_(layer.last_dimension()) {
    JsonSection& keys = layer.keys;
    const FixedPoint difference = difference_type(layer.input().type, layer.input().type);
    layer.expect_width("exp_index", "difference", difference);
    const Constant exponentials = keys.constant("exp_table");
    const FixedPoint sum = layer.accumulator("sum_type");
    const Constant inverses = keys.constant("inv_table");
    exp_index_ = read_scaled(keys, "exp_index", difference, exponentials.raw.size());
    inv_index_ = read_scaled(keys, "inv_index", sum, inverses.raw.size());
    const Caster to_sum(exponentials.type, sum);
    for (const std::int64_t e : exponentials.raw) exponentials_.push_back(to_sum(e));
    const Caster to_output(inverses.type, layer.output().type);
    for (const std::int64_t i : inverses.raw) inverses_.push_back(to_output(i));
    one_ = cast(Wide{1}, 0, 1, sum);
    sum_ = TreeSum(sum);
  }

  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    each_vector(in, out, rows, words_, n_, [this](const std::int64_t* x, std::int64_t* y) {
      for (std::size_t i = 0; i < n_; ++i) {
        std::int64_t acc = 0;
        for (std::size_t j = 0; j < n_; ++j)
          acc = sum_.add(acc, j == i ? one_ : exponentials_[exp_index_(x[j] - x[i])]);
        y[i] = inverses_[inv_index_(acc)];
      }
    });
    return true;
  }

 private:
  static TableIndex read_scaled(JsonSection& keys, const std::string& key, const FixedPoint& argument,
                                std::size_t size) {
    JsonSection index = keys.object(key);
    if (index.text("rule") != "scaled") index.fail("rule", "'" + index.text("rule").substr(0, 40) + "'", "scaled");
    return TableIndex::read(keys, key, argument, size);
  }

  std::size_t words_;
  std::size_t n_;
  std::vector<std::int64_t> exponentials_;  // cast to the type of the sum
  std::vector<std::int64_t> inverses_;      // cast to the output
  TableIndex exp_index_;
  TableIndex inv_index_;
  std::int64_t one_ = 0;
  TreeSum sum_;
};

}  // namespace

std::unique_ptr<Operation> make_softmax(LayerReader& layer) {
  layer.expect_inputs(1);
  layer.expect_output(layer.input().shape);
  switch (layer.keys.choice("implementation", {"argmax", "stable", "latency", "legacy"}, false)) {
    case 0:
      return std::make_unique<Argmax>(layer);
    case 1:
      return std::make_unique<TopBitsSoftmax>(layer, true);
    case 2:
      return std::make_unique<TopBitsSoftmax>(layer, false);
    default:
      return std::make_unique<LegacySoftmax>(layer);
  }
}

}  // namespace vigil::fpga_model
