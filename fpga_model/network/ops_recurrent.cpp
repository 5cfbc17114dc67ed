// lstm and gru: section 4.7 of docs/network_json.md. The state starts at zero for every event.
#include <algorithm>

#include "fpga_model/network/accumulator.h"
#include "fpga_model/network/table.h"

namespace vigil::fpga_model {
namespace {

// An activation: the word of the argument -> the word of its value in the gate type.
class Activation {
 public:
  Activation(JsonSection& keys, const std::string& key, const FixedPoint& argument, const FixedPoint& to) {
    JsonSection section = keys.object(key);
    table_ = Table(section, argument);
    to_ = Caster(table_.type(), to);
    section.finish();
  }
  std::int64_t operator()(std::int64_t raw) const { return to_(table_(raw)); }

 private:
  Table table_;
  Caster to_;
};

// What both cells share: sizes, types and the two dense layers.
class Recurrent : public Operation {
 public:
  Recurrent(LayerReader& layer, std::size_t gates)
      : steps_(layer.input().shape[0]),
        features_(layer.input().shape[1]),
        units_(static_cast<std::size_t>(layer.keys.integer("units", 1, static_cast<std::int64_t>(kMaxWords)))),
        returns_sequences_(layer.keys.flag("return_sequences", false)),
        state_(layer.output().type),
        gate_(layer.accumulator("gate_type")),
        product_(read_product(layer.keys)),
        columns_(gates * units_),
        from_input_(dense(layer, features_, layer.input().type, "weights", "bias", "accum", "reuse_factor")),
        from_state_(dense(layer, units_, state_, "recurrent_weights", "recurrent_bias", "recurrent_accum",
                          "recurrent_reuse_factor")) {
    layer.expect_output(returns_sequences_ ? Shape{steps_, units_} : Shape{units_});
    add_gates_ = Caster(layer.sum("gate_type", gate_, gate_), gate_);
  }

  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t* scratch) const override {
    std::int64_t* p = scratch;
    std::int64_t* q = p + columns_;
    std::int64_t* h = q + columns_;
    std::int64_t* memory = h + units_;
    for (std::size_t r = 0; r < rows; ++r) {
      std::fill(h, memory + units_, 0);
      for (std::size_t t = 0; t < steps_; ++t) {
        from_input_.run(in[0].row(r) + t * features_, p);
        from_state_.run(h, q);
        step(p, q, h, memory);
        if (returns_sequences_ || t + 1 == steps_) out = std::copy(h, h + units_, out);
      }
    }
    return true;
  }
  std::size_t scratch_words() const override { return 2 * columns_ + 2 * units_; }
  std::string kernel() const override { return from_input_.kernel() + "; recurrent " + from_state_.kernel(); }

 protected:
  // p and q [gates, units] in the gate type; h and memory [units] in the state type, updated in place.
  virtual void step(const std::int64_t* p, const std::int64_t* q, std::int64_t* h, std::int64_t* memory) const = 0;
  std::int64_t gate_sum(std::int64_t p, std::int64_t q) const { return add_gates_(Wide{p} + q); }

  std::size_t steps_;
  std::size_t features_;
  std::size_t units_;
  bool returns_sequences_;
  FixedPoint state_;
  FixedPoint gate_;

 private:
  DotProducts dense(LayerReader& layer, std::size_t n, const FixedPoint& x, const char* weights_key,
                    const char* bias_key, const char* accum_key, const char* reuse_key) const {
    const Constant weights = layer.constant(weights_key, {n, columns_});
    const Constant bias = layer.constant(bias_key, {columns_});
    Accumulator::Terms terms;
    terms.x = x;
    terms.weight = weights.type;
    terms.bias = bias.type;
    terms.n = n;
    terms.product = product_;
    terms.to = gate_;
    terms.accum_key = accum_key;
    terms.reuse_key = reuse_key;
    return DotProducts(Accumulator(layer, terms), weights, bias);
  }

  Product product_;
  std::size_t columns_;
  DotProducts from_input_;
  DotProducts from_state_;
  Caster add_gates_;
};

// a*b + c*d, exact, then one cast to `to`.
class SumOfTwoProducts {
 public:
  SumOfTwoProducts(const LayerReader& layer, const FixedPoint& a, const FixedPoint& b, const FixedPoint& c,
                   const FixedPoint& d, const FixedPoint& to) {
    const FixedPoint first = layer.product("gate_type", a, b);
    const FixedPoint second = layer.product("gate_type", c, d);
    const FixedPoint sum = layer.sum("gate_type", first, second);
    first_factor_ = Wide{1} << (sum.fraction() - first.fraction());
    second_factor_ = Wide{1} << (sum.fraction() - second.fraction());
    to_ = Caster(sum, to);
  }
  std::int64_t operator()(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) const {
    return to_(Wide{a} * b * first_factor_ + Wide{c} * d * second_factor_);
  }

 private:
  Wide first_factor_ = 1;
  Wide second_factor_ = 1;
  Caster to_;
};

class Lstm : public Recurrent {
 public:
  explicit Lstm(LayerReader& layer)
      : Recurrent(layer, 4),
        sigmoid_(layer.keys, "recurrent_activation", gate_, gate_),
        tanh_gate_(layer.keys, "activation", gate_, gate_),
        tanh_state_(layer.keys, "activation", state_, gate_),
        memory_(layer, gate_, gate_, state_, gate_, state_),
        output_(layer.product("gate_type", gate_, gate_), state_) {}

 protected:
  void step(const std::int64_t* p, const std::int64_t* q, std::int64_t* h, std::int64_t* c) const override {
    const std::size_t n = units_;
    for (std::size_t u = 0; u < n; ++u) {
      const std::int64_t i = sigmoid_(gate_sum(p[u], q[u]));
      const std::int64_t f = sigmoid_(gate_sum(p[n + u], q[n + u]));
      const std::int64_t candidate = tanh_gate_(gate_sum(p[2 * n + u], q[2 * n + u]));
      const std::int64_t o = sigmoid_(gate_sum(p[3 * n + u], q[3 * n + u]));
      c[u] = memory_(candidate, i, c[u], f);
      h[u] = output_(Wide{o} * tanh_state_(c[u]));
    }
  }

 private:
  Activation sigmoid_;
  Activation tanh_gate_;
  Activation tanh_state_;  // the same table, indexed by a word of the state's type
  SumOfTwoProducts memory_;
  Caster output_;
};

constexpr FixedPoint kOneBit{1, 1, false};

class Gru : public Recurrent {
 public:
  explicit Gru(LayerReader& layer)
      : Recurrent(layer, 3),
        rest_(difference_type(kOneBit, gate_)),
        sigmoid_(layer.keys, "recurrent_activation", gate_, gate_),
        tanh_(layer.keys, "activation", gate_, gate_),
        reset_(layer.product("gate_type", gate_, gate_), gate_) {
    layer.expect_width("gate_type", "1 - z", rest_);
    one_ = std::int64_t{1} << rest_.fraction();
    z_factor_ = std::int64_t{1} << (rest_.fraction() - gate_.fraction());
    state_sum_ = std::make_unique<SumOfTwoProducts>(layer, gate_, rest_, state_, gate_, state_);
  }

 protected:
  void step(const std::int64_t* p, const std::int64_t* q, std::int64_t* h, std::int64_t*) const override {
    const std::size_t n = units_;
    for (std::size_t u = 0; u < n; ++u) {
      const std::int64_t z = sigmoid_(gate_sum(p[u], q[u]));
      const std::int64_t r = sigmoid_(gate_sum(p[n + u], q[n + u]));
      const std::int64_t kept = reset_(Wide{r} * q[2 * n + u]);
      const std::int64_t k = tanh_(gate_sum(p[2 * n + u], kept));
      h[u] = (*state_sum_)(k, one_ - z * z_factor_, h[u], z);
    }
  }

 private:
  FixedPoint rest_;  // of 1 - z
  Activation sigmoid_;
  Activation tanh_;
  Caster reset_;
  std::int64_t one_ = 1;
  std::int64_t z_factor_ = 1;
  std::unique_ptr<SumOfTwoProducts> state_sum_;
};

void expect_sequence(const LayerReader& layer) {
  layer.expect_inputs(1);
  if (layer.input().shape.size() != 2)
    layer.keys.fail("inputs", "shape " + to_string(layer.input().shape), "[steps,features]");
}

}  // namespace

std::unique_ptr<Operation> make_lstm(LayerReader& layer) {
  expect_sequence(layer);
  return std::make_unique<Lstm>(layer);
}

std::unique_ptr<Operation> make_gru(LayerReader& layer) {
  expect_sequence(layer);
  return std::make_unique<Gru>(layer);
}

}  // namespace vigil::fpga_model
