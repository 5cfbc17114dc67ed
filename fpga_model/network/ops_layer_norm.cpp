// layer_norm: section 4.8 of docs/network_json.md.
#include <algorithm>
#include <limits>

#include "fpga_model/caster.h"
#include "fpga_model/network/layer_reader.h"
#include "fpga_model/network/reduction.h"

namespace vigil::fpga_model {
namespace {

class LayerNorm : public Operation {
 public:
  explicit LayerNorm(LayerReader& layer) : words_(layer.input().words), n_(layer.last_dimension()) {
    JsonSection& keys = layer.keys;
    const FixedPoint a = layer.accumulator("accum");
    const Constant inverse = layer.constant("inverse_count", {1});
    const Constant table = keys.constant("table");
    const Constant scale = layer.constant("scale", {n_});
    const Constant shift = layer.constant("shift", {n_});
    multiplier_ = keys.integer("index_multiplier", 1, std::numeric_limits<std::int64_t>::max());
    inverse_count_ = inverse.raw[0];
    table_ = table.raw;
    scale_ = scale.raw;
    shift_ = shift.raw;
    accum_fraction_ = a.fraction();

    const FixedPoint normed = layer.product("scale", layer.product("table", a, table.type), scale.type);
    const FixedPoint sum = layer.sum("shift", normed, shift.type);
    normed_factor_ = Wide{1} << (sum.fraction() - normed.fraction());
    shift_factor_ = Wide{1} << (sum.fraction() - shift.type.fraction());
    input_cast_ = Caster(layer.input().type, a);
    mean_cast_ = Caster(layer.product("inverse_count", a, inverse.type), a);
    difference_cast_ = Caster(difference_type(a, a), a);
    square_cast_ = Caster(layer.product("accum", a, a), a);
    sum_ = TreeSum(a);
    result_cast_ = Caster(sum, layer.output().type);
  }

  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t* e) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (std::size_t i = 0; i < words_; i += n_, x += n_, out += n_) normalise(x, out, e);
    }
    return true;
  }
  std::size_t scratch_words() const override { return n_; }

 private:
  void normalise(const std::int64_t* x, std::int64_t* y, std::int64_t* e) const {
    std::int64_t s = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      e[i] = input_cast_(x[i]);
      s = sum_.add(s, e[i]);
    }
    const std::int64_t mean = mean_cast_(Wide{s} * inverse_count_);
    s = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      e[i] = difference_cast_(Wide{e[i]} - mean);
      s = sum_.add(s, square_cast_(Wide{e[i]} * e[i]));
    }
    const std::int64_t inverse_deviation = table_[index(mean_cast_(Wide{s} * inverse_count_))];
    for (std::size_t i = 0; i < n_; ++i) {
      y[i] = result_cast_(Wide{e[i]} * inverse_deviation * scale_[i] * normed_factor_ + shift_[i] * shift_factor_);
    }
  }

  std::size_t index(std::int64_t variance) const {
    const Wide last = static_cast<Wide>(table_.size()) - 1;
    const Wide scaled = Wide{variance} * multiplier_;
    if (accum_fraction_ >= 0)
      return static_cast<std::size_t>(std::clamp<Wide>(divide_by_power(scaled, accum_fraction_), 0, last));
    if (scaled <= 0) return 0;
    return static_cast<std::size_t>(scaled > last ? last
                                                  : std::min<Wide>(scaled << std::min(-accum_fraction_, 30), last));
  }

  std::size_t words_;
  std::size_t n_;
  std::int64_t multiplier_ = 1;
  std::int64_t inverse_count_ = 0;
  std::vector<std::int64_t> table_;
  std::vector<std::int64_t> scale_;
  std::vector<std::int64_t> shift_;
  int accum_fraction_ = 0;
  Wide normed_factor_ = 1;
  Wide shift_factor_ = 1;
  Caster input_cast_;
  Caster mean_cast_;
  Caster difference_cast_;
  Caster square_cast_;
  TreeSum sum_;
  Caster result_cast_;
};

}  // namespace

std::unique_ptr<Operation> make_layer_norm(LayerReader& layer) {
  layer.expect_inputs(1);
  layer.expect_output(layer.input().shape);
  return std::make_unique<LayerNorm>(layer);
}

}  // namespace vigil::fpga_model
