#include "replay/fault.h"

#include <array>

#include "core/error.h"

namespace vigil::replay {

namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(FaultType::count_)> kNames = {
    "scale_shift", "dead_column", "hot_column",  "score_bit_flip", "wrong_weights", "pt_truncated",
    "phi_offset",  "bx_slip",     "rate_change", "lost_batches",   "menu_change",   "luminosity_decay"};

// Inputs moved together by this many columns or more are a drift of the data, fewer point at a detector.
constexpr std::size_t kBroadColumns = 3;

bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (text.substr(0, star) != pattern.substr(0, star)) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t skip = star; skip <= text.size(); ++skip) {
    if (matches(rest, text.substr(skip))) return true;
  }
  return false;
}

Expectation mismatch_of(const Fault& fault, const ModelInfo& model) {
  Expectation expected{"mismatch", {"revalidate", "notify"}, {}};
  for (const Output& output : model.outputs) {
    const bool only = fault.type == FaultType::score_bit_flip && !fault.output.empty();
    if (!only || fault.output == output.name) expected.monitors.push_back("mismatch/" + output.name);
  }
  return expected;
}

Expectation drift_of(const Fault& fault, const ModelInfo& model) {
  const std::vector<std::size_t> columns = match_columns(fault.columns, model, fault.where);
  const bool broad = columns.size() >= kBroadColumns;
  Expectation expected{broad ? "conditions" : "input", {broad ? "retrain" : "notify"}, {}};
  for (const std::size_t c : columns) expected.monitors.push_back("input/" + model.inputs[c].name);
  return expected;
}

}  // namespace

std::string_view to_string(FaultType type) {
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : "?";
}

Expectation expectation_of(const Fault& fault, const ModelInfo& model) {
  switch (fault.type) {
    case FaultType::scale_shift:
    case FaultType::dead_column:
    case FaultType::hot_column:
    case FaultType::pt_truncated:
      return fault.side == FaultSide::hardware ? mismatch_of(fault, model) : drift_of(fault, model);
    case FaultType::phi_offset:  // one code of a flat azimuth: nothing moves when both sides see it
    case FaultType::bx_slip:     // another crossing's event is an event like any other
      return fault.side == FaultSide::hardware ? mismatch_of(fault, model) : Expectation{};
    case FaultType::score_bit_flip:
    case FaultType::wrong_weights:
      return mismatch_of(fault, model);
    case FaultType::rate_change: {
      Expectation expected{"rate", {"threshold-adjust"}, {}};
      for (const Seed& seed : model.seeds) {
        if (fault.seed.empty() || fault.seed == seed.name) {
          expected.monitors.push_back("seed/" + seed.name);
          break;
        }
      }
      return expected;
    }
    default:
      return {};
  }
}

std::vector<std::size_t> match_columns(const std::vector<std::string>& patterns, const ModelInfo& model,
                                       const std::string& where) {
  std::vector<bool> taken(model.inputs.size(), false);
  for (const std::string& pattern : patterns) {
    bool any = false;
    for (std::size_t c = 0; c < model.inputs.size(); ++c) {
      if (!matches(pattern, model.inputs[c].name)) continue;
      any = true;
      taken[c] = true;
    }
    if (!any) {
      const std::string example = model.inputs.empty() ? "none" : model.inputs.front().name;
      throw Error(where, "'" + pattern + "' names no input of model " + model.name, "input names such as " + example);
    }
  }
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < taken.size(); ++c) {
    if (taken[c]) columns.push_back(c);
  }
  return columns;
}

}  // namespace vigil::replay
