// dense, conv, depthwise_conv, dot, scale_shift: sections 4.1 and 4.2 of docs/network_json.md, and dot of 4.6.
#include "fpga_model/network/accumulator.h"
#include "fpga_model/network/layer_reader.h"

namespace vigil::fpga_model {
namespace {

// Weights [.., columns] and bias [columns] with n products a column.
DotProducts read_dot_products(LayerReader& layer, const Shape& weights_shape, std::size_t n) {
  const Constant weights = layer.constant("weights", weights_shape);
  const Constant bias = layer.constant("bias", {weights_shape.back()});
  Accumulator::Terms terms;
  terms.x = layer.input().type;
  terms.weight = weights.type;
  terms.bias = bias.type;
  terms.n = n;
  terms.product = read_product(layer.keys);
  terms.to = layer.output().type;
  return DotProducts(Accumulator(layer, terms), weights, bias);
}

class Dense : public Operation {
 public:
  Dense(DotProducts dots, std::size_t positions) : dots_(std::move(dots)), positions_(positions) {}
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (std::size_t p = 0; p < positions_; ++p, x += dots_.inputs(), out += dots_.columns()) dots_.run(x, out);
    }
    return true;
  }
  std::string kernel() const override { return dots_.kernel(); }
  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in, const TensorInfo&) const override {
    if (in[0].value == nullptr) return {};
    LinearTerms terms{dots_.inputs(), dots_.columns(), {}, {dots_.weights()}};
    for (std::size_t i = 0; i < positions_ * dots_.inputs(); ++i) terms.elements.push_back(i);
    return planner.linear(*in[0].value, std::move(terms), dots_.rules());
  }

 private:
  DotProducts dots_;
  std::size_t positions_;
};

class Conv : public Operation {
 public:
  Conv(DotProducts dots, const Window& window, bool depthwise)
      : dots_(std::move(dots)), window_(window), depthwise_(depthwise) {}

  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t* patch) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t y = 0; y < window_.out_height; ++y) {
        for (std::size_t x = 0; x < window_.out_width; ++x, out += dots_.columns())
          position(in[0].row(r), y, x, out, patch);
      }
    }
    return true;
  }
  std::size_t scratch_words() const override { return window_.cells() * window_.channels; }
  std::string kernel() const override { return dots_.kernel(); }
  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in, const TensorInfo&) const override {
    if (in[0].value == nullptr) return {};
    const std::size_t channels = window_.channels;
    LinearTerms terms;
    const LinearTerms::Set all = dots_.weights();
    terms.n = depthwise_ ? window_.cells() : window_.cells() * channels;
    terms.columns = depthwise_ ? 1 : dots_.columns();
    if (!depthwise_) terms.sets.push_back(all);
    for (std::size_t y = 0; y < window_.out_height; ++y) {
      for (std::size_t x = 0; x < window_.out_width; ++x) {
        // A position of a depthwise convolution is one channel of one place.
        for (std::size_t c = 0; c < (depthwise_ ? channels : 1); ++c) {
          std::vector<std::size_t> patch(terms.n, LinearTerms::kOutside);
          window_.each_cell(
              y, x,
              [&](std::size_t cell, std::size_t at) {
                for (std::size_t k = 0; k < (depthwise_ ? 1 : channels); ++k)
                  patch[depthwise_ ? cell : cell * channels + k] = at + (depthwise_ ? c : k);
              },
              [](std::size_t) {});
          terms.elements.insert(terms.elements.end(), patch.begin(), patch.end());
          if (!depthwise_) continue;
          LinearTerms::Set one{{}, {all.bias[c]}};
          for (std::size_t i = 0; i < terms.n; ++i) one.w.push_back(all.w[i * channels + c]);
          terms.sets.push_back(std::move(one));
        }
      }
    }
    return planner.linear(*in[0].value, std::move(terms), dots_.rules());
  }

 private:
  void position(const std::int64_t* image, std::size_t y, std::size_t x, std::int64_t* out, std::int64_t* patch) const {
    const std::size_t channels = window_.channels;
    // A patch holds [cell][channel], one channel's cells together when the channels do not mix.
    const std::size_t cell_step = depthwise_ ? 1 : channels;
    const std::size_t channel_step = depthwise_ ? window_.cells() : 1;
    window_.each_cell(
        y, x,
        [&](std::size_t cell, std::size_t at) {
          for (std::size_t c = 0; c < channels; ++c) patch[cell * cell_step + c * channel_step] = image[at + c];
        },
        [&](std::size_t cell) {
          for (std::size_t c = 0; c < channels; ++c) patch[cell * cell_step + c * channel_step] = 0;
        });
    if (!depthwise_) return dots_.run(patch, out);
    for (std::size_t c = 0; c < channels; ++c) out[c] = dots_.one(patch + c * window_.cells(), c);
  }

  DotProducts dots_;
  Window window_;
  bool depthwise_;
};

// The shape of `weights` says the kernel: [kw, ..] or [kh, kw, ..].
Shape weights_shape(LayerReader& layer, std::size_t spatial, std::size_t tail) {
  JsonSection weights = layer.keys.object("weights");
  const Shape shape = weights.shape("shape");
  if (shape.size() != spatial + tail) {
    layer.keys.fail("weights", "shape " + to_string(shape), std::to_string(spatial + tail) + " dimensions");
  }
  return shape;
}

std::size_t spatial_rank(const LayerReader& layer) {
  const Shape& in = layer.input().shape;
  if (in.size() != 2 && in.size() != 3) layer.keys.fail("inputs", "shape " + to_string(in), "[w,c] or [h,w,c]");
  return in.size() - 1;
}

class Dot : public Operation {
 public:
  explicit Dot(const Accumulator& accumulator) : accumulator_(accumulator) {}
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) out[r] = accumulator_(in[0].row(r), in[1].row(r), 0);
    return true;
  }
  std::string kernel() const override { return accumulator_.kernel(); }
  // Literally the rule: every product, then every sum, is cast.
  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in, const TensorInfo&) const override {
    if (in[0].value == nullptr || in[1].value == nullptr) return {};
    const SumRules& rules = accumulator_.rules();
    const auto products =
        planner.pair(MapKind::product, *in[0].value, 0, *in[1].value, 0, rules.term.fraction(), rules.accum);
    if (!products) return {};
    const int fraction = rules.accum.fraction();
    std::optional<Value> acc = products->slice(0, 1);
    for (std::size_t i = 1; acc && i < products->size(); ++i)
      acc = planner.pair(MapKind::sum, *acc, 0, products->slice(i, 1), 0, fraction, rules.accum);
    return acc ? planner.cast(*acc, fraction, rules.to) : acc;
  }

 private:
  Accumulator accumulator_;
};

class ScaleShift : public Operation {
 public:
  explicit ScaleShift(LayerReader& layer) : words_(layer.input().words) {
    const PerElement scale = layer.per_element("scale");
    const PerElement shift = layer.per_element("shift");
    const FixedPoint product = layer.product("scale", layer.input().type, scale.type);
    const FixedPoint sum = layer.sum("shift", product, shift.type);
    scale_ = scale.raw;
    shift_.reserve(words_);
    for (const std::int64_t s : shift.raw)
      shift_.push_back(Wide{s} * (Wide{1} << (sum.fraction() - shift.type.fraction())));
    product_factor_ = Wide{1} << (sum.fraction() - product.fraction());
    cast_ = Caster(sum, layer.output().type);
    fraction_ = sum.fraction();
  }
  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in,
                            const TensorInfo& output) const override {
    if (in[0].value == nullptr) return {};
    std::vector<Wide> scale;
    for (const std::int64_t s : scale_) scale.push_back(s * product_factor_);
    return planner.affine(*in[0].value, scale, shift_, fraction_, output.type);
  }
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (std::size_t i = 0; i < words_; ++i) *out++ = cast_(Wide{x[i]} * scale_[i] * product_factor_ + shift_[i]);
    }
    return true;
  }

 private:
  std::size_t words_;
  std::vector<std::int64_t> scale_;
  std::vector<Wide> shift_;  // aligned with the products
  Wide product_factor_;
  int fraction_ = 0;  // of the sum
  Caster cast_;
};

}  // namespace

std::unique_ptr<Operation> make_dense(LayerReader& layer) {
  layer.expect_inputs(1);
  const std::size_t n = layer.last_dimension();
  JsonSection weights = layer.keys.object("weights");
  const Shape shape = weights.shape("shape");
  // The number of columns is the output's; what the weights must look like follows from both ends.
  const Shape expected = {n, layer.output().shape.back()};
  if (shape != expected) layer.keys.fail("weights", "shape " + to_string(shape), to_string(expected));
  Shape out = layer.input().shape;
  out.back() = shape[1];
  layer.expect_output(out);
  return std::make_unique<Dense>(read_dot_products(layer, shape, n), layer.input().words / n);
}

std::unique_ptr<Operation> make_conv(LayerReader& layer) {
  layer.expect_inputs(1);
  const std::size_t spatial = spatial_rank(layer);
  const Shape shape = weights_shape(layer, spatial, 2);
  const std::size_t channels = layer.last_dimension();
  if (shape[spatial] != channels) {
    Shape expected = shape;
    expected[spatial] = channels;
    layer.keys.fail("weights", "shape " + to_string(shape), to_string(expected));
  }
  const Window window =
      layer.window({shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(spatial)}, "weights", shape.back());
  return std::make_unique<Conv>(read_dot_products(layer, shape, window.cells() * channels), window, false);
}

std::unique_ptr<Operation> make_depthwise_conv(LayerReader& layer) {
  layer.expect_inputs(1);
  const std::size_t spatial = spatial_rank(layer);
  const Shape shape = weights_shape(layer, spatial, 1);
  if (shape.back() != layer.last_dimension()) {
    Shape expected = shape;
    expected.back() = layer.last_dimension();
    layer.keys.fail("weights", "shape " + to_string(shape), to_string(expected));
  }
  const Window window =
      layer.window({shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(spatial)}, "weights", shape.back());
  return std::make_unique<Conv>(read_dot_products(layer, shape, window.cells()), window, true);
}

std::unique_ptr<Operation> make_dot(LayerReader& layer) {
  layer.expect_inputs(2);
  for (const TensorInfo& in : layer.inputs()) {
    if (in.shape.size() != 1 || in.shape != layer.input().shape) {
      layer.keys.fail("inputs", "shapes " + to_string(layer.input(0).shape) + " and " + to_string(layer.input(1).shape),
                      "two equal shapes of rank 1");
    }
  }
  layer.expect_output({1});
  Accumulator::Terms terms;
  terms.x = layer.input(0).type;
  terms.weight = layer.input(1).type;
  terms.n = layer.input().words;
  terms.to = layer.output().type;
  terms.reads_reuse = false;
  return std::make_unique<Dot>(Accumulator(layer, terms));
}

std::unique_ptr<Operation> make_scale_shift(LayerReader& layer) {
  layer.expect_inputs(1);
  layer.expect_output(layer.input().shape);
  return std::make_unique<ScaleShift>(layer);
}

}  // namespace vigil::fpga_model
