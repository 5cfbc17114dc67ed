#include "replay/scenario_truth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace vigil::replay {

namespace {

using nlohmann::ordered_json;

ordered_json parameters_of(const Fault& fault) {
  ordered_json p = ordered_json::object();
  if (!fault.columns.empty()) p["columns"] = fault.columns;
  switch (fault.type) {
    case FaultType::scale_shift:
      p["factor"] = fault.factor;
      break;
    case FaultType::hot_column:
      if (fault.value) p["value"] = *fault.value;
      break;
    case FaultType::score_bit_flip:
      p["output"] = fault.output;
      p["word"] = fault.word;
      p["bit"] = fault.bit;
      break;
    case FaultType::pt_truncated:
      p["bits"] = fault.bits;
      break;
    case FaultType::phi_offset:
      p["codes"] = fault.codes;
      break;
    case FaultType::rate_change:
      p["factor"] = fault.factor;
      p["seed"] = fault.seed;
      break;
    case FaultType::lost_batches:
      if (!fault.source.empty()) p["source"] = fault.source;
      if (fault.every != 0) p["every"] = fault.every;
      break;
    case FaultType::menu_change:
      if (!fault.menu.empty()) p["menu"] = fault.menu;
      if (fault.prescale_column) p["prescale_column"] = *fault.prescale_column;
      break;
    case FaultType::luminosity_decay:
      p["lifetime_h"] = fault.lifetime_h;
      break;
    default:
      break;
  }
  if (fault.fraction < 1) p["fraction"] = fault.fraction;
  return p;
}

}  // namespace

std::string truth_line(const Scenario& scenario, std::size_t index, const Fault& fault, const ModelInfo& model) {
  const Expectation expected = expectation_of(fault, model);
  ordered_json line;
  line["type"] = "fault";
  line["index"] = index;
  line["fault"] = to_string(fault.type);
  line["model"] = model.name;
  line["stream"] = scenario.stream;
  line["run"] = scenario.run;
  line["from_ls"] = fault.from_ls;
  line["to_ls"] = std::min(fault.to_ls, scenario.first_ls + scenario.lumisections - 1);
  if (fault.changes_words()) line["side"] = fault.side == FaultSide::hardware ? "hardware" : "both";
  line["parameters"] = parameters_of(fault);
  line["expected"] = {{"cause", expected.cause.empty() ? ordered_json() : ordered_json(expected.cause)},
                      {"actions", expected.actions},
                      {"monitors", expected.monitors}};
  return line.dump();
}

std::string truth_line(const Scenario& scenario, const LumisectionTruth& truth) {
  ordered_json line;
  line["type"] = "lumisection";
  line["stream"] = scenario.stream;
  line["run"] = scenario.run;
  line["ls"] = truth.ls;
  line["luminosity"] = truth.luminosity;
  line["pileup"] = truth.pileup;
  line["events"] = truth.events;
  line["n_bx"] = truth.n_bx;
  line["batches"] = truth.batches;
  line["lost_events"] = truth.lost_events;
  line["lost_batches"] = truth.lost_batches;
  line["mismatched_events"] = truth.mismatched_events;
  line["faults"] = truth.faults;
  return line.dump();
}

}  // namespace vigil::replay
