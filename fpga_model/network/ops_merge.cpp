// add, subtract, multiply, average, maximum, minimum, concatenate, reduce_sum: section 4.6 of docs/network_json.md.
#include "fpga_model/network/layer_reader.h"
#include "fpga_model/network/reduction.h"

namespace vigil::fpga_model {
namespace {

using Planned = std::optional<Value>;
using Arguments = std::span<const PlanArgument>;

// out[r, i] = f(a[r, i], b[r, i]).
template <class F, class Plan>
class Pairwise : public Operation {
 public:
  Pairwise(std::size_t words, F f, Plan plan) : words_(words), f_(std::move(f)), plan_(std::move(plan)) {}
  Planned plan(Planner& planner, Arguments in, const TensorInfo& output) const override {
    return plan_(planner, in, output);
  }
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* a = in[0].row(r);
      const std::int64_t* b = in[1].row(r);
      for (std::size_t i = 0; i < words_; ++i) *out++ = f_(a[i], b[i]);
    }
    return true;
  }

 private:
  std::size_t words_;
  F f_;
  Plan plan_;
};

void expect_pair(const LayerReader& layer) {
  layer.expect_inputs(2);
  if (layer.input(0).shape != layer.input(1).shape) {
    layer.keys.fail("inputs", "shape " + to_string(layer.input(1).shape),
                    to_string(layer.input(0).shape) + ", the first input's");
  }
  layer.expect_output(layer.input().shape);
}

template <class F, class Plan>
std::unique_ptr<Operation> pairwise(const LayerReader& layer, F f, Plan plan) {
  return std::make_unique<Pairwise<F, Plan>>(layer.input().words, std::move(f), std::move(plan));
}

// The side that is no constant, and the words of the other; null where both are tensors or both constants.
struct WithConstant {
  const Value* x = nullptr;
  const Constant* constant = nullptr;
  bool first = false;  // the constant is the first input
};
WithConstant with_constant(Arguments in) {
  if (in[0].value != nullptr && in[1].constant != nullptr) return {in[0].value, in[1].constant, false};
  if (in[1].value != nullptr && in[0].constant != nullptr) return {in[1].value, in[0].constant, true};
  return {};
}
bool both_tensors(Arguments in) { return in[0].value != nullptr && in[1].value != nullptr; }

// a*fa + b*fb, cast; `halvings` fractional bits are appended (an average divides by two exactly).
std::unique_ptr<Operation> linear(LayerReader& layer, bool subtract, int halvings) {
  expect_pair(layer);
  const FixedPoint a = layer.input(0).type;
  const FixedPoint b = layer.input(1).type;
  const FixedPoint sum = subtract ? difference_type(a, b) : sum_type(a, b);
  layer.expect_width("inputs", "aligned sum", sum);
  const Wide fa = Wide{1} << (sum.fraction() - a.fraction());
  const Wide fb = (Wide{1} << (sum.fraction() - b.fraction())) * (subtract ? -1 : 1);
  const int fraction = sum.fraction() + halvings;
  const int a_left = sum.fraction() - a.fraction(), b_left = sum.fraction() - b.fraction();
  return pairwise(
      layer,
      [fa, fb, to = Caster(fraction, sum.width, layer.output().type)](std::int64_t x, std::int64_t y) {
        return to(x * fa + y * fb);
      },
      [=](Planner& planner, Arguments in, const TensorInfo& output) -> Planned {
        if (both_tensors(in))
          return planner.pair(subtract ? MapKind::minus : MapKind::sum, *in[0].value, a_left, *in[1].value, b_left,
                              fraction, output.type);
        const WithConstant one = with_constant(in);
        if (one.x == nullptr) return {};
        std::vector<Wide> shift;
        for (const std::int64_t word : one.constant->raw) shift.push_back(word * (one.first ? fa : fb));
        return planner.affine(*one.x, std::vector<Wide>(shift.size(), one.first ? fb : fa), shift, fraction,
                              output.type);
      });
}

std::unique_ptr<Operation> extreme(LayerReader& layer, int sign) {
  expect_pair(layer);
  const FixedPoint a = layer.input(0).type;
  const FixedPoint b = layer.input(1).type;
  const int fraction = std::max(a.fraction(), b.fraction());
  return pairwise(
      layer,
      [sign, fa = a.fraction(), fb = b.fraction(), cast_a = Caster(a, layer.output().type),
       cast_b = Caster(b, layer.output().type)](std::int64_t x, std::int64_t y) {
        return compare_values(x, fa, y, fb) == sign ? cast_a(x) : cast_b(y);
      },
      // Aligned words have the values of the inputs: one cast serves both.
      [=](Planner& planner, Arguments in, const TensorInfo& output) -> Planned {
        if (!both_tensors(in)) return {};
        return planner.pair(sign > 0 ? MapKind::maximum : MapKind::minimum, *in[0].value, fraction - a.fraction(),
                            *in[1].value, fraction - b.fraction(), fraction, output.type);
      });
}

class Concatenate : public Operation {
 public:
  explicit Concatenate(LayerReader& layer) {
    if (layer.inputs().size() < 2) layer.keys.fail("inputs", "1 input", "at least 2 for concatenate");
    Shape shape = layer.input().shape;
    const auto axis =
        static_cast<std::size_t>(layer.keys.integer_or("axis", 0, 0, static_cast<std::int64_t>(shape.size()) - 1));
    shape[axis] = 0;
    for (const TensorInfo& in : layer.inputs()) {
      Shape rest = in.shape;
      const std::size_t along = axis < rest.size() ? rest[axis] : 0;
      if (axis < rest.size()) rest[axis] = shape[axis];
      if (rest != shape)
        layer.keys.fail("inputs", "shape " + to_string(in.shape),
                        to_string(layer.input().shape) + " but for dimension " + std::to_string(axis));
      shape[axis] += along;
    }
    layer.expect_output(shape);
    for (std::size_t d = 0; d < axis; ++d) outer_ *= shape[d];
    for (const TensorInfo& in : layer.inputs())
      parts_.push_back({in.words / outer_, Caster(in.type, layer.output().type)});
  }
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t o = 0; o < outer_; ++o) {
        for (std::size_t k = 0; k < parts_.size(); ++k) {
          const std::int64_t* x = in[k].row(r) + o * parts_[k].words;
          for (std::size_t i = 0; i < parts_[k].words; ++i) *out++ = parts_[k].to(x[i]);
        }
      }
    }
    return true;
  }
  Planned plan(Planner& planner, Arguments in, const TensorInfo& output) const override {
    std::vector<Value> parts;
    std::vector<std::size_t> first(in.size(), 0);  // of each part in the concatenation
    for (std::size_t k = 0; k < in.size(); ++k) {
      if (in[k].value == nullptr) return {};
      const Planned part = planner.cast(*in[k].value, in[k].info.type.fraction(), output.type);
      if (!part) return {};
      if (k > 0) first[k] = first[k - 1] + parts.back().size();
      parts.push_back(*part);
    }
    const Value all = planner.concatenate(parts);
    std::vector<std::size_t> order;
    for (std::size_t o = 0; o < outer_; ++o) {
      for (std::size_t k = 0; k < parts_.size(); ++k) {
        for (std::size_t i = 0; i < parts_[k].words; ++i) order.push_back(first[k] + o * parts_[k].words + i);
      }
    }
    return all.elements(order);
  }

 private:
  struct Part {
    std::size_t words;  // contiguous in the output
    Caster to;
  };
  std::size_t outer_ = 1;
  std::vector<Part> parts_;
};

class ReduceSum : public Operation {
 public:
  explicit ReduceSum(LayerReader& layer) : words_(layer.input().words), n_(layer.last_dimension()) {
    tree_ = layer.keys.choice("order", {"tree", "sequential"}, true) == 0;
    const FixedPoint type = layer.output().type;
    layer.expect_width("output", "aligned sum", sum_type(type, type));
    term_ = Caster(layer.input().type, type);
    sum_ = TreeSum(type);
  }
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t* terms) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (std::size_t i = 0; i < words_; i += n_, x += n_) {
        for (std::size_t k = 0; k < n_; ++k) terms[k] = term_(x[k]);
        *out++ = tree_ ? sum_(terms, n_) : sequential(terms);
      }
    }
    return true;
  }
  std::size_t scratch_words() const override { return n_; }
  Planned plan(Planner& planner, Arguments in, const TensorInfo& output) const override {
    if (in[0].value == nullptr) return {};
    const Planned terms = planner.cast(*in[0].value, in[0].info.type.fraction(), output.type);
    if (!terms) return {};
    return tree_ ? planned_tree(planner, *terms, n_, output.type) : planned_sequence(planner, *terms, n_, output.type);
  }

 private:
  std::int64_t sequential(const std::int64_t* terms) const {
    std::int64_t acc = terms[0];
    for (std::size_t k = 1; k < n_; ++k) acc = sum_.add(acc, terms[k]);
    return acc;
  }

  std::size_t words_;
  std::size_t n_;
  bool tree_ = true;
  Caster term_;
  TreeSum sum_;
};

}  // namespace

std::unique_ptr<Operation> make_add(LayerReader& layer) { return linear(layer, false, 0); }
std::unique_ptr<Operation> make_subtract(LayerReader& layer) { return linear(layer, true, 0); }
std::unique_ptr<Operation> make_average(LayerReader& layer) { return linear(layer, false, 1); }
std::unique_ptr<Operation> make_maximum(LayerReader& layer) { return extreme(layer, 1); }
std::unique_ptr<Operation> make_minimum(LayerReader& layer) { return extreme(layer, -1); }

std::unique_ptr<Operation> make_multiply(LayerReader& layer) {
  expect_pair(layer);
  const FixedPoint product = layer.product("inputs", layer.input(0).type, layer.input(1).type);
  return pairwise(
      layer, [to = Caster(product, layer.output().type)](std::int64_t x, std::int64_t y) { return to(Wide{x} * y); },
      [fraction = product.fraction()](Planner& planner, Arguments in, const TensorInfo& output) -> Planned {
        if (both_tensors(in))
          return planner.pair(MapKind::product, *in[0].value, 0, *in[1].value, 0, fraction, output.type);
        const WithConstant one = with_constant(in);
        if (one.x == nullptr) return {};
        const std::vector<Wide> scale(one.constant->raw.begin(), one.constant->raw.end());
        return planner.affine(*one.x, scale, std::vector<Wide>(scale.size(), 0), fraction, output.type);
      });
}

std::unique_ptr<Operation> make_concatenate(LayerReader& layer) { return std::make_unique<Concatenate>(layer); }

std::unique_ptr<Operation> make_reduce_sum(LayerReader& layer) {
  layer.expect_inputs(1);
  Shape shape = layer.input().shape;
  shape.back() = 1;
  layer.expect_output(shape);
  return std::make_unique<ReduceSum>(layer);
}

}  // namespace vigil::fpga_model
