// lstm and gru.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/layers_linear.h"
#include "fpga_model/import/hls4ml/tables.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

Json table_of(const Call& call, const Config& config, const std::string& use, const std::string& key) {
  const std::string function = config.used(use);
  if (function != "sigmoid" && function != "tanh") call.refuse(use + " '" + function + "'", "sigmoid or tanh");
  const Config table = config.nested(key);
  const std::size_t size = table.size("table_size");
  const ElementType type = table.type("table_t");
  return {{"table", constant(type.fixed, {size}, unary_table(function, size, type, call.where))},
          {"index", index_rule(function, size)}};
}

void read_recurrent(const Call& call, const std::string& op, std::size_t gates) {
  if (call.arguments.size() != 6) call.refuse("a recurrent layer with initial states", "no initial states");
  const Config config = call.config();
  const std::size_t features = config.size("n_in");
  const std::size_t units = config.size("n_state");
  const std::size_t steps = config.size("n_sequence");
  const std::size_t steps_out = config.size("n_sequence_out");
  if (steps_out != 1 && steps_out != steps) call.refuse("n_sequence_out = " + std::to_string(steps_out), "1 or all");
  if (config.flag_or("pytorch_order", false)) call.refuse("gates in PyTorch's order", "Keras' order");
  if (units > 65536) call.refuse(std::to_string(units) + " units", "at most 65536");
  const Config input_product = config.nested("mult_config1");
  const Config state_product = config.nested("mult_config2");
  const std::size_t columns = gates * units;
  const Accumulation first = read_accumulation(call, input_product, features, columns, call.type(0));
  const Accumulation second = read_accumulation(call, state_product, units, columns, call.type(1));
  if (!first.adder_function.empty() || !second.adder_function.empty())
    call.refuse("distributed arithmetic", "a matrix");
  if (first.product != second.product) call.refuse("unlike products for input and state", "one");
  const Json p = linear_keys(call, op, first, call.name(2), call.name(4), {features, columns}, features, columns);
  const Json q = linear_keys(call, op, second, call.name(3), call.name(5), {units, columns}, units, columns);
  Json layer = {{"op", op},
                {"units", units},
                {"return_sequences", steps_out > 1},
                {"gate_type", vigil::to_string(config.type("accum_t").fixed)},
                {"accum", p.at("accum")},
                {"recurrent_accum", q.at("accum")},
                {"weights", p.at("weights")},
                {"recurrent_weights", q.at("weights")},
                {"bias", p.at("bias")},
                {"recurrent_bias", q.at("bias")}};
  if (first.reuse != 1) layer["reuse_factor"] = first.reuse;
  if (second.reuse != 1) layer["recurrent_reuse_factor"] = second.reuse;
  if (!first.product.empty()) layer["product"] = first.product;
  layer["recurrent_activation"] =
      table_of(call, config, "activation_recr", op == "lstm" ? "ACT_CONFIG_LSTM" : "ACT_CONFIG_GRU");
  layer["activation"] = table_of(call, config, "activation", "ACT_CONFIG_T");
  call.expect_channels(0, features);
  if (steps_out > 1) call.expect_channels(1, units);
  const std::string input = call.read(0, {steps, features});
  call.write(1, layer, {input}, steps_out > 1 ? Shape{steps, units} : Shape{units});
}

}  // namespace

void read_lstm(const Call& call) { read_recurrent(call, "lstm", 4); }
void read_gru(const Call& call) { read_recurrent(call, "gru", 3); }

}  // namespace vigil::fpga_model::hls4ml
