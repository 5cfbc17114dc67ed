#include "plain_evaluator.h"

#include <algorithm>
#include <set>

namespace vigil::fpga_model {
namespace {

using nlohmann::json;
using Words = PlainEvaluator::Words;

FixedPoint type_of(const json& text) { return parse_fixed_point(text.get<std::string>(), "test"); }

// An exact number: value * 2^-fraction.
struct Exact {
  Wide value = 0;
  int fraction = 0;
};
Wide times_power(Wide value, int shift) { return value * (Wide{1} << shift); }
Exact operator*(const Exact& a, const Exact& b) { return {a.value * b.value, a.fraction + b.fraction}; }
Exact operator+(const Exact& a, const Exact& b) {
  const int fraction = std::max(a.fraction, b.fraction);
  return {times_power(a.value, fraction - a.fraction) + times_power(b.value, fraction - b.fraction), fraction};
}
Exact operator-(const Exact& a) { return {-a.value, a.fraction}; }
bool operator<(const Exact& a, const Exact& b) {
  if (a.fraction > b.fraction) {
    const int s = a.fraction - b.fraction;
    return s > 60 ? (b.value != 0 ? b.value > 0 : a.value < 0) : a.value < times_power(b.value, s);
  }
  const int s = b.fraction - a.fraction;
  return s > 60 ? (a.value != 0 ? a.value < 0 : b.value > 0) : times_power(a.value, s) < b.value;
}
std::int64_t to(const Exact& x, const FixedPoint& type) { return cast(x.value, x.fraction, 64, type); }
Exact word(std::int64_t raw, const FixedPoint& type) { return {raw, type.fraction()}; }

std::int64_t element(const json& constant, std::size_t i) {
  const json& raw = constant["raw"];
  return raw[i % raw.size()].get<std::int64_t>();
}
Exact element_value(const json& constant, std::size_t i) {
  return word(element(constant, i), type_of(constant["type"]));
}

struct Frame {
  std::size_t kernel[2], stride[2], before[2], size[2], out[2];
};
Frame frame_of(const json& layer, const std::vector<std::size_t>& image, const std::vector<std::size_t>& kernel) {
  const std::size_t rank = image.size() - 1;
  Frame f{{1, 1}, {1, 1}, {0, 0}, {1, 1}, {1, 1}};
  for (std::size_t d = 0; d < rank; ++d) {
    const std::size_t at = d + 2 - rank;
    f.kernel[at] = kernel[d];
    f.size[at] = image[d];
    if (layer.contains("stride")) f.stride[at] = layer["stride"][d];
    std::size_t after = 0;
    if (layer.contains("padding")) {
      f.before[at] = layer["padding"][d][0];
      after = layer["padding"][d][1];
    }
    f.out[at] = (image[d] + f.before[at] + after - kernel[d]) / f.stride[at] + 1;
  }
  return f;
}
// Index of the image's cell, or none.
bool cell_of(const Frame& f, std::size_t y, std::size_t x, std::size_t ky, std::size_t kx, std::size_t& cell) {
  const auto iy = static_cast<std::ptrdiff_t>(y * f.stride[0] + ky) - static_cast<std::ptrdiff_t>(f.before[0]);
  const auto ix = static_cast<std::ptrdiff_t>(x * f.stride[1] + kx) - static_cast<std::ptrdiff_t>(f.before[1]);
  if (iy < 0 || ix < 0 || iy >= static_cast<std::ptrdiff_t>(f.size[0]) || ix >= static_cast<std::ptrdiff_t>(f.size[1]))
    return false;
  cell = static_cast<std::size_t>(iy) * f.size[1] + static_cast<std::size_t>(ix);
  return true;
}

std::int64_t tree(const Words& v, const FixedPoint& type) {
  if (v.size() == 1) return v[0];
  std::size_t left = 1;
  while (2 * left <= v.size() - 1) left *= 2;
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(left);
  return to(word(tree({v.begin(), middle}, type), type) + word(tree({middle, v.end()}, type), type), type);
}

}  // namespace

PlainEvaluator::PlainEvaluator(json network) : network_(std::move(network)) {
  for (const json& input : network_["inputs"])
    tensors_[input["name"]] = {input["shape"].get<std::vector<std::size_t>>(), type_of(input["type"])};
  if (network_.contains("constants")) {
    for (const auto& [name, constant] : network_["constants"].items())
      tensors_[name] = {constant["shape"].get<std::vector<std::size_t>>(), type_of(constant["type"])};
  }
  for (const json& layer : network_["layers"]) {
    const json& output = layer["output"];
    tensors_[output["name"]] = {output["shape"].get<std::vector<std::size_t>>(), type_of(output["type"])};
  }
}

Words PlainEvaluator::constant(const std::string& name) const {
  return network_.at("constants").at(name).at("raw").get<Words>();
}

bool PlainEvaluator::knows(std::size_t layer) const {
  static const std::set<std::string> ops = {"dense",    "conv",     "cast",    "relu",    "pool",    "add",
                                            "subtract", "multiply", "average", "maximum", "minimum", "scale_shift"};
  return ops.contains(network_["layers"][layer]["op"].get<std::string>());
}

// Section 4.1, one position: bias, then every term in the order of the reuse factor.
Words PlainEvaluator::products(const json& layer, const Words& patch, const FixedPoint& x) const {
  const json& weights = layer["weights"];
  const FixedPoint w = type_of(weights["type"]);
  const FixedPoint b = type_of(layer["bias"]["type"]);
  const std::size_t columns = layer["bias"]["raw"].size();
  const std::size_t n = patch.size();
  const std::string kind = layer.value("product", "mult");
  const bool exact = layer["accum"] == "exact";
  const FixedPoint accum = exact ? FixedPoint{} : type_of(layer["accum"]);
  const FixedPoint output = type_of(layer["output"]["type"]);
  const std::size_t reuse = layer.value("reuse_factor", std::size_t{1});
  Words out;
  for (std::size_t j = 0; j < columns; ++j) {
    Exact acc = word(element(layer["bias"], j), b);
    if (!exact) acc = word(to(acc, accum), accum);
    for (std::size_t ir = 0; ir < reuse; ++ir) {
      for (std::size_t i = ir; i < n; i += reuse) {
        const std::int64_t raw = element(weights, i * columns + j);
        Exact term = word(patch[i], x) * word(raw, w);
        if (kind == "weight_binary") term = raw == 0 ? -word(patch[i], x) : word(patch[i], x);
        if (kind == "data_binary") term = patch[i] == 0 ? -word(raw, w) : word(raw, w);
        if (kind == "xnor") term = {patch[i] == raw ? 1 : 0, 0};
        if (exact) {
          acc = acc + term;
        } else {
          acc = word(to(acc + word(to(term, accum), accum), accum), accum);
        }
      }
    }
    if (kind == "xnor") {
      int bits = 2;
      while ((std::size_t{1} << (bits - 2)) < n) ++bits;
      const FixedPoint whole{bits, bits, true};
      acc = word(to(Exact{2, 0} * acc + Exact{-static_cast<Wide>(n), 0}, whole), whole);
    }
    out.push_back(to(acc, output));
  }
  return out;
}

Words PlainEvaluator::conv(const json& layer, const Words& x, const Shaped& in) const {
  const auto shape = layer["weights"]["shape"].get<std::vector<std::size_t>>();
  const Frame f = frame_of(layer, in.shape, {shape.begin(), shape.end() - 2});
  const std::size_t channels = in.shape.back();
  Words out;
  for (std::size_t y = 0; y < f.out[0]; ++y) {
    for (std::size_t at = 0; at < f.out[1]; ++at) {
      Words patch;
      for (std::size_t ky = 0; ky < f.kernel[0]; ++ky) {
        for (std::size_t kx = 0; kx < f.kernel[1]; ++kx) {
          std::size_t cell = 0;
          const bool inside = cell_of(f, y, at, ky, kx, cell);
          for (std::size_t c = 0; c < channels; ++c) patch.push_back(inside ? x[cell * channels + c] : 0);
        }
      }
      const Words columns = products(layer, patch, in.type);
      out.insert(out.end(), columns.begin(), columns.end());
    }
  }
  return out;
}

Words PlainEvaluator::pool(const json& layer, const Words& x, const Shaped& in) const {
  const Frame f = frame_of(layer, in.shape, layer["kernel"].get<std::vector<std::size_t>>());
  const FixedPoint accum = type_of(layer["accum"]);
  const FixedPoint output = type_of(layer["output"]["type"]);
  const bool average = layer["mode"] == "average";
  const std::string order = layer.value("order", "sequential");
  const std::int64_t outside = in.type.is_signed ? in.type.lowest() : std::int64_t{1} << (in.type.width - 1);
  const std::size_t channels = in.shape.back();
  Words out;
  for (std::size_t position = 0; position < f.out[0] * f.out[1] * channels; ++position) {
    const std::size_t y = position / channels / f.out[1];
    const std::size_t at = position / channels % f.out[1];
    Words cells;
    std::size_t inside = 0;
    for (std::size_t ky = 0; ky < f.kernel[0]; ++ky) {
      for (std::size_t kx = 0; kx < f.kernel[1]; ++kx) {
        std::size_t cell = 0;
        const bool within = cell_of(f, y, at, ky, kx, cell);
        inside += within;
        cells.push_back(within ? x[cell * channels + position % channels] : average ? 0 : outside);
      }
    }
    FixedPoint type = in.type;
    if (order != "sequential") {
      for (std::int64_t& cell : cells) cell = to(word(cell, type), accum);
      type = accum;
    }
    if (!average) {
      const std::int64_t most = *std::max_element(cells.begin(), cells.end());
      out.push_back(to(word(to(word(most, type), accum), accum), output));
      continue;
    }
    const std::size_t n = layer.value("count_padding", false) ? cells.size() : inside;
    std::int64_t sum = 0;
    if (order == "stream_window") {
      sum = tree(cells, accum);
    } else {
      for (const std::int64_t cell : cells) sum = to(word(sum, accum) + word(cell, type), accum);
    }
    sum = n == 0 ? 0 : to(word(sum / static_cast<std::int64_t>(n), accum), accum);
    out.push_back(to(word(sum, accum), output));
  }
  return out;
}

Words PlainEvaluator::elementwise(const json& layer, const Words& x, const Shaped& in) const {
  const FixedPoint output = type_of(layer["output"]["type"]);
  const std::string op = layer["op"];
  Words out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Exact v = word(x[i], in.type);
    if (op == "cast") {
      out.push_back(cast(x[i], in.type, output));
    } else if (op == "scale_shift") {
      out.push_back(to(v * element_value(layer["scale"], i) + element_value(layer["shift"], i), output));
    } else {
      const Exact limit = layer.contains("threshold") ? element_value(layer["threshold"], i) : Exact{};
      const Exact most = layer.contains("max") ? Exact{layer["max"].get<std::int64_t>(), 0} : Exact{};
      if (limit < v) {
        out.push_back(to(layer.contains("max") && most < v ? most : v, output));
      } else {
        out.push_back(layer.contains("alpha") ? to(element_value(layer["alpha"], i) * v, output) : 0);
      }
    }
  }
  return out;
}

Words PlainEvaluator::pairwise(const json& layer, const Words& a, const Words& b, const FixedPoint& ta,
                               const FixedPoint& tb) const {
  const FixedPoint output = type_of(layer["output"]["type"]);
  const std::string op = layer["op"];
  Words out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Exact x = word(a[i], ta);
    const Exact y = word(b[i], tb);
    if (op == "add") out.push_back(to(x + y, output));
    if (op == "subtract") out.push_back(to(x + -y, output));
    if (op == "multiply") out.push_back(to(x * y, output));
    if (op == "average") out.push_back(to((x + y) * Exact{1, 1}, output));
    if (op == "maximum") out.push_back(to(y < x ? x : y, output));
    if (op == "minimum") out.push_back(to(x < y ? x : y, output));
  }
  return out;
}

Words PlainEvaluator::evaluate(std::size_t index, const RowOf& row_of) const {
  const json& layer = network_["layers"][index];
  const std::string op = layer["op"];
  const std::string name = layer["inputs"][0];
  const Shaped& in = tensors_.at(name);
  const Words x = row_of(name);
  if (op == "conv") return conv(layer, x, in);
  if (op == "pool") return pool(layer, x, in);
  if (op == "cast" || op == "relu" || op == "scale_shift") return elementwise(layer, x, in);
  if (op != "dense") {
    const std::string second = layer["inputs"][1];
    return pairwise(layer, x, row_of(second), in.type, tensors_.at(second).type);
  }
  Words out;
  for (std::size_t at = 0; at < x.size(); at += in.shape.back()) {
    const auto from = x.begin() + static_cast<std::ptrdiff_t>(at);
    const Words columns = products(layer, {from, from + static_cast<std::ptrdiff_t>(in.shape.back())}, in.type);
    out.insert(out.end(), columns.begin(), columns.end());
  }
  return out;
}

}  // namespace vigil::fpga_model
