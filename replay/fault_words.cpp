#include "replay/fault_words.h"

#include <algorithm>

#include "core/error.h"
#include "replay/scenario_random.h"

namespace vigil::replay {

namespace {

void resolve_output(PreparedFault& prepared, const ModelInfo& model) {
  const Fault& fault = prepared.fault;
  if (model.outputs.empty()) throw Error(fault.where, "model " + model.name + " has no output", "one");
  std::size_t index = model.seeds.empty() ? model.outputs.size() - 1 : model.seeds.front().output;
  if (!fault.output.empty()) {
    index = 0;
    while (index < model.outputs.size() && model.outputs[index].name != fault.output) ++index;
    if (index == model.outputs.size()) {
      throw Error(fault.where, "'" + fault.output + "' is no output of model " + model.name,
                  "one such as " + model.outputs[0].name);
    }
  }
  const Output& output = model.outputs[index];
  if (fault.word >= output.words) {
    throw Error(fault.where, "word " + std::to_string(fault.word) + " of output " + output.name,
                "below " + std::to_string(output.words));
  }
  if (fault.bit >= output.type.width) {
    throw Error(fault.where, "bit " + std::to_string(fault.bit) + " of a word of type " + to_string(output.type),
                "below " + std::to_string(output.type.width));
  }
  prepared.fault.output = output.name;
  prepared.output_column = output.first_word + fault.word;
  prepared.output_type = output.type;
}

void resolve_seed(PreparedFault& prepared, const ModelInfo& model) {
  const Fault& fault = prepared.fault;
  if (model.seeds.empty())
    throw Error(fault.where, "model " + model.name + " has no seed", "a seed whose rate can change");
  while (!fault.seed.empty() && model.seeds[prepared.seed].name != fault.seed) {
    if (++prepared.seed == model.seeds.size()) {
      throw Error(fault.where, "'" + fault.seed + "' is no seed of model " + model.name,
                  "one such as " + model.seeds[0].name);
    }
  }
  prepared.fault.seed = model.seeds[prepared.seed].name;
}

// factor * word to the nearest, halves up; saturating as the trigger's objects do.
std::int64_t scaled(std::int64_t word, double factor, const PoolColumn& column) {
  const double product = static_cast<double>(word) * factor + 0.5;
  if (product >= static_cast<double>(column.highest)) return column.highest;
  if (product <= static_cast<double>(column.lowest)) return column.lowest;
  const auto whole = static_cast<std::int64_t>(product);
  return whole - (static_cast<double>(whole) > product ? 1 : 0);
}

std::int64_t turned(std::int64_t word, std::int64_t codes, const PoolColumn& column) {
  const std::int64_t moved = word + codes * column.unit;
  if (column.period > 0 && word >= 0 && word < column.period)
    return (moved % column.period + column.period) % column.period;
  return std::clamp(moved, column.lowest, column.highest);
}

}  // namespace

bool PreparedFault::hits(std::uint64_t chance) const {
  return fault.fraction >= 1 || falls_within(mix({chance, salt}), fault.fraction);
}

PreparedFault prepare(const Fault& fault, std::size_t index, const ModelInfo& model,
                      const std::vector<PoolColumn>& columns) {
  PreparedFault prepared{fault, mix({index, 0xfau}), {}, 0, {}, 0};
  prepared.columns = match_columns(fault.columns, model, fault.where);
  if (fault.type == FaultType::score_bit_flip) resolve_output(prepared, model);
  if (fault.type == FaultType::rate_change) resolve_seed(prepared, model);
  for (const std::size_t c : prepared.columns) {
    if (fault.value && (*fault.value < columns[c].lowest || *fault.value > columns[c].highest)) {
      throw Error(fault.where, "value " + std::to_string(*fault.value) + " of input " + model.inputs[c].name,
                  std::to_string(columns[c].lowest) + ".." + std::to_string(columns[c].highest));
    }
  }
  return prepared;
}

void change_inputs(const PreparedFault& prepared, const std::vector<PoolColumn>& columns,
                   std::span<std::int32_t> words) {
  const Fault& fault = prepared.fault;
  for (const std::size_t c : prepared.columns) {
    const PoolColumn& column = columns[c];
    std::int64_t word = words[c];
    switch (fault.type) {
      case FaultType::scale_shift:
        word = scaled(word, fault.factor, column);
        break;
      case FaultType::dead_column:
        word = 0;
        break;
      case FaultType::hot_column:
        word = fault.value.value_or(column.highest);
        break;
      case FaultType::pt_truncated: {
        const std::int64_t lost = column.unit * (std::int64_t{1} << fault.bits) - 1;
        word = std::max(word & ~lost, column.lowest);
        break;
      }
      case FaultType::phi_offset:  // an absent object has no azimuth to be wrong
        if (column.momentum < 0 || words[static_cast<std::size_t>(column.momentum)] != 0)
          word = turned(word, fault.codes, column);
        break;
      default:
        break;
    }
    words[c] = static_cast<std::int32_t>(word);
  }
}

std::int64_t flip_bit(const PreparedFault& prepared, std::int64_t word) {
  const FixedPoint& type = prepared.output_type;
  std::uint64_t bits = static_cast<std::uint64_t>(word) ^ (std::uint64_t{1} << prepared.fault.bit);
  if (type.width < 64) {
    const std::uint64_t mask = (std::uint64_t{1} << type.width) - 1;
    bits &= mask;
    if (type.is_signed && (bits >> (type.width - 1)) != 0) bits |= ~mask;
  }
  return static_cast<std::int64_t>(bits);
}

}  // namespace vigil::replay
