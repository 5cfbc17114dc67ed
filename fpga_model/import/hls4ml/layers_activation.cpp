// Activations element by element: linear, relu and its kin, tables, hard and quantized ones.
#include <cmath>
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/call.h"
#include "fpga_model/import/hls4ml/kernel_text.h"
#include "fpga_model/import/hls4ml/tables.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

// The layer on all n_in words, in the shape they have.
void elementwise(const Call& call, const Json& layer, std::size_t output = 1) {
  const Config config = call.config();
  const Shape shape = call.graph().shape(call.name(0), config.size("n_in"), call.where);
  call.expect_same_packs({0, output});
  const std::string input = call.read(0, shape);
  call.write(output, layer, {input}, shape);
}

Json single(const ElementType& type, double value) { return constant(type.fixed, {1}, {word_of(value, type)}); }

// leaky_relu<data_t, param_t, res_t, config>(data, 0.1, res); until 0.8 without param_t, the number has type `before`.
ElementType parameter_type(const Call& call, const ElementType& before) {
  if (call.templates.size() == 4) return call.template_type(1);
  if (call.templates.size() != 3) call.refuse(std::to_string(call.templates.size()) + " template arguments", "3 or 4");
  ElementType type = before;
  type.pack = 1;
  return type;
}

void capped_relu(const Call& call, std::int64_t most) {
  call.expect_arguments(2, 2);
  elementwise(call, {{"op", "relu"}, {"max", most}});
}

}  // namespace

void read_linear(const Call& call) {
  call.expect_arguments(2, 2);
  elementwise(call, {{"op", "cast"}});
}

void read_relu(const Call& call) {
  call.expect_arguments(2, 2);
  elementwise(call, {{"op", "relu"}});
}

void read_relu1(const Call& call) { capped_relu(call, 1); }
void read_relu6(const Call& call) { capped_relu(call, 6); }

void read_relu_max(const Call& call) {
  if (call.templates.size() != 4) call.refuse("without a largest value", "relu_max<data_t, res_t, MAX, config>");
  const std::int64_t most = call.project->declarations.integer(call.templates[2]);
  if (most < 0 || most > INT32_MAX) call.refuse("a largest value of " + std::to_string(most), "0..2^31-1");
  capped_relu(call, most);
}

void read_leaky_relu(const Call& call) {
  call.expect_arguments(3, 3);
  elementwise(call, {{"op", "relu"}, {"alpha", single(parameter_type(call, call.type(0)), call.number(1))}}, 2);
}

void read_thresholded_relu(const Call& call) {
  call.expect_arguments(3, 3);
  elementwise(call, {{"op", "relu"}, {"threshold", single(parameter_type(call, call.type(0)), call.number(1))}}, 2);
}

void read_prelu(const Call& call) {
  call.expect_arguments(3, 3);
  const std::size_t n = call.config().size("n_in");
  const WeightArray alpha = call.project->weights.read(call.name(1), n, call.where);
  elementwise(call, {{"op", "relu"}, {"alpha", constant(alpha.type.fixed, {n}, alpha.raw)}}, 2);
}

void read_elu(const Call& call) {
  call.expect_arguments(2, 3);
  const bool has_alpha = call.arguments.size() == 3;
  const Config config = call.config();
  const std::size_t size = config.size("table_size");
  const ElementType table = config.type("table_t");
  Json layer = {{"op", "elu"},
                {"table", constant(table.fixed, {size}, unary_table("elu", size, table, call.where))},
                {"index", index_rule("elu", size)}};
  if (has_alpha) layer["alpha"] = single(parameter_type(call, call.type(2)), call.number(1));
  elementwise(call, layer, has_alpha ? 2 : 1);
}

void read_selu(const Call& call) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  const std::size_t size = config.size("table_size");
  const ElementType table = config.type("table_t");
  ElementType scale_type;
  scale_type.fixed = FixedPoint{16, 1, false};
  // Until 1.1 the constant has the type of the result.
  if (!call.project->release.at_least({1, 2}, "nnet_activation.h", "selu's positive slope")) scale_type = call.type(1);
  elementwise(call, {{"op", "elu"},
                     {"table", constant(table.fixed, {size}, unary_table("selu", size, table, call.where))},
                     {"index", index_rule("selu", size)},
                     {"scale", single(scale_type, 1.0507009873554804934193349852946)}});
}

void read_table_activation(const Call& call) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  const std::size_t size = config.size("table_size");
  ElementType table = config.type("table_t");
  bool clamps_unsigned = false;
  const KernelText kernel = read_kernel_text(*call.project, "nnet_activation.h", call.function);
  if (kernel.found && !call.is_stream()) {
    if (kernel.unsigned_index && !kernel.clamps_below) {
      clamps_unsigned = true;
      call.note("the index into the table of " + call.function +
                " is clamped unsigned, as nnet_activation.h of the project has it");
    }
    if (kernel.table_of_result) {
      table = call.type(1);
      call.note("the table of " + call.function +
                " has the type of the result, as nnet_activation.h of the project has it");
    }
  }
  elementwise(call, {{"op", "lookup"},
                     {"table", constant(table.fixed, {size}, unary_table(call.function, size, table, call.where))},
                     {"index", index_rule(call.function, size, clamps_unsigned)}});
}

// unary_lut<data_t, res_t, config>(data, res, table): a full table, indexed by the raw bits.
void read_unary_lut(const Call& call) {
  call.expect_arguments(3, 3);
  const std::size_t size = call.config().size("table_size");
  const int width = call.type(0).fixed.width;
  if (width > 24 || size != std::size_t{1} << width)
    call.refuse("a table of " + std::to_string(size) + " words for inputs of " + std::to_string(width) + " bits",
                "2^W words");
  const WeightArray table = call.project->weights.read(call.name(2), size, call.where);
  elementwise(
      call,
      {{"op", "lookup"}, {"table", constant(table.type.fixed, {size}, table.raw)}, {"index", {{"rule", "top_bits"}}}});
}

void read_hard_sigmoid(const Call& call) {
  call.expect_arguments(2, 2);
  const Config config = call.config();
  Json layer = {{"op", "hard_sigmoid"}};
  for (const std::string key : {"slope", "shift"}) {
    const Value value = config.value(key);
    const ElementType type = call.project->declarations.type(value.type.empty() ? config.value(key).type : value.type);
    layer[key] = single(type, parse_number(value.initial));
  }
  if (call.function == "hard_tanh") layer["symmetric"] = true;
  elementwise(call, layer);
}

void read_binary_tanh(const Call& call) {
  call.expect_arguments(2, 2);
  const bool new_rules = call.project->release.at_least({1, 2}, "nnet_activation.h", "binary_tanh of 0");
  const ElementType& type = call.type(1);
  const std::int64_t low = new_rules && type.is_one_bit() ? 0 : word_of(-1, type);
  FixedPoint zero{2, 2, true};
  elementwise(call, {{"op", "threshold"},
                     {"thresholds", Json::array({constant(zero, {1}, {0})})},
                     {"compare", Json::array({new_rules ? ">=" : ">"})},
                     {"levels", {low, word_of(1, type)}}});
}

void read_ternary_tanh(const Call& call) {
  call.expect_arguments(2, 2);
  const ElementType& type = call.type(1);
  const ElementType& input = call.type(0);
  const FixedPoint whole{2, 2, true};
  call.expect_same_packs({0, 1});
  const Shape shape = call.graph().shape(call.name(0), call.config().size("n_in"), call.where);
  const std::string source = call.read(0, shape);
  FixedPoint two{3, 3, true};
  const std::string doubled = call.graph().intermediate(
      call.name(1), {{"op", "scale_shift"}, {"scale", constant(two, {1}, {2})}, {"shift", constant(two, {1}, {0})}},
      {source}, shape, input.fixed, call.where);
  call.write(1,
             {{"op", "threshold"},
              {"thresholds", Json::array({constant(whole, {1}, {-1}), constant(whole, {1}, {1})})},
              {"compare", Json::array({">", ">"})},
              {"levels", {word_of(-1, type), 0, word_of(1, type)}}},
             {doubled}, shape);
}

}  // namespace vigil::fpga_model::hls4ml
