// pool: section 4.6 of docs/network_json.md.
#include <algorithm>
#include <limits>

#include "fpga_model/layer_reader.h"
#include "fpga_model/reduction.h"

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

 private:
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
