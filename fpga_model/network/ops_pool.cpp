// pool: section 4.6 of docs/network_json.md.
#include <algorithm>
#include <limits>

#include "fpga_model/network/layer_reader.h"
#include "fpga_model/network/reduction.h"

namespace vigil::fpga_model {
namespace {

enum class Order : std::uint8_t { sequential, stream_window, stream_global };

class Pool : public Operation {
 public:
  explicit Pool(LayerReader& layer) {
    JsonSection& keys = layer.keys;
    average_ = keys.choice("mode", {"max", "average"}, false) == 1;
    window_ = layer.window(keys.sizes("kernel", 1), "kernel", layer.last_dimension());
    count_padding_ = keys.flag("count_padding", false);
    order_ = static_cast<Order>(keys.choice("order", {"sequential", "stream_window", "stream_global"}, true));
    const FixedPoint cell = layer.input().type;
    const FixedPoint accum = layer.accumulator("accum");
    if (average_ && order_ == Order::sequential) layer.sum("accum", accum, cell);
    // A cell outside the image of a maximum: only the top bit set, as the vendor writes it (positive for an unsigned
    // type).
    outside_max_ = cell.is_signed ? cell.lowest() : std::int64_t{1} << (cell.width - 1);
    accum_ = accum;
    const int fraction = std::max(cell.fraction(), accum.fraction());
    cell_to_accum_ = Caster(cell, accum);
    accum_factor_ = Wide{1} << std::min(fraction - accum.fraction(), 64);
    cell_factor_ = Wide{1} << std::min(fraction - cell.fraction(), 64);
    add_cell_ = Caster(fraction, 64, accum);
    add_ = TreeSum(accum);
    result_cast_ = Caster(accum, layer.output().type);
  }

  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t* cells) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* image = in[0].row(r);
      for (std::size_t y = 0; y < window_.out_height; ++y) {
        for (std::size_t x = 0; x < window_.out_width; ++x) {
          for (std::size_t c = 0; c < window_.channels; ++c) *out++ = pooled(image + c, y, x, cells);
        }
      }
    }
    return true;
  }
  std::size_t scratch_words() const override { return window_.cells(); }

  // Windows that stay within the image; cell k of all windows at once.
  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in,
                            const TensorInfo& output) const override {
    if (in[0].value == nullptr) return {};
    std::vector<std::vector<std::size_t>> at(window_.cells());
    bool leaves = false;
    for (std::size_t y = 0; y < window_.out_height; ++y) {
      for (std::size_t x = 0; x < window_.out_width; ++x) {
        for (std::size_t c = 0; c < window_.channels; ++c) {
          window_.each_cell(
              y, x, [&](std::size_t cell, std::size_t first) { at[cell].push_back(first + c); },
              [&](std::size_t) { leaves = true; });
        }
      }
    }
    if (leaves) return {};
    const FixedPoint cell_type = in[0].info.type;
    std::vector<Value> cells;
    for (const auto& indices : at) {
      cells.push_back(in[0].value->elements(indices));
      if (order_ == Order::sequential) continue;
      const auto cast = planner.cast(cells.back(), cell_type.fraction(), accum_);
      if (!cast) return {};
      cells.back() = *cast;
    }
    const FixedPoint& type = order_ == Order::sequential ? cell_type : accum_;
    const auto pooled = average_ ? planned_average(planner, cells, type) : planned_maximum(planner, cells, type);
    return pooled ? planner.cast(*pooled, accum_.fraction(), output.type) : pooled;
  }

 private:
  std::optional<Value> planned_maximum(Planner& planner, const std::vector<Value>& cells,
                                       const FixedPoint& type) const {
    std::optional<Value> max = cells[0];
    for (std::size_t k = 1; max && k < cells.size(); ++k)
      max = planner.pair(MapKind::maximum, *max, 0, cells[k], 0, type.fraction(), any_word(type.fraction()));
    return max ? planner.cast(*max, type.fraction(), accum_) : max;
  }

  std::optional<Value> planned_average(Planner& planner, const std::vector<Value>& cells,
                                       const FixedPoint& type) const {
    std::optional<Value> sum;
    if (order_ == Order::stream_window) {
      const Value all = planner.concatenate(cells);  // [cell][window]: the tree wants [window][cell]
      std::vector<std::size_t> order;
      for (std::size_t w = 0; w < cells[0].size(); ++w) {
        for (std::size_t k = 0; k < cells.size(); ++k) order.push_back(k * cells[0].size() + w);
      }
      sum = planned_tree(planner, all.elements(order), cells.size(), accum_);
    } else {
      sum = planner.cast(cells[0], type.fraction(), accum_);
      const int fraction = std::max(accum_.fraction(), type.fraction());
      for (std::size_t k = 1; sum && k < cells.size(); ++k)
        sum = planner.pair(MapKind::sum, *sum, fraction - accum_.fraction(), cells[k], fraction - type.fraction(),
                           fraction, accum_);
    }
    return sum ? divided(planner, *sum, cells.size()) : sum;
  }

  // Toward zero: with m = ceil(2^k / n), x*m / 2^k truncates to x / n while |x| * (m*n - 2^k) < 2^k.
  std::optional<Value> divided(Planner& planner, const Value& sum, std::size_t n) const {
    const Interval bounds = sum.bounds();
    const Wide largest = std::max(bounds.high, -bounds.low);
    int k = ceil_log2(n);
    while (k < 62 && (Wide{1} << k) <= largest * static_cast<Wide>(n)) ++k;
    const Wide m = ((Wide{1} << k) + static_cast<Wide>(n) - 1) / static_cast<Wide>(n);
    if (largest * (m * static_cast<Wide>(n) - (Wide{1} << k)) >= (Wide{1} << k)) return {};
    FixedPoint to = accum_;
    to.quantization = Quantization::trn_zero;
    return planner.affine(sum, std::vector<Wide>(sum.size(), m), std::vector<Wide>(sum.size(), 0),
                          accum_.fraction() + k, to);
  }

  std::int64_t pooled(const std::int64_t* image, std::size_t y, std::size_t x, std::int64_t* cells) const {
    std::size_t inside = 0;
    const std::int64_t outside = average_ ? 0 : outside_max_;
    window_.each_cell(
        y, x,
        [&](std::size_t cell, std::size_t at) {
          cells[cell] = image[at];
          ++inside;
        },
        [&](std::size_t cell) { cells[cell] = outside; });
    const std::size_t n = window_.cells();
    if (order_ != Order::sequential) std::transform(cells, cells + n, cells, cell_to_accum_);
    if (!average_) {
      const std::int64_t largest = *std::max_element(cells, cells + n);
      return result_cast_(order_ == Order::sequential ? cell_to_accum_(largest) : largest);
    }
    const std::size_t count = count_padding_ ? n : inside;
    if (count == 0) return 0;
    return result_cast_(sum(cells, n) /
                        static_cast<std::int64_t>(count));  // toward zero; always inside the accumulator's range
  }

  std::int64_t sum(const std::int64_t* cells, std::size_t n) const {
    if (order_ == Order::stream_window) return add_(cells, n);
    std::int64_t a = 0;
    if (order_ == Order::stream_global) {
      for (std::size_t i = 0; i < n; ++i) a = add_.add(a, cells[i]);
    } else {
      for (std::size_t i = 0; i < n; ++i) a = add_cell_(a * accum_factor_ + cells[i] * cell_factor_);
    }
    return a;
  }

  FixedPoint accum_;
  bool average_ = false;
  bool count_padding_ = false;
  Order order_ = Order::sequential;
  Window window_;
  std::int64_t outside_max_ = 0;
  Wide accum_factor_ = 1;  // aligns the accumulator with a cell
  Wide cell_factor_ = 1;
  Caster cell_to_accum_;
  Caster add_cell_;
  TreeSum add_;
  Caster result_cast_;
};

}  // namespace

std::unique_ptr<Operation> make_pool(LayerReader& layer) {
  layer.expect_inputs(1);
  return std::make_unique<Pool>(layer);
}

}  // namespace vigil::fpga_model
