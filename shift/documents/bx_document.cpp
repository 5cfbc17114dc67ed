#include "shift/documents/bx_document.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/json_text.h"
#include "core/lhc.h"
#include "core/shown.h"
#include "shift/documents/json_values.h"

namespace vigil::shift {
namespace {

using nlohmann::ordered_json;

ordered_json span_of(const SelectedWindow& selected) {
  const alerting::RecordRow& row = selected.window.row;
  return {{"model", row.model}, {"stream", row.stream},     {"window", row.window},
          {"run", row.run},     {"first_ls", row.first_ls}, {"last_ls", row.last_ls}};
}

// Events on which hardware and emulator disagree, those that the window's summary keeps: words side by side.
ordered_json kept_events(const Summary& window) {
  ordered_json out = ordered_json::array();
  for (const KeptEvent& event : window.kept) {
    out.push_back({{"ls", event.ls},
                   {"orbit", event.orbit},
                   {"bx", event.bx},
                   {"differ", event.disagreeing},
                   {"hardware", event.hardware_outputs},
                   {"emulator", event.emulator_outputs}});
  }
  return out;
}

ordered_json value_or_null(const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(); }

// Why rates of this window say nothing: events that a trigger selected are no sample of crossings. Empty: they do.
std::string no_rates(const Outlook& outlook, const SelectedWindow& selected, const std::string& seed) {
  const alerting::RecordRow& row = selected.window.row;
  alerting::RecordFilter verdicts;
  verdicts.model = row.model;
  verdicts.stream = row.stream;
  verdicts.run = row.run;
  verdicts.first_ls = verdicts.last_ls = row.last_ls;
  verdicts.window = row.window;
  verdicts.monitor = "seed/" + seed;
  for (const alerting::RecordRow& verdict : outlook.record->rows(alerting::RecordTable::verdicts, verdicts)) {
    if (verdict.last_ls != row.last_ls) continue;
    const std::string reason = text_at(parsed_line(verdict.line), "reason");
    if (reason.find("no rates") != std::string::npos) return reason;
  }
  const ordered_json facts = parsed_line(selected.stream.facts);
  const std::string selection = text_at(facts, "selection");
  const bool is_newest = row.run == selected.stream.run && row.last_ls == selected.stream.ls;
  if (is_newest && !selection.empty() && selection != "zero_bias")
    return "selection '" + shown(selection) + "': no rates";
  return {};
}

}  // namespace

ordered_json bx_document(const Outlook& outlook, SummaryCache& summaries, const Request& request) {
  const WindowSummaries of = summaries.of(outlook, request);
  const ModelInfo& info = of.selected.model.info;
  ordered_json out = span_of(of.selected), passes = ordered_json::object(), mismatches = ordered_json::object();
  for (std::size_t i = 0; i < info.seeds.size(); ++i) passes[info.seeds[i].name] = of.window->seeds[i].passes_per_bx;
  for (std::size_t i = 0; i < info.outputs.size(); ++i) {
    mismatches[info.outputs[i].name] = of.window->outputs[i].mismatches_per_bx;
  }
  out["events"] = of.window->events_per_bx;
  out["passes"] = std::move(passes);
  out["mismatches"] = std::move(mismatches);
  out["kept"] = kept_events(*of.window);
  return out;
}

std::vector<Parameter> rate_curve_parameters() {
  std::vector<Parameter> out = selector_parameters();
  out.push_back(any_parameter("seed", "a seed"));
  out.push_back(positive_parameter("rate_hz"));
  return out;
}

ordered_json rate_curve_document(const Outlook& outlook, SummaryCache& summaries, const Request& request) {
  const std::string name = required_parameter(request, "seed", "the name of a seed");
  const WindowSummaries of = summaries.of(outlook, request);
  const ModelInfo& info = of.selected.model.info;
  std::size_t index = 0;
  while (index < info.seeds.size() && info.seeds[index].name != name) ++index;
  if (index == info.seeds.size()) not_found("seed: \"" + shown(name) + "\", expected a seed of " + shown(info.name));
  if (const std::string why = no_rates(outlook, of.selected, name); !why.empty()) not_found("seed: " + why);
  if (of.window->n_bx_own == 0) not_found("seed: no crossing inspected in this window: no rates");
  const Seed& seed = info.seeds[index];
  const Output& output = info.outputs[seed.output];
  std::optional<double> target_hz = seed.target_rate_hz;
  if (const auto text = text_parameter(request, "rate_hz")) {
    double given = 0;
    std::from_chars(text->data(), text->data() + text->size(), given);
    target_hz = given;
  }
  const RateCurve curve = outlook.rate_curve(*of.window, info, index, target_hz);
  ordered_json threshold = ordered_json::array(), value = ordered_json::array(), rate = ordered_json::array(),
               low = ordered_json::array(), high = ordered_json::array();
  for (const RatePoint& point : curve.points) {
    threshold.push_back(point.threshold);
    value.push_back(output.type.to_real(point.threshold));
    rate.push_back(point.rate_hz);
    low.push_back(point.low_hz);
    high.push_back(point.high_hz);
  }
  ordered_json out = span_of(of.selected), tie;
  if (curve.tie) {
    tie = {{"threshold", curve.tie->threshold}, {"fraction", curve.tie->fraction}, {"prescale", curve.tie->prescale}};
  }
  out["seed"] = seed.name;
  out["output"] = output.word_name(seed.word);
  out["n_bx"] = curve.n_bx;
  out["events"] = curve.events;
  out["target_rate_hz"] = value_or_null(curve.target_rate_hz);
  out["nearest"] = curve.nearest ? ordered_json(curve.nearest->threshold) : ordered_json();
  out["threshold_not_above"] = curve.threshold_not_above ? ordered_json(*curve.threshold_not_above) : ordered_json();
  out["thresholds_compatible"] = curve.target_rate_hz ? ordered_json(curve.thresholds_compatible) : ordered_json();
  out["tie"] = std::move(tie);
  out["threshold"] = std::move(threshold);
  out["value"] = std::move(value);
  out["rate_hz"] = std::move(rate);
  out["low_hz"] = std::move(low);
  out["high_hz"] = std::move(high);
  out["current_threshold"] = seed.threshold;
  out["current_rate_hz"] =
      lhc::rate_hz(static_cast<double>(of.window->seeds[index].emulator), static_cast<double>(of.window->n_bx_own));
  return out;
}

}  // namespace vigil::shift
