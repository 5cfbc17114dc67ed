// Batch normalisation, its fusions with binary and ternary tanh, layer normalisation.
#include <nlohmann/json.hpp>

#include "fpga_model/import/hls4ml/call.h"
#include "fpga_model/import/hls4ml/tables.h"

namespace vigil::fpga_model::hls4ml {

using Json = nlohmann::ordered_json;

namespace {

// Words of scale and shift: one a channel, or one an element when n_filt is -1.
std::size_t per_channel(const Call& call, const Config& config, std::size_t words) {
  const std::int64_t filters = config.has("n_filt") ? config.integer("n_filt") : -1;
  if (filters == -1 || filters == 0xFFFFFFFF) return words;
  if (filters < 1 || filters > static_cast<std::int64_t>(words) || words % static_cast<std::size_t>(filters) != 0)
    call.refuse("n_filt = " + std::to_string(filters), "-1 or a divisor of " + std::to_string(words));
  return static_cast<std::size_t>(filters);
}

Shape shape_of(const Call& call, std::size_t words, std::size_t count) {
  const Shape known = call.graph().shape(call.name(0), words, call.where);
  if (count == words || known.back() == count) return known;
  return {words / count, count};
}

// Thresholds have the type of the data whatever their array says: they are passed as data_T.
Json threshold(const Call& call, std::size_t argument, std::size_t count) {
  const WeightArray values = call.project->weights.read(call.name(argument), count, call.where);
  return constant(values.type.fixed, {count}, values.raw);
}

}  // namespace

void read_normalize(const Call& call) {
  call.expect_arguments(4, 4);
  call.expect_same_packs({0, 1});
  const Config config = call.config();
  const std::size_t words = config.size("n_in");
  const std::size_t count = per_channel(call, config, words);
  const std::string product = config.used("product");
  if (!product.empty() && product != "mult") call.refuse("product '" + product + "' of a normalisation", "mult");
  const WeightArray scale = call.project->weights.read(call.name(2), count, call.where);
  const WeightArray shift = call.project->weights.read(call.name(3), count, call.where);
  const Shape shape = shape_of(call, words, count);
  std::string input = call.read(0, shape);
  Json scales = constant(scale.type.fixed, {count}, scale.raw);
  const Json shifts = constant(shift.type.fixed, {count}, shift.raw);
  if (config.is_early_product()) {  // until 0.6 the product is cast to the result before the shift is added
    const FixedPoint one{2, 2, true};
    const Json zero = constant(one, {1}, {0});
    input = call.graph().intermediate(call.name(1), {{"op", "scale_shift"}, {"scale", scales}, {"shift", zero}},
                                      {input}, shape, call.type(1).fixed, call.where);
    scales = constant(one, {1}, {1});
  }
  call.write(1, {{"op", "scale_shift"}, {"scale", scales}, {"shift", shifts}}, {input}, shape);
}

void read_normalize_binary_tanh(const Call& call) {
  call.expect_arguments(3, 3);
  call.expect_same_packs({0, 1});
  const Config config = call.config();
  const std::size_t words = config.size("n_in");
  const std::size_t count = per_channel(call, config, words);
  const bool inclusive =
      call.project->release.at_least({0, 8}, "nnet_batchnorm.h", "binary_tanh of a word that equals its threshold");
  const Json limit = threshold(call, 2, count);
  const Shape shape = shape_of(call, words, count);
  const std::string input = call.read(0, shape);
  call.write(1,
             {{"op", "threshold"},
              {"thresholds", Json::array({limit})},
              {"compare", Json::array({inclusive ? ">=" : ">"})},
              {"levels", {0, word_of(1, call.type(1))}}},
             {input}, shape);
}

void read_normalize_ternary_tanh(const Call& call) {
  call.expect_arguments(4, 4);
  call.expect_same_packs({0, 1});
  const Config config = call.config();
  const std::size_t words = config.size("n_in");
  const std::size_t count = per_channel(call, config, words);
  const Json high = threshold(call, 2, count);
  const Json low = threshold(call, 3, count);
  const Shape shape = shape_of(call, words, count);
  const std::string input = call.read(0, shape);
  call.write(1,
             {{"op", "threshold"},
              {"thresholds", Json::array({low, high})},
              {"compare", Json::array({">", ">"})},
              {"levels", {word_of(-1, call.type(1)), 0, word_of(1, call.type(1))}}},
             {input}, shape);
}

void read_layernormalize(const Call& call) {
  call.expect_arguments(4, 4);
  const Config config = call.config();
  const std::size_t words = config.size("n_in");
  const std::size_t rows = config.size("seq_len");
  if (words % rows != 0) call.refuse("seq_len = " + std::to_string(rows), "a divisor of " + std::to_string(words));
  const std::size_t n = words / rows;
  const ElementType accum = config.type("accum_t");
  const ElementType table = config.type("table_t");
  const std::size_t size = config.size("table_size");
  const std::size_t epsilon = config.count_or("epsilon_power_of_10", 3);
  const std::size_t range = config.count_or("table_range_power2", 0);
  if (epsilon > 30 || range > 20) call.refuse("epsilon or range out of range", "at most 10^-30 and 2^-20");
  const WeightArray scale = call.project->weights.read(call.name(2), n, call.where);
  const WeightArray shift = call.project->weights.read(call.name(3), n, call.where);
  const std::string input = call.read(0, {rows, n});
  const auto words_of_table = invert_sqrt_table(size, static_cast<int>(epsilon), static_cast<int>(range), table);
  call.write(1,
             {{"op", "layer_norm"},
              {"accum", vigil::to_string(accum.fixed)},
              {"inverse_count", constant(accum.fixed, {1}, {word_of(1.0 / static_cast<double>(n), accum)})},
              {"table", constant(table.fixed, {size}, words_of_table)},
              {"index_multiplier", static_cast<std::int64_t>(size) << range},
              {"scale", constant(scale.type.fixed, {n}, scale.raw)},
              {"shift", constant(shift.type.fixed, {n}, shift.raw)}},
             {input}, {rows, n});
}

}  // namespace vigil::fpga_model::hls4ml
