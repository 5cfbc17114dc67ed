// reshape, transpose, zero_pad, embedding: sections 4.6 of docs/network_json.md. All but embedding move words and cast
// them.
#include <algorithm>

#include "fpga_model/caster.h"
#include "fpga_model/network/layer_reader.h"

namespace vigil::fpga_model {
namespace {

// out word i is input word from[i], or 0 where from[i] is kNone.
class Gather : public Operation {
 public:
  static constexpr std::size_t kNone = LinearTerms::kOutside;
  Gather(const LayerReader& layer, std::vector<std::size_t> from)
      : from_(std::move(from)), to_(layer.input().type, layer.output().type) {}
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (const std::size_t i : from_) *out++ = i == kNone ? 0 : to_(x[i]);
    }
    return true;
  }
  std::optional<Value> plan(Planner& planner, std::span<const PlanArgument> in,
                            const TensorInfo& output) const override {
    if (in[0].value == nullptr) return {};
    const bool pads = std::find(from_.begin(), from_.end(), kNone) != from_.end();
    const Value moved = pads ? planner.with_zeros(*in[0].value, from_) : in[0].value->elements(from_);
    return planner.cast(moved, in[0].info.type.fraction(), output.type);
  }

 private:
  std::vector<std::size_t> from_;
  Caster to_;
};

// Row-major strides: words between neighbours along each dimension.
std::vector<std::size_t> strides(const Shape& shape) {
  std::vector<std::size_t> stride(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) stride[d - 1] = stride[d] * shape[d];
  return stride;
}

// Index along every dimension of row-major element i.
std::vector<std::size_t> coordinates(std::size_t i, const Shape& shape) {
  std::vector<std::size_t> index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0; i /= shape[d]) index[d] = i % shape[d];
  return index;
}

class Embedding : public Operation {
 public:
  Embedding(LayerReader& layer, const Constant& table)
      : words_(layer.input().words), dimension_(table.shape[1]), table_rows_(table.shape[0]) {
    const Caster to(table.type, layer.output().type);
    for (const std::int64_t word : table.raw) table_.push_back(to(word));
  }
  bool run(std::span<const Operand> in, std::int64_t* out, std::size_t rows, std::int64_t*) const override {
    for (std::size_t r = 0; r < rows; ++r) {
      const std::int64_t* x = in[0].row(r);
      for (std::size_t i = 0; i < words_; ++i) {
        const auto index = static_cast<std::size_t>(x[i]);
        if (index >= table_rows_) return false;
        for (std::size_t d = 0; d < dimension_; ++d) *out++ = table_[index * dimension_ + d];
      }
    }
    return true;
  }

 private:
  std::size_t words_;
  std::size_t dimension_;
  std::size_t table_rows_;
  std::vector<std::int64_t> table_;  // cast to the output
};

}  // namespace

std::unique_ptr<Operation> make_reshape(LayerReader& layer) {
  layer.expect_inputs(1);
  const Shape shape = layer.keys.shape("shape");
  const std::size_t words = layer.input().words;
  if (element_count(shape) != words) {
    layer.keys.fail("shape", "shape " + to_string(shape),
                    std::to_string(words) + " words as in " + to_string(layer.input().shape));
  }
  layer.expect_output(shape);
  std::vector<std::size_t> from(words);
  for (std::size_t i = 0; i < words; ++i) from[i] = i;
  return std::make_unique<Gather>(layer, std::move(from));
}

std::unique_ptr<Operation> make_transpose(LayerReader& layer) {
  layer.expect_inputs(1);
  const Shape& in = layer.input().shape;
  const std::vector<std::size_t> permutation = layer.keys.sizes("permutation", 0);
  std::vector<bool> used(in.size(), false);
  bool valid = permutation.size() == in.size();
  for (const std::size_t d : permutation) {
    valid = valid && d < in.size() && !used[d];
    if (valid) used[d] = true;
  }
  if (!valid)
    layer.keys.fail("permutation", to_string(permutation), "each of 0.." + std::to_string(in.size() - 1) + " once");
  Shape out;
  for (const std::size_t d : permutation) out.push_back(in[d]);
  layer.expect_output(out);
  const std::vector<std::size_t> stride = strides(in);
  std::vector<std::size_t> from(layer.input().words, 0);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::vector<std::size_t> index = coordinates(i, out);
    for (std::size_t d = 0; d < index.size(); ++d) from[i] += index[d] * stride[permutation[d]];
  }
  return std::make_unique<Gather>(layer, std::move(from));
}

std::unique_ptr<Operation> make_zero_pad(LayerReader& layer) {
  layer.expect_inputs(1);
  const Shape& in = layer.input().shape;
  if (in.size() != 2 && in.size() != 3) layer.keys.fail("inputs", "shape " + to_string(in), "[w,c] or [h,w,c]");
  const auto padding = layer.keys.size_pairs("padding");
  if (padding.size() != in.size() - 1) {
    layer.keys.fail("padding", std::to_string(padding.size()) + " pairs",
                    std::to_string(in.size() - 1) + ", one for each spatial axis");
  }
  Shape out = in;
  for (std::size_t d = 0; d < padding.size(); ++d) out[d] += padding[d].first + padding[d].second;
  layer.expect_output(out);
  const std::vector<std::size_t> stride = strides(in);
  std::vector<std::size_t> from(layer.output().words, 0);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::vector<std::size_t> index = coordinates(i, out);
    for (std::size_t d = 0; d < index.size() && from[i] != Gather::kNone; ++d) {
      const std::size_t before = d < padding.size() ? padding[d].first : 0;
      if (index[d] < before || index[d] - before >= in[d]) {
        from[i] = Gather::kNone;
      } else {
        from[i] += (index[d] - before) * stride[d];
      }
    }
  }
  return std::make_unique<Gather>(layer, std::move(from));
}

std::unique_ptr<Operation> make_embedding(LayerReader& layer) {
  layer.expect_inputs(1);
  const FixedPoint type = layer.input().type;
  if (type.is_signed || type.fraction() != 0)
    layer.keys.fail("inputs", "type " + to_string(type), "an unsigned integer");
  const Constant table = layer.keys.constant("table");
  if (table.shape.size() != 2) layer.keys.fail("table", "shape " + to_string(table.shape), "[rows,dim]");
  Shape out = layer.input().shape;
  out.push_back(table.shape[1]);
  layer.expect_output(out);
  return std::make_unique<Embedding>(layer, table);
}

}  // namespace vigil::fpga_model
