#include "replay/scenario_faults.h"

#include <algorithm>

#include "core/lhc.h"
#include "replay/scenario_yaml.h"

namespace vigil::replay {

namespace {

FaultType read_type(const YAML::Node& node, const std::string& file) {
  StrictMap map(node, file, "fault");
  std::string name;
  map.read("type", name);
  std::string names;
  for (int i = 0; i < static_cast<int>(FaultType::count_); ++i) {
    const auto type = static_cast<FaultType>(i);
    if (to_string(type) == name) return type;
    names += (i == 0 ? "" : ", ") + std::string(to_string(type));
  }
  map.fail(map.find("type"), name.empty() ? "a fault has no type" : "fault type '" + name + "' is unknown",
           "one of " + names);
}

FaultSide default_side(FaultType type) {
  switch (type) {
    case FaultType::score_bit_flip:
    case FaultType::wrong_weights:
    case FaultType::pt_truncated:
    case FaultType::phi_offset:
    case FaultType::bx_slip:
      return FaultSide::hardware;
    default:
      return FaultSide::both;
  }
}

void read_side(StrictMap& map, Fault& fault) {
  std::string side;
  map.read("side", side);
  if (side.empty()) return;
  if (side != "hardware" && side != "both")
    map.fail(map.find("side"), "key 'side' is '" + side + "'", "hardware or both");
  fault.side = side == "hardware" ? FaultSide::hardware : FaultSide::both;
  const bool outputs = fault.type == FaultType::score_bit_flip || fault.type == FaultType::wrong_weights;
  if (outputs && fault.side == FaultSide::both) {
    map.fail(map.find("side"),
             "key 'side' is 'both' for a fault of what the hardware puts out, which an emulator cannot share",
             "hardware");
  }
}

void read_columns(StrictMap& map, Fault& fault, const char* default_pattern) {
  if (default_pattern != nullptr) fault.columns = {default_pattern};
  map.read("columns", fault.columns);
  if (fault.columns.empty())
    map.fail(map.find("columns"), "a fault of this type needs columns", "columns: input names, * allowed");
}

void read_lost_batches(StrictMap& map, Fault& fault, const Scenario& scenario) {
  map.read("every", fault.every, 1, 1u << 30);
  map.read("source", fault.source);
  if (fault.every != 0 && map.has("fraction"))
    map.fail(map.find("every"), "keys 'every' and 'fraction' are both given", "one of them");
  if (fault.every == 0 && !map.has("fraction"))
    map.fail(map.find("every"), "neither 'every' nor 'fraction' is given", "one of them");
  const auto& names = scenario.sources;
  if (!fault.source.empty() && std::find(names.begin(), names.end(), fault.source) == names.end()) {
    map.fail(map.find("source"), "key 'source' names no source of the scenario", "one such as " + names.front());
  }
}

void read_conditions(StrictMap& map, Fault& fault) {
  map.read("menu", fault.menu);
  if (map.has("prescale_column")) map.read("prescale_column", fault.prescale_column.emplace(), INT64_MIN, INT64_MAX);
  if (fault.menu.empty() && !fault.prescale_column) {
    map.fail(map.find("menu"), "neither 'menu' nor 'prescale_column' is given", "at least one of them");
  }
}

void read_keys(StrictMap& map, Fault& fault, const Scenario& scenario) {
  if (fault.changes_words()) {
    read_side(map, fault);
    if (fault.type != FaultType::wrong_weights) map.read("fraction", fault.fraction, 0, 1);
  }
  switch (fault.type) {
    case FaultType::scale_shift:
      read_columns(map, fault, nullptr);
      if (!map.has("factor")) map.fail(map.find("factor"), "scale_shift has no factor", "factor: a number");
      return map.read("factor", fault.factor, -1000, 1000);
    case FaultType::dead_column:
      return read_columns(map, fault, nullptr);
    case FaultType::hot_column:
      read_columns(map, fault, nullptr);
      if (map.has("value")) map.read("value", fault.value.emplace(), INT32_MIN, INT32_MAX);
      return;
    case FaultType::score_bit_flip:
      map.read("output", fault.output);
      map.read("word", fault.word, 0, 1u << 24);
      return map.read("bit", fault.bit, 0, 63);
    case FaultType::wrong_weights:
      return map.read("model", fault.model);
    case FaultType::pt_truncated:
      read_columns(map, fault, "*.pt");
      return map.read("bits", fault.bits, 1, 31);
    case FaultType::phi_offset:
      read_columns(map, fault, "*.phi");
      return map.read("codes", fault.codes, -10000, 10000);
    case FaultType::bx_slip:
      return;
    case FaultType::rate_change:
      if (!map.has("factor")) map.fail(map.find("factor"), "rate_change has no factor", "factor: a number");
      map.read("factor", fault.factor, 0, 1000);
      return map.read("seed", fault.seed);
    case FaultType::lost_batches:
      map.read("fraction", fault.fraction, 0, 1);
      return read_lost_batches(map, fault, scenario);
    case FaultType::menu_change:
      return read_conditions(map, fault);
    default:
      return map.read("lifetime_h", fault.lifetime_h, 0.01, 1e6);
  }
}

}  // namespace

Fault read_fault(const YAML::Node& node, const std::string& file, const Scenario& scenario) {
  Fault fault;
  fault.type = read_type(node, file);
  fault.side = default_side(fault.type);
  StrictMap map(node, file, "fault " + std::string(to_string(fault.type)));
  map.find("type");
  fault.where = map.where();
  fault.from_ls = scenario.first_ls;
  fault.to_ls = lhc::kLastLumisection;
  map.read("from_ls", fault.from_ls, 1, lhc::kLastLumisection);
  map.read("to_ls", fault.to_ls, 1, lhc::kLastLumisection);
  if (fault.to_ls < fault.from_ls) map.fail(map.find("to_ls"), "key 'to_ls' is before 'from_ls'", "from_ls or later");
  read_keys(map, fault, scenario);
  map.finish();
  return fault;
}

}  // namespace vigil::replay
