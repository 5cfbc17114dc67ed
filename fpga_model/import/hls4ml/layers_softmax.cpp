// softmax: latency, stable, legacy, argmax; over the last axis or any other.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/call.h"
#include "fpga_model/import/hls4ml/tables.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

// Since 1.2 the configuration names every type.
void add_new_tables(const Call& call, const Config& config, const FixedPoint& input, const std::string& kind,
                    Json& layer) {
  const std::size_t exp_size = config.size("exp_table_size");
  const std::size_t inv_size = config.size("inv_table_size");
  const ElementType exp_type = config.type("exp_table_t");
  const ElementType inv_type = config.type("inv_table_t");
  const ElementType inv_input = config.type("inv_inp_t");
  const auto scale = static_cast<float>(config.real_or("exp_scale", 1.0));
  FixedPoint argument = input;
  if (kind == "stable") {
    argument = config.type("inp_norm_t").fixed;
    layer["norm_type"] = vigil::to_string(argument);
    layer["difference"] = "max_minus_x";
  }
  layer["exp_table"] = constant(exp_type.fixed, {exp_size},
                                exp_table(argument, exp_size, scale, kind == "stable", exp_type, call.where));
  layer["sum_type"] = vigil::to_string(config.type("accum_t").fixed);
  layer["inv_input_type"] = vigil::to_string(inv_input.fixed);
  layer["inv_table"] =
      constant(inv_type.fixed, {inv_size}, invert_table(inv_input.fixed, inv_size, inv_type, call.where));
}

void add_old_tables(const Call& call, const Config& config, const FixedPoint& input, const std::string& kind,
                    Json& layer) {
  const std::size_t size = config.size("table_size");
  const ElementType exp_type = config.type("exp_table_t");
  const ElementType inv_type = config.type("inv_table_t");
  if (kind == "stable") {
    FixedPoint norm = input;
    norm.quantization = Quantization::rnd;
    norm.overflow = input.overflow == Overflow::sat_sym && input.is_signed ? Overflow::sat_sym : Overflow::sat;
    norm.saturation_bits = 0;
    // In C++: ap_fixed<W, I, AP_RND, AP_SAT> of the input, signed always.
    if (!input.is_signed) norm.is_signed = input.overflow == Overflow::wrap;
    if (input.is_signed && input.overflow != Overflow::sat_sym) norm.overflow = Overflow::sat;
    layer["norm_type"] = vigil::to_string(norm);
    layer["difference"] = "x_minus_max";
  }
  layer["exp_table"] = constant(exp_type.fixed, {size}, exp_table(input, size, 1.0f, false, exp_type, call.where));
  layer["sum_type"] = vigil::to_string(exp_type.fixed);
  layer["inv_input_type"] = vigil::to_string(exp_type.fixed);
  layer["inv_table"] = constant(inv_type.fixed, {size}, invert_table(exp_type.fixed, size, inv_type, call.where));
}

Json softmax_keys(const Call& call, const Config& config) {
  const std::string kind = config.choice("implementation");
  Json layer = {{"op", "softmax"}, {"implementation", kind}};
  if (kind == "argmax") return layer;
  if (kind == "legacy") {
    const std::string size_key = config.has("exp_table_size") ? "exp_table_size" : "table_size";
    const std::size_t exp_size = config.size(size_key);
    const std::size_t inv_size = config.size(config.has("inv_table_size") ? "inv_table_size" : "table_size");
    // A softmax configuration has no table_t of its own: it is activ_config's.
    ElementType type;
    type.fixed = FixedPoint{18, 8, true};
    if (config.has_type("table_t")) type = config.type("table_t");
    layer["exp_table"] = constant(type.fixed, {exp_size}, unary_table("exp_legacy", exp_size, type, call.where));
    layer["exp_index"] = index_rule("exp_legacy", exp_size);
    layer["sum_type"] = vigil::to_string(type.fixed);
    layer["inv_table"] = constant(type.fixed, {inv_size}, unary_table("invert_legacy", inv_size, type, call.where));
    layer["inv_index"] = index_rule("invert_legacy", inv_size);
    return layer;
  }
  if (kind != "latency" && kind != "stable")
    call.refuse("implementation '" + kind + "'", "latency, stable, legacy or argmax");
  const FixedPoint input = call.type(0).fixed;
  if (config.has_type("inp_norm_t") || config.has("n_slice")) {
    add_new_tables(call, config, input, kind, layer);
  } else {
    add_old_tables(call, config, input, kind, layer);
  }
  return layer;
}

}  // namespace

void read_softmax(const Call& call) {
  call.expect_arguments(2, 2);
  call.expect_same_packs({0, 1});
  const Config config = call.config();
  const Json layer = softmax_keys(call, config);
  const std::size_t words = config.size("n_in");
  std::size_t outer = 1;
  std::size_t inner = 1;
  std::size_t slice = words;
  if (call.is_stream()) {  // one pack after the other
    slice = call.type(0).pack;
    if (words % slice != 0) call.refuse("packs of " + std::to_string(slice), "a divisor of " + std::to_string(words));
    outer = words / slice;
  } else if (call.function == "softmax_multidim") {
    slice = config.size("n_slice");
    outer = config.size("n_outer");
    inner = config.size("n_inner");
  } else if (config.has("n_slice")) {
    slice = config.size("n_slice");
  }
  if (outer > words || inner > words || slice > words || outer * slice * inner != words)
    call.refuse(std::to_string(outer) + " x " + std::to_string(slice) + " x " + std::to_string(inner) + " words",
                "n_in = " + std::to_string(words));
  if (inner == 1) {
    const Shape shape = outer == 1 ? Shape{slice} : Shape{outer, slice};
    const std::string input = call.read(0, shape);
    call.write(1, layer, {input}, shape);
    return;
  }
  // The axis goes last and comes back.
  const FixedPoint in_type = call.type(0).fixed;
  const FixedPoint out_type = call.type(1).fixed;
  const std::string name = call.name(1);
  const Json swap = {{"op", "transpose"}, {"permutation", {0, 2, 1}}};
  const std::string input = call.read(0, {outer, slice, inner});
  const std::string turned = call.graph().intermediate(name, swap, {input}, {outer, inner, slice}, in_type, call.where);
  const std::string result =
      call.graph().intermediate(name, layer, {turned}, {outer, inner, slice}, out_type, call.where);
  call.write(1, swap, {result}, {outer, slice, inner});
}

}  // namespace vigil::fpga_model::hls4ml
